"""A circuit that is saved, loaded, copied or pickled goes on as it would have, and nothing in a file is executed."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.description.fingerprint import fingerprint
from recircuit.circuits.saving.arrays import packed, unpacked
from recircuit.circuits.saving.description import REST
from recircuit.circuits.state.moment import same_bits
from recircuit.errors import RecircuitError


def digits_like() -> rc.Dataset:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(31, 6)), rng.integers(0, 3, 31)
    return rc.Dataset.from_arrays("some", x[:20], y[:20], x[20:], y[20:], classes=3)


def plain(**options) -> rc.Circuit:
    rule = rc.urfb.with_momentum(0.5).with_rate_decay(0.01)
    return rc.layered([6, 5, 3], rule, tau=3 * ms, settling=2.0, batch_size=4, seed=2, **options)


def pooled() -> rc.Circuit:
    """Return a circuit with all kinds of connectivity, a transpose, a broadcast, a constant, noise, and drawn states."""
    net = rc.Circuit(batch_size=2, seed=5, precision="float32")
    rule = rc.Rule(
        "kept",
        source="here",
        forward="m += .1*x_pre*x_post*loss\ndw = rate*m + .1*randn()",
        state=("m",),
        parameters={"rate": 0.1},
        broadcasts=("loss",),
    )
    x = net.stimulus("x", 32, during="on")
    c = net.population("c", 48, rc.pyramidal(transfer="tanh"))
    p = net.population("p", 12, rc.pyramidal(transfer="relu"))
    o = net.population(
        "o", 4, rc.Neuron("basal : 1 (compartment)\nrate = basal + .1*randn() : 1 (during on)\nerror = rate : 1")
    )
    one, total = (
        net.constant("one", 1, 0.5),
        net.population("total", 1, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1")),
    )
    net.connect(o, total, weights=1.0)
    net.broadcast(total, "loss", during="on")
    up = net.connect(
        x, c, connectivity=rc.Local((2, 4, 4), 3, 3), rule=rule.forward, states={"m": rc.normal(0.1)}, learns="off"
    )
    net.connect(c, p, connectivity=rc.MaxPool((3, 4, 4), 2))
    net.connect(p, o, connectivity=rc.Masked(0.7), weights=rc.normal(), rule=rc.urfb.forward, learns="off")
    net.connect(one, o, weights=np.arange(4.0)[:, None])
    echo = net.population("echo", 32, rc.pyramidal())
    net.connect(c, echo, weights=up.elsewhere(flipped=True), during="off")
    traced = rc.Rule("traced", source="here", forward="el = .5*el + x_pre\ndw = .1*el*x_post", traces=("el",))
    slow = "basal : 1 (compartment)\nrate = basal - mean : 1\nmean = .9*mean + .1*basal : 1 (shared, during on)"
    net.connect(p, net.population("slow", 3, rc.Neuron(slow)), rule=traced.forward, learns="off")
    net.phases("on", 3 * ms, "off", 1 * ms)
    return net


def assert_same(a: rc.Circuit, b: rc.Circuit) -> None:
    assert fingerprint(a) == fingerprint(b) and a.epoch == b.epoch
    first, second = a.moment(), b.moment()
    assert first.state.keys() == second.state.keys()
    assert [k for k in first.state if not same_bits(first.state[k], second.state[k])] == []
    assert np.array_equal(first.noise.content, second.noise.content)  # pyright: ignore[reportOptionalMemberAccess]


def through_file(net: rc.Circuit, folder: Path) -> rc.Circuit:
    net.save(folder / "net")
    return rc.Circuit.load(folder / "net")


WAYS = {
    "file": through_file,
    "pickle": lambda net, _: pickle.loads(pickle.dumps(net)),
    "deepcopy": lambda net, _: copy.deepcopy(net),
    "copy": lambda net, _: copy.copy(net),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_circuit_goes_on_and_resets_as_the_first_does(way: str, tmp_path: Path) -> None:
    net, data = plain(), digits_like()
    rc.train(net, data, 2, backend="numpy")
    net["h1.tau"], net["x_to_h1.rate"] = 4 * ms, 0.05
    other = WAYS[way](net, tmp_path)
    assert_same(net, other)
    for each in (net, other):
        rc.train(each, data, 2, backend="numpy")
    assert_same(net, other)
    for each in (net, other):
        each.reset()
    assert_same(net, other)
    other["x_to_h1.w"] = 0
    assert np.any(net["x_to_h1.w"] != 0)


@pytest.mark.parametrize("way", ["file", "deepcopy"])
def test_every_kind_of_declaration_is_kept(way: str, tmp_path: Path) -> None:
    net, x = pooled(), np.random.default_rng(1).normal(size=(6, 32))
    net.run(x, 4)
    other = WAYS[way](net, tmp_path)
    for each in (net, other):
        each.run(x, 5)
    assert_same(net, other)
    for each in (net, other):
        each.reset()
        each.run(x, 3)
    assert_same(net, other)


@pytest.mark.parametrize("loss", ["hinge", "softmax", "mse"])
def test_every_output_circuit_is_kept(loss: str, tmp_path: Path) -> None:
    net, data = plain(loss=loss), digits_like()
    assert through_file(net, tmp_path).evaluate(data).loss == net.evaluate(data).loss


def changed(path: Path, old: str, new: str) -> Path:
    text, arrays = unpacked(path.read_bytes(), "here", "circuit")
    assert old in text
    json.loads(text.replace(old, new))
    path.write_bytes(packed(arrays, text.replace(old, new)))
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"circuit": 3',
            '"circuit": 1',
            "in format 1 of circuit files, and this version of recircuit reads format 3 only",
        ),
        (
            '"circuit": 3',
            '"circuit": 2',
            "in format 2 of circuit files, and this version of recircuit reads format 3 only",
        ),
        ('"circuit": 3', '"other": 3', "does not hold a circuit"),
        ("clip(basal", "__import__('os')(basal", "__import__|cannot"),
        ("error_post*x_pre", "error_post*open_pre", "open"),
        ('"x_to_h1"', '"x;y"', "a name is a word"),
        ('"into": "basal"', '"into": "b;"', "no compartment"),
        ('"is": "During"', '"is": "Popen"', "no connectivity|Popen"),
        ('"lowering": "dense"', '"lowering": "other"', "lowering"),
        ('"sends": "rate"', '"sends": "rate", "run": 3', "does not know"),
        ('"rest": {', '"rest": {"run": 3, ', "does not know"),
    ],
)
def test_what_a_file_says_passes_the_checks_of_declarations(old: str, new: str, message: str, tmp_path: Path) -> None:
    plain().save(tmp_path / "net")
    with pytest.raises(RecircuitError, match=message):
        rc.Circuit.load(changed(tmp_path / "net", old, new))


ODD = (None, -1, "odd", [], [1], {}, True)


#: Values that would have a program use memory of other arrays, or wait for ever.
OUTSIDE = {
    "p.basal_c_argmax": 10**6,
    "c_to_p.tap_pixels": 2**30,
    "x_to_c.where": -7,
    "clock.timestep": -1,
}


@pytest.mark.parametrize("key", OUTSIDE)
@pytest.mark.parametrize("beginning", ["state ", "set "])
def test_positions_that_do_not_exist_are_refused(key: str, beginning: str, tmp_path: Path) -> None:
    net = pooled()
    value = np.full_like(net[key], OUTSIDE[key])
    with pytest.raises(RecircuitError, match=key):
        net[key] = value
    net.save(tmp_path / "net")
    text, arrays = unpacked((tmp_path / "net").read_bytes(), "net", "circuit")
    (tmp_path / "net").write_bytes(packed(arrays | {f"{beginning}{key}": value}, text))
    with pytest.raises(RecircuitError, match=f"net is damaged: .*{key}"):
        rc.Circuit.load(tmp_path / "net")


@pytest.mark.parametrize(
    "noise", [np.zeros(2512, np.uint8), np.ones(2512, np.uint8), np.ones(3, np.uint8), np.ones(2512)]
)
def test_random_numbers_that_no_generator_draws_are_refused(noise: np.ndarray, tmp_path: Path) -> None:
    plain().save(tmp_path / "net")
    text, arrays = unpacked((tmp_path / "net").read_bytes(), "net", "circuit")
    (tmp_path / "net").write_bytes(packed(arrays | {"noise mersenne": noise}, text))
    with pytest.raises(RecircuitError, match="is no state of a generator of the kind 'mersenne'"):
        rc.Circuit.load(tmp_path / "net")


@pytest.mark.parametrize("odd", ODD)
def test_a_part_of_another_kind_is_refused_in_words(odd: object, tmp_path: Path) -> None:
    """A value anywhere in the description is replaced; every fifth one is tried in turn, since a circuit is made for each."""
    plain().save(tmp_path / "net")
    text, arrays = unpacked((tmp_path / "net").read_bytes(), "here", "circuit")
    everywhere = list(places(json.loads(text)["description"]))
    for steps in [*everywhere[ODD.index(odd) % 5 :: 5], *(("rest", name) for name in REST)]:
        contents = json.loads(text)
        within = contents["description"]
        for step in steps[:-1]:
            within = within[step]
        within[steps[-1]] = odd
        (tmp_path / "odd").write_bytes(packed(arrays, json.dumps(contents)))
        with suppress(RecircuitError):
            net = rc.Circuit.load(tmp_path / "odd")
            net.explain()
            net.program("interpreter")


def places(data: object, steps: tuple = ()) -> Iterator[tuple]:
    """Yield the places of the values of a description."""
    for step, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*steps, step)
        yield from places(value, (*steps, step))


def test_files_that_hold_no_circuit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "damaged").write_bytes(b"no safetensors")
    with pytest.raises(RecircuitError, match="damaged"):
        rc.Circuit.load(tmp_path / "damaged")
    with pytest.raises(RecircuitError, match="Cannot read"):
        rc.Circuit.load(tmp_path / "absent")
    net = plain()
    rc.train(net, digits_like(), backend="numpy", out=tmp_path)
    with pytest.raises(RecircuitError, match="does not hold a circuit"):
        rc.Circuit.load(tmp_path / "weights.safetensors")


# ---- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["hinge", "softmax", "mse"])
def test_answers_equal_an_independent_forward_pass(loss: str) -> None:
    net, data = (
        rc.layered([6, 5, 3], "urfb", loss=loss, transfer="tanh", batch_size=4, seed=2, precision="float64"),
        digits_like(),
    )
    rc.train(net, data, 2, backend="numpy")
    before = net.moment()
    fields = net["h1_to_o.w"] @ np.tanh(net["x_to_h1.w"] @ data.x_test.T.astype(float))
    np.testing.assert_allclose(net.outputs(data), fields.T, atol=1e-12)
    np.testing.assert_array_equal(net.predict(data.x_test), fields.argmax(0))
    np.testing.assert_allclose(
        net.outputs({"x": data.x_test}, read="h1.rate"), np.tanh(net["x_to_h1.w"] @ data.x_test.T).T, atol=1e-7
    )
    contents = net.evaluate((data.x_test, data.y_test))
    assert contents.error == np.mean(fields.argmax(0) != data.y_test) and contents.confusion.sum() == data.n_test
    assert contents.confusion[data.y_test[0], fields.argmax(0)[0]] > 0
    signs = np.where(np.arange(3)[:, None] == data.y_test, 1, -1)
    softmax = -np.log(np.exp(fields)[data.y_test, np.arange(11)] / np.exp(fields).sum(0))
    answers = {"mse": 0.5 * (((signs > 0) - fields) ** 2).sum(0), "softmax": softmax}
    hinge = (np.maximum(0, 1 - signs * fields) * np.where(signs > 0, 1, 0.1)).sum(0)
    assert contents.loss == pytest.approx(answers.get(loss, hinge).mean())
    after = net.moment()
    assert [k for k in after.state if not same_bits(after.state[k], before.state[k])] == []


def test_what_cannot_be_answered_is_refused() -> None:
    net = plain()
    with pytest.raises(RecircuitError, match="6 units, so that .* whose rows have 5 values"):
        net.predict(np.zeros((2, 5)))
    with pytest.raises(RecircuitError, match="expected 2 labels, whole numbers from 0 to 2"):
        net.evaluate((np.zeros((2, 6)), [0, 3]))
    with pytest.raises(RecircuitError, match="data set, or a pair"):
        net.evaluate(3)
    with pytest.raises(RecircuitError, match="none were given for"):
        net.predict({})


@pytest.mark.parametrize(
    "output",
    [
        rc.HingeOutput(M=50.0, mu=0.2, tau=2 * ms, tau_t=1 * ms, repair="hysteresis", companions=("u", "v")),
        rc.SoftmaxOutput(tau=2 * ms, companions=("u", "v"), appraised=True),
        rc.SoftmaxOutput(largest="m"),
        rc.SquaredOutput(tau=2 * ms),
    ],
    ids=["hinge", "softmax", "softmax of any size", "squares"],
)
def test_an_output_circuit_is_what_it_was(output: rc.OutputCircuit, tmp_path: Path) -> None:
    net = rc.Circuit()
    net.connect(net.stimulus("x", 2), net.population("o", 3, output))
    net.phases("feedforward", 1 * ms, "error", 9 * ms)
    net.save(tmp_path / "circuit")
    assert rc.Circuit.load(tmp_path / "circuit").outputs_of == {"o": output}


class Harder(rc.HingeOutput):
    """An output circuit of a user's own, with the loss of another."""


def test_an_output_circuit_that_is_not_registered_is_not_saved_as_another(tmp_path: Path) -> None:
    net = rc.Circuit()
    net.population("o", 2, Harder())
    net.phases("feedforward", 1 * ms, "error", 4 * ms)
    with pytest.raises(RecircuitError, match="cannot be saved.*output circuits that are registered"):
        net.save(tmp_path / "net.safetensors")
