"""Random backpropagation and its family: circuits against a reference written from the paper, and what they claim.

Baldi, Sadowski and Lu 2018, *Learning in the Machine*; the reference is `reference.baldi`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference import baldi

from recircuit.circuits import Circuit
from recircuit.circuits.lowering.equations.one_sided import one_sided
from recircuit.errors import RecircuitError, UsageError
from recircuit.models.analysis.weight_alignment import alignment
from recircuit.models.networks.random_backpropagation import ALGORITHMS, Variant, random_backpropagation

EXACT = 1e-12
SIZES = (6, 5, 4, 4, 3)
LAYERS = ("x", "h1", "h2", "h3", "o")

VARIANTS: dict[str, Variant] = {
    **{name: Variant(name) for name in ALGORITHMS},
    **{f"{name}, no f'": Variant(name, derivative=False) for name in ("bp", "sbp", "rbp", "srbp", "asrbp")},
    **{f"rbp, {f}": Variant("rbp", transfer=f) for f in ("logistic", "relu", "linear")},
    **{f"rbp, {s}": Variant("rbp", signal=s, bits=3) for s in ("quantised", "sign", "magnitude")},
    **{f"{name}, quantised": Variant(name, signal="quantised", bits=2) for name in ("bp", "sbp", "srbp")},
    **{f"{name}, {b} bit updates": Variant(name, update_bits=b, rate=1.0) for name, b in (("srbp", 3), ("bp", 1))},
    **{
        f"{name}, minibatches of {b} bit updates": Variant(
            name, update_bits=b, update_of="minibatch", update_alpha=0.1, rate=1.0
        )
        for name, b in (("srbp", 3), ("bp", 1))
    },
    "bp, shifted": Variant("bp", shifted=True),
    "rbp, sparse": Variant("rbp", matrix="sparse", n=2),
    "srbp, uniform with a mean": Variant("srbp", matrix="uniform", mean=0.5),
    "rbp, frozen": Variant("rbp", frozen=(2,)),
    "arbp, rate decays": Variant("arbp", rate_decay=0.3),
}


def make(variant: Variant, **options: Any) -> Circuit:
    """Return a small network in double precision."""
    return random_backpropagation(SIZES, variant, **{"precision": "float64", "seed": 3, **options})


def stimuli(count: int = 12, seed: int = 1) -> dict[str, np.ndarray]:
    """Return random stimuli, a third of whose values are zero, and labels."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, SIZES[0])) * (rng.random((count, SIZES[0])) < 2 / 3)
    return {"x": x, "s": rng.integers(0, SIZES[-1], count)}


def forward_names() -> list[str]:
    """Return the names of the projections of W^1, W^2, ..."""
    return [f"{a}_to_{b}" for a, b in pairwise(LAYERS)]


def channel_names(variant: Variant) -> list[str]:
    """Return the names of the projections of C^1, C^2, ...; there are none where the channel has no weights."""
    if variant.transposes or variant.algorithm == "top":
        return []
    return [f"{'o' if variant.skips else b}_to_{a}" for a, b in pairwise(LAYERS[1:])]


def weights(net: Circuit, names: list[str]) -> list[np.ndarray]:
    """Return copies of the weights."""
    return [net[f"{name}.w"] for name in names]


def algorithm(v: Variant) -> baldi.Algorithm:
    """Return the reference's options for a variant."""
    signal = {
        "quantised": lambda j: baldi.quantise(j, v.alpha, v.bits),
        "sign": lambda j: v.alpha * np.sign(j),
        "magnitude": np.abs,
    }.get(v.signal)
    each, mean = quantiser(v, "presentation"), quantiser(v, "minibatch")
    return baldi.Algorithm(
        kind=v.algorithm.removeprefix("a"),
        derivative=v.derivative,
        adaptive=v.algorithm in ("arbp", "asrbp"),
        signals=[signal] * 3 if signal else (),
        updates=each,
        changes=mean or baldi.same,
        transfer=v.transfer,
    )


def quantiser(v: Variant, of: str) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return the function that updates go through, if it is these that the variant quantises."""
    bits = v.update_bits
    return None if bits is None or v.update_of != of else lambda u: baldi.quantise(u, v.update_alpha, bits)


def textbook(v: Variant, up: list[np.ndarray], down: list[np.ndarray], data: dict[str, Any], batch_size: int) -> None:
    """Train the copies in place."""
    for n, k in enumerate(range(0, len(data["s"]), batch_size)):
        rate = v.rate / (1 + v.rate_decay * n)
        rates = [0.0 if h in v.frozen else rate for h in range(1, len(up) + 1)]
        rows = slice(k, k + batch_size)
        baldi.step(algorithm(v), up, down, data["x"][rows], data["s"][rows], rates)


def distance_between(a: list[np.ndarray], b: list[np.ndarray]) -> float:
    """Return the largest difference of a weight."""
    return max(float(np.abs(x - y).max()) for x, y in zip(a, b, strict=True))


# ---- against the paper, in NumPy -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VARIANTS)
def test_circuit_is_the_reference(name: str) -> None:
    variant, data = VARIANTS[name], stimuli()
    for options in (dict(batch_size=5), dict(lowering="reference")):
        net = make(variant, **options)
        names = forward_names() + channel_names(variant)
        begin = weights(net, names)
        up, down = begin[: len(SIZES) - 1], begin[len(SIZES) - 1 :]
        before = [w.copy() for w in begin]
        net.run(data)
        textbook(variant, up, down, data, net.batch_size)
        assert distance_between(weights(net, names), up + down) < EXACT
        assert abs(up[-1] - before[len(SIZES) - 2]).max() > 1e-3, "nothing was learned, so nothing was compared"


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_the_shifted_softmax_has_the_error_of_fields_that_are_far_larger_than_80(backend: str) -> None:
    variant, data = Variant("rbp", shifted=True), stimuli()
    net = make(variant, batch_size=4)
    net["h3_to_o.w"] = 1000 * net["h3_to_o.w"]
    begin = weights(net, forward_names() + channel_names(variant))
    up, down = begin[: len(SIZES) - 1], begin[len(SIZES) - 1 :]
    net.run(data, backend=backend)
    textbook(variant, up, down, data, net.batch_size)
    assert distance_between(weights(net, forward_names()), up) < EXACT * 1000
    clipped = make(Variant("rbp"), batch_size=4)
    clipped["h3_to_o.w"] = 1000 * clipped["h3_to_o.w"]
    clipped.run(data)
    assert distance_between(weights(clipped, forward_names()), up) > 1e-3


def test_backpropagation_is_the_gradient() -> None:
    data = stimuli(4)
    net = make(Variant("bp", rate=1.0, rate_decay=0.0), batch_size=4)
    begin = weights(net, forward_names())
    net.run(data)

    def cost(up: list[np.ndarray]) -> float:
        return float(-np.log(baldi.forward(up, data["x"])[-1][np.arange(4), data["s"]]).mean())

    h = 1e-6
    for l, (w, after) in enumerate(zip(begin, weights(net, forward_names()), strict=True)):
        for place in np.ndindex(*w.shape):
            around = []
            for side in (h, -h):
                moved = [v.copy() for v in begin]
                moved[l][place] += side
                around.append(cost(moved))
            assert after[place] - w[place] == pytest.approx((around[1] - around[0]) / (2 * h), abs=1e-8)


def test_quantise_has_two_values_a_bit_and_none_near_zero() -> None:
    x = np.linspace(-1, 1, 20_001)
    for bits in (1, 3, 5):
        values = np.unique(baldi.quantise(x, 2.0**-3, bits))
        assert len(values) == 2 * bits + 1 and 0 in values
        assert np.abs(values).max() == 2.0**-3 and np.abs(values[values != 0]).min() == 2.0 ** (-3 + 1 - bits)


# ---- what the paper says of them -----------------------------------------------------------------------------------


def test_with_one_hidden_layer_skipping_changes_nothing() -> None:
    data = stimuli()
    nets = [
        random_backpropagation((6, 5, 3), name, precision="float64", batch_size=4, seed=3) for name in ("rbp", "srbp")
    ]
    for net in nets:
        net.run(data)
    assert all(np.array_equal(nets[0][k], v) for k, v in nets[1].state().items())


def test_the_top_layer_follows_the_gradient_in_all_of_them() -> None:
    """This is Fact 1."""
    data, after = stimuli(4), []
    for name in ALGORITHMS:
        net = make(Variant(name), batch_size=4)
        net.run(data)
        after.append(net["h3_to_o.w"])
    assert distance_between(after, [after[0]] * len(after)) < EXACT


def test_skipped_backpropagation_sends_through_the_product_of_transposes() -> None:
    net = make(Variant("sbp", rate=0.0))
    net.run(stimuli(1))
    product = np.linalg.multi_dot([net[f"{name}.w"] for name in forward_names()[:0:-1]])
    assert np.allclose(net["h1.apical_h2"], net["o.rate"] @ product, atol=EXACT)


@pytest.mark.parametrize("matrix", ["normal", "uniform"])
def test_the_mean_of_a_skipping_matrix_does_not_matter(matrix: str) -> None:
    """The errors of a softmax sum to zero."""
    data, ends = stimuli(), []
    for mean in (0.0, 2.0):
        net = make(Variant("srbp", matrix=matrix, mean=mean), batch_size=3)
        net.run(data)
        ends.append(weights(net, forward_names()))
    assert distance_between(*ends) < 1e-10


@pytest.mark.parametrize("n", [0, 4])
def test_nothing_and_everything_teach_nothing(n: int) -> None:
    """Both ends of Fig. 4 are tried: h2 and h3 have four units."""
    net = make(Variant("srbp", matrix="sparse", n=n), batch_size=3)
    begin = weights(net, forward_names())
    net.run(stimuli())
    assert distance_between(weights(net, forward_names()[1:3]), begin[1:3]) < EXACT


def test_sparse_matrices_have_n_synapses_from_each_unit_on_average() -> None:
    sizes, n = (4, 200, 200, 10), 8
    for name, size in (("rbp", 1 / np.sqrt(n)), ("srbp", 1.0)):
        net = random_backpropagation(sizes, Variant(name, matrix="sparse", n=n), seed=5)
        pre = 10 if name == "srbp" else 200
        w = net["o_to_h1.w" if name == "srbp" else "h2_to_h1.w"]
        assert np.allclose(np.unique(w), [0, size])
        sd = np.sqrt(200 * pre * (n / 200) * (1 - n / 200))
        assert abs(np.count_nonzero(w) - n * pre) < 5 * sd


@pytest.mark.parametrize("name", ["rbp", "srbp"])
def test_operations_of_the_channel_are_those_of_the_paper(name: str) -> None:
    """The operations of Eq. 14 and 15 are counted in what the circuit runs."""
    sizes = (784, 100, 100, 100, 100, 10)
    net = random_backpropagation(sizes, name, batch_size=2)
    channel = {f"propagate_{p.name}" for p in net.projections.values() if p.into == "apical"}
    rows = net.timetable("train").entries
    counted = sum(e.operation.work for row in rows for e in row if not e.skipped and e.operation.name in channel)
    assert counted == baldi.cost_of_channel(sizes, name) == {"rbp": 31_000, "srbp": 4_000}[name]


# ---- what is drawn -------------------------------------------------------------------------------------------------


def test_dropout_is_drawn_once_a_presentation() -> None:
    p, batch_size = 0.3, 4
    variant, data = Variant("rbp", signal="dropout", dropped=p), stimuli(48)
    net = make(variant, batch_size=batch_size)
    up, down = weights(net, forward_names()), weights(net, channel_names(variant))
    seen = []
    for k in range(0, 48, batch_size):
        net.run(data, order=np.arange(k, k + batch_size)[None])
        kept = [net[f"{h}.kept"] for h in LAYERS[1:-1]]
        seen.append(np.concatenate([m.ravel() for m in kept]))
        masked = baldi.Algorithm(signals=[lambda j, m=m: j * m for m in kept])
        rows = slice(k, k + batch_size)
        baldi.step(masked, up, down, data["x"][rows], data["s"][rows], variant.rate / (1 + 1e-6 * (k // batch_size)))
        assert distance_between(weights(net, forward_names()), up) < EXACT
    draws = np.array(seen)
    assert np.allclose(np.unique(draws), [0, 1 / (1 - p)])
    assert abs(np.mean(draws > 0) - (1 - p)) < 5 * np.sqrt(p * (1 - p) / draws.size)
    assert len(np.unique(draws, axis=0)) == len(draws)


def test_resampled_weights_are_new_in_every_presentation() -> None:
    variant, data = Variant("rbp", redrawn="at random"), stimuli(40)
    net = make(variant, batch_size=1)
    up = weights(net, forward_names())
    seen = []
    for k in range(40):
        down = weights(net, channel_names(variant))
        seen.append(down[0])
        net.run(data, order=[[k]])
        rate = variant.rate / (1 + variant.rate_decay * k)
        baldi.step(baldi.Algorithm(), up, down, data["x"][k : k + 1], data["s"][k : k + 1], rate)
        assert distance_between(weights(net, forward_names()), up) < EXACT
    drawn, sd = np.array(seen[1:]), np.sqrt(2 / 9)
    assert len(np.unique(drawn)) == drawn.size
    assert abs(drawn.mean()) < 5 * sd / np.sqrt(drawn.size)
    assert abs(np.mean(drawn**2) - sd**2) < 5 * sd**2 * np.sqrt(2 / drawn.size)


@pytest.mark.parametrize("options", [dict(batch_size=4), dict(lowering="reference")], ids=["dense", "reference"])
def test_sign_concordant_weights_have_their_partners_signs(options: dict[str, Any]) -> None:
    variant, data = Variant("rbp", redrawn="sign-concordant"), stimuli()
    net = make(variant, **options)
    up = weights(net, forward_names())
    for k in range(0, 12, net.batch_size):
        down = [net[f"{name}.partner"].T for name in forward_names()[1:]]
        net.run(data, order=np.arange(k, k + net.batch_size)[None])
        rate = variant.rate / (1 + variant.rate_decay * (k // net.batch_size))
        rows = slice(k, k + net.batch_size)
        baldi.step(baldi.Algorithm(), up, down, data["x"][rows], data["s"][rows], rate)
        assert distance_between(weights(net, forward_names()), up) < EXACT
        assert np.array_equal(np.sign(net["h1_to_h2.partner"]), np.sign(net["h1_to_h2.w"]))
    assert {m.signs for m in alignment(net).values()} == {1.0}
    assert all(0 < m.angle < 90 for m in alignment(net).values())


def test_a_weight_for_each_synapse_and_output() -> None:
    variant, data = Variant("srbp", redrawn="per synapse", rate_decay=0.0), stimuli(4)
    net = make(variant, batch_size=4)
    up = weights(net, forward_names())
    channel = np.array([net[f"h1_to_h2.channel{k}"] for k in range(3)])
    outputs = baldi.forward(up, data["x"])
    error = np.eye(3)[data["s"]] - outputs[-1]
    net.run(data)
    own = np.einsum("bk,kij,bi,bj->ij", error, channel, 1 - outputs[2] ** 2, outputs[1]) / 4
    assert distance_between([net["h1_to_h2.w"]], [up[1] + variant.rate * own]) < EXACT
    assert len(np.unique(channel)) == channel.size


# ---- one program for many ------------------------------------------------------------------------------------------


def test_a_program_is_taken_over_by_what_differs_in_numbers_only() -> None:
    data = stimuli()
    first, second = Variant("rbp", signal="quantised"), Variant("rbp", signal="quantised", bits=1, derivative=False)
    used = make(first, batch_size=4)
    used.run(data)
    taking, fresh = make(second, batch_size=4, seed=8), make(second, batch_size=4, seed=8)
    taking.take_over(used)
    for net in (taking, fresh):
        net.run(data)
    assert all(np.array_equal(taking[k], v) for k, v in fresh.state().items())
    with pytest.raises(RecircuitError, match="not been built"):
        make(first, batch_size=4).take_over(used)


@pytest.mark.parametrize("other", [Variant("srbp"), Variant("rbp", signal="sign"), Variant("rbp", transfer="relu")])
def test_a_program_is_not_taken_over_by_another_circuit(other: Variant) -> None:
    used = make(Variant("rbp"))
    used.program()
    with pytest.raises(RecircuitError, match="differ in more than numbers"):
        make(other).take_over(used)


def test_what_is_one_units_alone_is_found() -> None:
    remainder, parts = one_sided("r*sign(x_pre)*exp(log(x_pre) + e_post*loss)/w", ["r"], ["loss"])
    assert parts == {"_part_0_pre": ("pre", "r*sign(x)"), "_part_1_pre": ("pre", "log(x)"),
                     "_part_2_post": ("post", "e*loss")}  # fmt: skip
    assert remainder == "_part_0_pre*exp(_part_1_pre + _part_2_post)/w"
    remainder, parts = one_sided("int(x_pre > 0 and y_post > 1)*rate_pre*rate", ["rate"], [])
    assert parts == {"x_pre": ("pre", "x"), "y_post": ("post", "y"), "rate_pre": ("pre", "rate")}


@pytest.mark.parametrize(
    "wrong",
    [
        dict(algorithm="brp"), dict(signal="loud"), dict(dropped=1.0), dict(redrawn="at random", algorithm="srbp"),
        dict(redrawn="per synapse"), dict(redrawn="at random", update_bits=1),
    ],
)  # fmt: skip
def test_wrong_variants_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="Variant"):
        Variant(**wrong)


def test_a_network_needs_a_hidden_layer() -> None:
    with pytest.raises(UsageError, match="hidden layer"):
        random_backpropagation((4, 3), "rbp")


# ---- compiled ------------------------------------------------------------------------------------------------------

OFTEN = ["fused", "minibatches", "per synapse"]
COMPILED = {
    "fused": Variant("rbp", signal="quantised", bits=3, update_bits=3),
    "minibatches": Variant("rbp", update_bits=3, update_of="minibatch", update_alpha=0.1, rate=1.0),
    "per synapse": Variant("srbp", redrawn="per synapse"),
    "sbp": Variant("sbp"),
    "arbp": Variant("arbp"),
    "asrbp": Variant("asrbp", derivative=False),
    "dropout": Variant("srbp", signal="dropout"),
    "resampled": Variant("rbp", redrawn="at random"),
    "sign-concordant": Variant("rbp", redrawn="sign-concordant"),
}


@pytest.mark.cpp
@pytest.mark.parametrize("name", [n if n in OFTEN else pytest.param(n, marks=pytest.mark.slow) for n in COMPILED])
def test_compiled_is_interpreted(name: str) -> None:
    data, ends = stimuli(40), []
    for backend in ("numpy", "cpp"):
        net = make(COMPILED[name], batch_size=7, precision="float32")
        begin = weights(net, forward_names())
        net.run(data, backend=backend)
        ends.append(weights(net, forward_names()))
        assert distance_between(ends[-1], begin) > 1e-3
        net.close()
    assert distance_between(*ends) < 1e-4


# ---- experiments ---------------------------------------------------------------------------------------------------


def test_runs_are_kept_and_not_made_again(tmp_path: Path) -> None:
    from recircuit.models.experiments import Settings
    from recircuit.models.experiments.framework.saved_runs import kept

    settings = Settings(out=tmp_path)
    made: list[int] = []

    def compute() -> dict[str, Any]:
        made.append(1)
        return {"test": [1.0, 2.5]}

    for about in ({"seed": 0, "sizes": (1, 2)}, {"seed": 0, "sizes": (1, 2)}, {"seed": 1, "sizes": (1, 2)}):
        assert kept(settings, "RBP (no f')-0", about, compute) == {"test": [1.0, 2.5]}
    assert len(made) == 2
    (file,) = (tmp_path / "runs").iterdir()
    stored = json.loads(file.read_text())
    assert stored["about"]["seed"] == 1 and stored["seconds"] >= 0
    file.write_text("{ half")
    kept(settings, "RBP (no f')-0", {"seed": 1, "sizes": (1, 2)}, compute)
    assert len(made) == 3
    kept(Settings(), "RBP", {}, compute)
    kept(Settings(out=tmp_path, quick=True), "RBP", {}, compute)
    assert len(made) == 5 and len(list((tmp_path / "runs").iterdir())) == 1


def test_the_time_of_runs_that_are_kept_counts(tmp_path: Path) -> None:
    from recircuit.models.experiments import Settings
    from recircuit.models.experiments.framework.saved_runs import each

    about, found = {"plan": 1}, {"test": [1.0]}
    first, again = (Settings(out=tmp_path, seeds=(0, 1)) for _ in range(2))
    for settings in (first, again):
        both = each(settings, {"a": 1, "b": 2}, lambda _: about, lambda *_: found)
        assert both == {"a": [found] * 2, "b": [found] * 2}
    assert first.earlier == []
    assert again.earlier == [json.loads(p.read_text())["seconds"] for p in (tmp_path / "runs").iterdir()]
    some = Settings(out=tmp_path, seeds=(0,), methods=("b",))
    assert each(some, {"a": 1, "b": 2}, lambda _: about, lambda *_: found) == {"b": [found]}


def test_an_experiment_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from recircuit.models.experiments import Settings
    from recircuit.models.experiments.baldi2018 import channel_training as shared

    small = shared.Protocol("digits", (5,), 200, 2)
    plan = {"RBP": Variant("rbp"), "RBP (no f')": Variant("rbp", derivative=False), "SRBP": Variant("srbp")}
    settings = Settings(seeds=(0, 1), out=tmp_path)
    whole = shared.learn(plan, settings, full=small)
    assert {name: len(runs) for name, runs in whole.items()} == dict.fromkeys(plan, 2)
    assert all(len(run[part]) == 2 for runs in whole.values() for run in runs for part in ("train", "test"))
    assert len(list((tmp_path / "runs").iterdir())) == 6
    (tmp_path / "runs" / "SRBP-1.json").unlink()
    made: list[tuple[str, int]] = []
    run = shared.VariantTrainer.run

    def counted(self: Any, variant: Variant, seed: int, name: str) -> dict[str, Any]:
        made.append((variant.algorithm, seed))
        return run(self, variant, seed, name)

    monkeypatch.setattr(shared.VariantTrainer, "run", counted)
    assert shared.learn(plan, settings, full=small) == whole
    assert made == [("srbp", 1)]


@pytest.mark.parametrize("what", ["mnist", "adaptive", "sparse", "quantized", "dropout", "ablations"])
def test_quick_experiment_holds_all_its_checks(what: str, tmp_path: Path) -> None:
    from recircuit.models.experiments import EXPERIMENTS, reproduce, settings_for

    experiment = EXPERIMENTS.find(f"baldi-{what}")
    result = reproduce(experiment, settings_for(experiment, quick=True), tmp_path)
    assert [row for row in result["checks"] if not row["ok"]] == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figure.png", "result.json"]
