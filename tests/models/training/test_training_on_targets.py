"""Circuits that are trained on real values and on series, beside plain NumPy; forms of data; names of classes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.models.training.order import epoch_order

RNG = np.random.default_rng(0)
W = RNG.normal(size=(2, 3))
X = RNG.normal(size=(50, 3))
Y = X @ W.T + 0.1 * RNG.normal(size=(50, 2))
SERIES = RNG.normal(size=(23, 5, 3))
WANTED = np.cumsum(SERIES @ W.T, axis=1)
LENGTHS = RNG.integers(1, 6, 23)
RAGGED = [s[:n] for s, n in zip(SERIES, LENGTHS, strict=True)], [w[:n] for w, n in zip(WANTED, LENGTHS, strict=True)]
NAMES = np.array(["cat", "dog", "owl"])

DELTA = rc.Rule("delta", source="Widrow and Hoff 1960", forward="dw = .05*delta_post*rate_pre")
OUTPUT = rc.Neuron("""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate    = basal : 1
    delta   = teacher - basal : 1
""")


def readout(batch_size: int = 4, units: int = 2, **series: object) -> rc.Circuit:
    """Return a circuit with a linear readout; of series it learns at every step."""
    net = rc.Circuit(batch_size=batch_size, seed=3)
    x, y = net.stimulus("x", 3, **series), net.target("y", units, **series)
    o = net.population("o", units, OUTPUT)
    net.connect(x, o, rule=DELTA, weights=0.0)
    net.connect(y, o, into="teacher", weights=1.0, connectivity=rc.OneToOne())
    return net


def single() -> rc.Circuit:
    net = readout()
    net.phases("feedforward", 2 * ms, "plasticity", 1 * ms)
    return net


def in_series(length: int = 10, every: int = 2) -> rc.Circuit:
    net = readout(every=every * ms)
    net.phases("trial", length * ms)
    return net


def split(net: rc.Circuit, count: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the samples that are trained on, and those that are kept apart."""
    mixed = np.random.default_rng([net.seed, count]).permutation(count)
    kept = count - round(share * count)
    return np.sort(mixed[:kept]), np.sort(mixed[kept:])


def test_a_target_of_one_value_is_the_delta_rule() -> None:
    net = single()
    history = rc.train(net, (X, Y), 3, validation=0.2, backend="numpy", progress=False)
    train, apart = split(net, 50, 0.2)
    w, errors = np.zeros((2, 3)), []
    for epoch in (1, 2, 3):
        squares = []
        for rows in epoch_order(len(train), 4, net.seed, epoch):
            x, y = X[train[rows[rows >= 0]]], Y[train[rows[rows >= 0]]]
            squares.append((x @ w.T - y) ** 2)
            w += 0.05 * (y - x @ w.T).T @ x / len(x)
        errors.append([np.concatenate(squares).mean(), ((X[apart] @ w.T - Y[apart]) ** 2).mean()])
    assert np.abs(net["x_to_o.w"] - w).max() < 1e-12
    assert np.allclose(np.stack([history["train_mse"], history["validation_mse"]], 1), errors, rtol=1e-12)
    assert not [name for name in history.names if name.endswith("error")]
    assert np.allclose(net.outputs(X), X @ w.T) and np.allclose(net.predict(X), X @ w.T)
    result = net.evaluate((X, Y))
    assert result.mse == pytest.approx(((X @ w.T - Y) ** 2).mean()) and np.isnan(result.error)


def trained_in_numpy(net: rc.Circuit, epochs: int, train: np.ndarray, apart: np.ndarray) -> tuple[np.ndarray, list]:
    """Train in NumPy on series of different lengths, with a row every two steps, and a weight change in every step."""
    w, errors = np.zeros((2, 3)), []
    for epoch in range(1, epochs + 1):
        squares = []
        for rows in epoch_order(len(train), 4, net.seed, epoch):
            shown = train[rows[rows >= 0]]
            for step in range(10):
                row = step // 2
                there = (row < LENGTHS[shown])[:, None]
                x, y = SERIES[shown, row] * there, WANTED[shown, row] * there
                if step % 2:
                    squares.append(((x @ w.T - y) ** 2)[there[:, 0]])
                w += 0.05 * (y - x @ w.T).T @ x / len(shown)
        tested = [(s @ w.T - t) ** 2 for s, t in ((RAGGED[0][k], RAGGED[1][k]) for k in apart)]
        errors.append([np.concatenate(squares).mean(), np.concatenate(tested).mean()])
    return w, errors


@pytest.mark.parametrize("backend", ["numpy", pytest.param("cpp", marks=pytest.mark.cpp)])
def test_series_of_different_lengths(backend: str) -> None:
    net = in_series()
    history = rc.train(net, RAGGED, 2, validation=0.25, backend=backend, progress=False)
    train, apart = split(net, 23, 0.25)
    w, errors = trained_in_numpy(net, 2, train, apart)
    assert np.abs(net["x_to_o.w"] - w).max() < 1e-12
    assert np.allclose(np.stack([history["train_mse"], history["validation_mse"]], 1), errors, rtol=1e-12)
    answers = net.outputs(RAGGED[0])
    assert isinstance(answers, np.ma.MaskedArray) and answers.shape == (23, 5, 2)
    assert (np.ma.getmaskarray(answers) == (np.arange(5) >= LENGTHS[:, None])[:, :, None]).all()
    assert np.abs(answers - SERIES @ w.T).max() < 1e-12
    difference = answers - np.ma.masked_array(WANTED, np.ma.getmaskarray(answers))
    assert net.evaluate(RAGGED).mse == pytest.approx((difference**2).mean(), rel=1e-12)


def test_a_masked_array_is_a_list_of_different_lengths() -> None:
    mask = np.broadcast_to((np.arange(5) >= LENGTHS[:, None])[:, :, None], SERIES.shape)
    nets = in_series(), in_series()
    rc.train(nets[0], RAGGED, backend="numpy", progress=False)
    masked = np.ma.masked_array(SERIES, mask), np.ma.masked_array(WANTED, mask[:, :, :2])
    history = rc.train(nets[1], masked, backend="numpy", progress=False)
    assert np.array_equal(nets[0]["x_to_o.w"], nets[1]["x_to_o.w"])
    assert history["train_mse"][0] > 0


def test_the_answers_to_series_are_series() -> None:
    net = in_series(10)
    rc.train(net, (SERIES, WANTED), backend="numpy", progress=False)
    w = net["x_to_o.w"]
    assert np.abs(net.outputs(SERIES) - SERIES @ w.T).max() < 1e-12
    assert np.abs(net.predict(SERIES) - SERIES @ w.T).max() < 1e-12
    assert np.abs(net.outputs(SERIES, rows="last") - SERIES[:, -1] @ w.T).max() < 1e-12
    assert np.array_equal(net.outputs(SERIES, read="x.rate"), SERIES)
    with pytest.raises(rc.RecircuitError, match="expected 'all' or 'last'; got 'first'"):
        net.outputs(SERIES, rows="first")
    with pytest.raises(rc.RecircuitError, match="targets for 3"):
        net.evaluate((SERIES, WANTED[:3]))


def test_condensed_presentations_have_all_their_answers() -> None:
    """A phase of more than some thousand equal steps is listed as one step that is repeated."""
    net = in_series(6000, 1500)
    series, wanted = SERIES[:4, :4], WANTED[:4, :4]
    assert np.abs(net.outputs(series)).max() == 0
    net["x_to_o.w"] = W
    assert np.abs(net.outputs(series) - series @ W.T).max() < 1e-12
    assert np.isclose(net.evaluate((series, wanted)).mse, ((series @ W.T - wanted) ** 2).mean())
    plain = readout()
    plain.phases("feedforward", 5000 * ms, "plasticity", 1 * ms)
    plain["x_to_o.w"] = W
    assert np.allclose(plain.outputs(X[:4]), X[:4] @ W.T)


def test_with_labels_the_answer_to_a_series_is_its_last() -> None:
    net = rc.Circuit(batch_size=5)
    x, s = net.stimulus("x", 3, every=1 * ms, during="feedforward"), net.supervisor("s", 2)
    o = net.population("o", 2, OUTPUT)
    net.connect(x, o, weights=W, rule=DELTA)
    net.connect(s, o, into="teacher", weights=1.0, connectivity=rc.OneToOne())
    net.phases("feedforward", 5 * ms, "plasticity", 1 * ms)
    answers = SERIES @ W.T
    assert np.allclose(net.outputs(SERIES), answers[:, -1])
    assert np.allclose(net.outputs(SERIES, rows="all"), answers)
    labels = answers[:, -1].argmax(axis=1)
    assert np.array_equal(net.predict(SERIES), labels) and net.evaluate((SERIES, labels)).error == 0
    assert rc.train(net, (SERIES, labels), backend="numpy", progress=False)["train_error"].shape == (1,)


def test_series_that_evaluations_leave_out_are_refused() -> None:
    net = rc.Circuit()
    x, y = net.stimulus("x", 3, every=1 * ms), net.target("y", 2, every=1 * ms, during="learn")
    o = net.population("o", 2, OUTPUT)
    net.connect(x, o, weights=W)
    net.connect(y, o, into="teacher", weights=1.0, connectivity=rc.OneToOne(), during="learn")
    net.phases("feedforward", 2 * ms, "learn", 3 * ms)
    with pytest.raises(rc.RecircuitError, match="evaluation='learn'"):
        net.outputs(SERIES)


def test_in_a_circuit_of_several_modes_the_first_is_evaluated() -> None:
    net = single()
    other = readout()
    other.phases("feedforward", 2 * ms, "plasticity", 1 * ms, mode="wake")
    other.phases("dark", 5 * ms, mode="sleep")
    histories = [rc.train(each, (X, Y), 2, backend="numpy", progress=False) for each in (net, other)]
    assert histories[0]["train_mse"].tolist() == histories[1]["train_mse"].tolist()
    assert np.array_equal(net.outputs(X), other.outputs(X))


def test_a_stream_is_not_trained() -> None:
    net = readout(every=1 * ms)
    with pytest.raises(rc.RecircuitError, match="has no phases and just runs"):
        rc.train(net, (SERIES, WANTED), backend="numpy")
    with pytest.raises(rc.RecircuitError, match="has no phases and just runs"):
        net.outputs(SERIES)


def test_early_stopping_looks_at_the_validation_samples() -> None:
    net = single()
    stop = rc.EarlyStopping(patience=2)
    noise = RNG.normal(size=Y.shape)
    history = rc.train(net, (X, noise), 60, validation=0.4, callbacks=stop, backend="numpy", progress=False)
    assert len(history) < 60
    assert stop.best == history["validation_mse"].min() and history.kept_epoch == stop.best_epoch
    _, apart = split(net, 50, 0.4)
    assert net.evaluate((X[apart], noise[apart])).mse == pytest.approx(stop.best)


def test_test_samples_come_as_a_second_pair() -> None:
    net, alone = single(), single()
    history = rc.train(net, ((X[:40], Y[:40]), (X[40:], Y[40:])), 2, backend="numpy", progress=False)
    rc.train(alone, (X[:40], Y[:40]), 2, backend="numpy", progress=False)
    assert np.array_equal(net["x_to_o.w"], alone["x_to_o.w"])
    assert history.test_mse == history["test_mse"][-1] == net.evaluate((X[40:], Y[40:])).mse
    assert "test" in repr(history)
    named = classifier()
    result = rc.train(
        named, ((POINTS, NAMES[LABELS]), (POINTS[:9], NAMES[LABELS[:9]])), backend="numpy", progress=False
    )
    assert result.test_error == named.evaluate((POINTS[:9], NAMES[LABELS[:9]])).error


def test_a_history_of_targets_is_drawn_and_printed() -> None:
    net = single()
    history = rc.train(net, (X, Y), 2, validation=0.2, backend="numpy", progress=False)
    axes = history.plot().axes[0]
    assert axes.get_ylabel() == "mean squared error" and len(axes.lines) == 2
    assert (
        "validation" in repr(history)
        and "error" not in repr(history).replace("mean squared error", "")
        and np.isnan(history.test_error)
    )


# ---- forms of data ---------------------------------------------------------------------------------------------------


def in_parts(x: np.ndarray, y: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for begin in range(0, len(x), size):
        yield x[begin : begin + size], y[begin : begin + size]


def test_tables_and_iterators_are_data() -> None:
    import pandas

    frames = pandas.DataFrame(X, columns=list("abc")), pandas.DataFrame(Y, columns=["u", "v"])
    forms = [(X, Y), frames, (X.tolist(), Y.tolist()), ({"x": X}, Y), ({"x": X, "y": Y}, None), in_parts(X, Y, 20)]
    forms += [iter(zip(X, Y, strict=True)), in_parts(X, Y, 1)]
    nets = [single() for _ in forms]
    columns = [
        rc.train(n, form, backend="numpy", progress=False)["train_mse"] for n, form in zip(nets, forms, strict=True)
    ]
    for net, column in zip(nets, columns, strict=True):
        assert np.array_equal(net["x_to_o.w"], nets[0]["x_to_o.w"]) and np.array_equal(column, columns[0])
    assert nets[0].evaluate(in_parts(X, Y, 7)).mse == nets[0].evaluate(frames).mse
    assert np.array_equal(nets[0].outputs(x for x, _ in in_parts(X, Y, 7)), nets[0].outputs(frames[0]))


def test_series_come_from_iterators_too() -> None:
    nets = in_series(), in_series()
    rc.train(nets[0], (SERIES, WANTED), backend="numpy", progress=False)
    rc.train(nets[1], zip(SERIES, WANTED, strict=True), validation=None, backend="numpy", progress=False)
    assert np.array_equal(nets[0]["x_to_o.w"], nets[1]["x_to_o.w"])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (iter([]), "yields one pair"),
        (iter([(X[:3], Y[:3]), (X[:3], None)]), "2 x, and 1 y"),
        (iter([(X[:3], Y[:3]), (X[:3, :2], Y[:3])]), "yields samples of the shapes"),
        ([X, Y[:, 0]], "is a tuple"),
        ((X[None], Y), "different numbers of rows|have 150 values"),
    ],
)
def test_what_is_no_data_is_refused(data: object, message: str) -> None:
    with pytest.raises(rc.RecircuitError, match=message):
        rc.train(single(), data, backend="numpy", progress=False)


def test_one_series_for_all_elements_is_no_sample() -> None:
    with pytest.raises(rc.RecircuitError, match="one series that all batch elements share"):
        rc.train(in_series(), (SERIES[0], WANTED[0]), backend="numpy", progress=False)


def test_nothing_is_wanted_of_a_circuit_without_supervision() -> None:
    oja = rc.Rule("oja", source="Oja 1982", forward="dw = .01*x_post*(x_pre - w*x_post)")
    x32, classes = X.astype(np.float32), np.arange(50) % 2
    labelled = rc.Dataset.from_arrays("data", x32, classes, x32[:5], classes[:5])
    nets, weights = [], []
    for data in (x32, labelled, (x for x in x32)):
        net = rc.Circuit(batch_size=5)
        h = net.population("h", 2, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1"))
        net.connect(net.stimulus("x", 3), h, rule=oja, weights=rc.normal(0.3))
        net.phases("feedforward", 2 * ms, "plasticity", 1 * ms)
        history = rc.train(net, data, 2, validation=0.2, backend="numpy", progress=False)
        assert history.names == ["epoch", "seconds", "presentations_per_second"] and np.isnan(history.test_error)
        nets.append(net)
        weights.append(net["x_to_h.w"])
    assert np.array_equal(weights[0], weights[1]) and np.array_equal(weights[0], weights[2])
    assert nets[0].outputs(X, output="h").shape == (50, 2)


# ---- classes ---------------------------------------------------------------------------------------------------------

CENTRES = RNG.normal(size=(3, 5))
LABELS = RNG.integers(0, 3, 60)
POINTS = CENTRES[LABELS] + 0.3 * RNG.normal(size=(60, 5))


def classifier() -> rc.Circuit:
    return rc.layered([5, 8, 3], "urfb", batch_size=10, precision="float64", seed=1)


def test_one_hot_labels_and_labels_are_measured_alike() -> None:
    columns = [
        rc.train(classifier(), (POINTS, y), 2, backend="numpy", progress=False)["train_error"].tolist()
        for y in (LABELS, np.eye(3)[LABELS], LABELS.astype(float), LABELS[:, None])
    ]
    assert all(column == columns[0] for column in columns)


def test_a_circuit_answers_by_the_names_that_it_was_trained_with(tmp_path: Path) -> None:
    named, numbered = classifier(), classifier()
    rc.train(named, (POINTS, NAMES[LABELS]), 3, backend="numpy", progress=False)
    rc.train(numbered, (POINTS, LABELS), 3, backend="numpy", progress=False)
    assert np.array_equal(named.predict(POINTS), NAMES[numbered.predict(POINTS)])
    result, expected = named.evaluate((POINTS, NAMES[LABELS])), numbered.evaluate((POINTS, LABELS))
    assert result.error == expected.error == named.evaluate((POINTS, LABELS)).error
    assert np.array_equal(result.confusion, expected.confusion) and np.array_equal(
        result.answers, NAMES[expected.answers]
    )
    named.save(tmp_path / "named.safetensors")
    assert rc.Circuit.load(tmp_path / "named.safetensors").predict(POINTS).tolist() == named.predict(POINTS).tolist()
    with pytest.raises(rc.RecircuitError, match="the class 'cow' is not among"):
        named.evaluate((POINTS, ["cow"] * 60))
    named.reset()
    assert named.classes is None and named.predict(POINTS).dtype.kind == "i"


def test_later_data_without_some_of_the_classes_keep_the_units_of_the_others() -> None:
    named, numbered = classifier(), classifier()
    some = LABELS > 0
    for net, y in ((named, NAMES[LABELS]), (numbered, LABELS)):
        rc.train(net, (POINTS, y), backend="numpy", progress=False)
        rc.train(net, (POINTS[some], y[some]), backend="numpy", progress=False)
    assert np.array_equal(named["x_to_h1.w"], numbered["x_to_h1.w"])
