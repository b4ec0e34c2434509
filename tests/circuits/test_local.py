"""Local and tied connections: against plain Brian2, a NumPy convolution, finite differences, and each other."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from reference import amit, images
from test_equivalence import PLASTIC, RULES, between_two, check_learns_alike

import recircuit as rc
from recircuit.circuits import Convolution, Local
from recircuit.circuits.lowering.memory import Need, check_memory
from recircuit.testing import EXACT, distance, form_differences

IMAGE, STRIDES, KERNELS = (2, 6, 5), (2, 1), (3, 2)
STRUCTURES = {"untied": Local, "tied": Convolution}


def network(
    connectivity: type[Local] = Convolution,
    rule: rc.Rule = rc.urfb,
    *,
    down: str = "",
    probability: float = 1.0,
    strides: tuple[int, int] = STRIDES,
    padding: int | str = "same",
    **options: Any,
) -> rc.Circuit:
    """Return x, two images h1 and h2, and o. The rule decides the feedback; with ``down="dfa"`` both images get it from o."""
    net = rc.Circuit(**options)
    first = connectivity(IMAGE, 3, KERNELS[0], strides[0], padding, probability)
    second = connectivity(first.above, 4, KERNELS[1], strides[1], padding, probability)
    x = net.stimulus("x", int(np.prod(IMAGE)))
    h1 = net.population("h1", int(np.prod(first.above)), rc.pyramidal("tanh"))
    h2 = net.population("h2", int(np.prod(second.above)), rc.pyramidal("tanh"))
    o = net.population("o", 3, rc.HingeOutput(M=50))
    net.connect(x, h1, rule=rule.forward, connectivity=first)
    net.connect(h1, h2, rule=rule.forward, connectivity=second)
    net.connect(h2, o, rule=rule.forward)
    net.connect(o, h2, into="apical", rule=rule.feedback)
    if down == "dfa":
        net.connect(o, h1, into="apical", rule=rule.feedback)
    else:
        own = rule.feedback.transpose_of == ""
        net.connect(h2, h1, into="apical", rule=rule.feedback, connectivity=second.T if own else None)
    net.phases("feedforward", 3 * ms, "error", 4 * ms, "feedback", 2 * ms, "plasticity", 1 * ms)
    return net


def shown(count: int = 6, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"x": rng.normal(size=(count, int(np.prod(IMAGE)))), "s": rng.integers(0, 3, count)}


# --- the dense form is the plain one ----------------------------------------------------------------------------------

VARIANTS: dict[str, dict[str, Any]] = {
    "": {}, "half of them": dict(probability=0.5), "padding 0": dict(padding=0, strides=(1, 1)),
}  # fmt: skip
OFTEN = [
    ("everything", ""),
    ("fused", "half of them"),
    ("bp", ""),
    ("traces", "half of them"),
    ("oja", "padding 0"),
    ("limits", "half of them"),
]
SELDOM = [(r, v) for r in RULES for v in VARIANTS if (r, v) not in OFTEN]
CASES = [*OFTEN, *(pytest.param(*case, marks=pytest.mark.slow) for case in SELDOM)]


@pytest.mark.parametrize("connectivity", STRUCTURES)
@pytest.mark.parametrize("rule, variant", CASES)
def test_dense_is_plain(connectivity: str, rule: str, variant: str) -> None:
    mild = RULES[rule].with_parameters(rate=0.03)

    def make(**options: Any) -> rc.Circuit:
        return network(STRUCTURES[connectivity], mild, **VARIANTS[variant], **options)

    differences = form_differences(make, shown())
    assert len(differences) > 10 and {k: v for k, v in differences.items() if not v < EXACT} == {}


@pytest.mark.parametrize("connectivity", [Local((2, 2, 1), 2, 1), Convolution((2, 2, 1), 2, 1)], ids=STRUCTURES)
@pytest.mark.parametrize("equation", [e for e in PLASTIC if not e.startswith("noise")])
def test_dense_is_plain_for_every_equation(equation: str, connectivity: Local) -> None:
    check_learns_alike(*(between_two(PLASTIC[equation], connectivity, lowering=way) for way in ("dense", "reference")))


# --- against something else -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["urfb", "frfb", "bp", "dfa"])
def test_tied_learning_is_a_convolution_in_numpy(rule: str) -> None:
    net = network(Convolution, RULES["frfb" if rule == "dfa" else rule], down=rule, batch_size=3)
    filters = [net["x_to_h1.w"].reshape(3, 2, 3, 3), net["h1_to_h2.w"].reshape(4, 3, 2, 2)]
    top, data = net["h2_to_o.w"], shown(9)
    back = [net["o_to_h1.w"]] if rule == "dfa" else []
    down = np.zeros(0) if rule == "bp" else net["o_to_h2.w"]
    if rule in ("urfb", "frfb"):
        back = [net["h2_to_h1.w"].swapaxes(0, 1).reshape(4, 3, 2, 2)]
    net.run(data)
    for k in range(0, 9, 3):
        x = data["x"][k : k + 3].reshape(3, *IMAGE)
        images.train_step(
            filters, top, down, back, x, data["s"][k : k + 3], rule=rule, rate=0.3, strides=STRIDES
        )  # fmt: skip
    assert distance(net["x_to_h1.w"], filters[0].reshape(3, 2, 9)) < EXACT
    assert distance(net["h1_to_h2.w"], filters[1].reshape(4, 3, 4)) < EXACT
    assert distance(net["h2_to_o.w"], top) < EXACT
    if rule == "urfb":
        assert distance(net["h2_to_h1.w"], back[0].reshape(4, 3, 4).swapaxes(0, 1)) < EXACT


@pytest.mark.parametrize("connectivity", STRUCTURES)
def test_backpropagation_is_the_gradient(connectivity: str) -> None:
    """The changes are central differences of the hinge loss (Eq. 3), of fields that the circuit itself computes."""
    rate, step = 1e-3, 1e-5
    net = network(STRUCTURES[connectivity], rc.bp.with_parameters(rate=rate), batch_size=4)
    data = shown(4)
    start = {k: net[k] for k in ("x_to_h1.w", "h1_to_h2.w", "h2_to_o.w")}

    def loss() -> float:
        net.run(data, learn=False)
        return float(
            amit.hinge_cost(net["o.basal"] if "o.basal" in net.state() else net["o.basal_h2"], data["s"]).mean()
        )

    rng = np.random.default_rng(0)
    slopes = {}
    for key, w in start.items():
        for place in rng.choice(np.flatnonzero(w), 4, replace=False):
            ends = []
            for sign in (1, -1):
                moved = w.copy()
                moved.flat[place] += sign * step
                net[key] = moved
                ends.append(loss())
            slopes[key, place] = (ends[0] - ends[1]) / (2 * step)
        net[key] = w
    net.run(data)
    for (key, place), slope in slopes.items():
        assert (net[key] - start[key]).flat[place] / rate == pytest.approx(-slope, abs=1e-6)


def test_tied_is_the_sum_of_untied() -> None:
    """Untied weights that are all alike do what the filter does, and their changes add up to its."""
    tied, untied = (network(s, RULES["urfb"], batch_size=2) for s in (Convolution, Local))
    data, places = shown(2), {"x_to_h1": 9, "h1_to_h2": 9}
    for name, n in places.items():
        w = tied[f"{name}.w"]
        untied[f"{name}.w"] = np.broadcast_to(w, (n, *w.shape))
    untied["h2_to_h1.w"] = np.broadcast_to(tied["h2_to_h1.w"], untied["h2_to_h1.w"].shape)
    for name in ("h2_to_o.w", "o_to_h2.w"):
        untied[name] = tied[name]
    before = {k: (tied[f"{k}.w"], untied[f"{k}.w"]) for k in places}
    for net in (tied, untied):
        net.run(data)
    for k, (filters, weights) in before.items():
        assert distance(tied[f"{k}.w"] - filters, (untied[f"{k}.w"] - weights).sum(axis=0)) < EXACT


@pytest.mark.parametrize("connectivity", STRUCTURES)
def test_what_is_outside_of_the_image_has_no_weight(connectivity: str) -> None:
    noisy = rc.Rule(
        "noisy", source="test", forward="dw = rate*error_post*x_pre + .1*randn()", parameters=dict(rate=0.1)
    )
    net = network(STRUCTURES[connectivity], noisy, probability=0.7)
    net["x_to_h1.w"] = 1.0
    there = net["x_to_h1.w"] != 0
    net.run(shown())
    assert np.array_equal(net["x_to_h1.w"] != 0, there) and 0.3 < there.mean() < 0.9


def test_a_tied_projection_is_shown_as_a_control() -> None:
    text = str(network(Convolution, rc.urfb))
    assert "urfb, forward, not local (control)" in text
    assert "not local" not in str(network(Local, rc.urfb))


# --- backends ---------------------------------------------------------------------------------------------------------


SPLIT, FUSED = (RULES[r].with_parameters(rate=0.02) for r in ("urfb", "fused"))


def stack(*layers: tuple[Local, rc.Rule, bool], batch_size: int) -> rc.Circuit:
    """Return images above each other, and o; a layer has a structure, a rule, and whether its feedback has its own weights."""
    net = rc.Circuit(batch_size=batch_size, seed=3)
    images = [net.stimulus("x", int(np.prod(layers[0][0].image)))]
    for k, (s, rule, _) in enumerate(layers, start=1):
        images.append(net.population(f"h{k}", int(np.prod(s.above)), rc.pyramidal("tanh")))
        net.connect(images[-2], images[-1], rule=rule.forward, connectivity=s)
    o = net.population("o", 3, rc.HingeOutput(M=20))
    net.connect(images[-1], o, rule=SPLIT.forward)
    net.connect(o, images[-1], into="apical", rule=SPLIT.feedback)
    for k, (s, rule, own) in list(enumerate(layers))[:0:-1]:
        how: dict[str, Any] = (
            dict(rule=rule.feedback, connectivity=s.T) if own else dict(weights=net[f"h{k}_to_h{k + 1}"].T)
        )
        net.connect(images[k + 1], images[k], into="apical", **how)
    net.phases("feedforward", 5 * ms, "error", 4 * ms, "feedback", 4 * ms, "plasticity", 1 * ms)
    return net


A, B, C = Local((2, 6, 6), 5, 3, stride=2), Convolution((5, 3, 3), 6, 2), Local((6, 3, 3), 3, 3, probability=0.5)
LARGE = Convolution((2, 9, 17), 3, (2, 5), padding=0)  # in rows of registers; the next goes on from row to row
FLAT = Convolution(LARGE.above, 9, 3, probability=0.5)
STACKS: dict[str, Any] = {
    "batch elements side by side": (
        16, (A, FUSED, False), (B, SPLIT, False), (C, SPLIT, False), (Convolution(C.above, 9, 3, padding=0), FUSED, True)
    ),
    "along the image": (
        5, (LARGE, SPLIT, False), (FLAT, SPLIT, True), (Convolution(FLAT.above, 3, (5, 2), padding=0), FUSED, False)
    ),
    "more batch elements, maps and inputs than a tile has": (
        200, (Local((2, 3, 4), 14, 3), SPLIT, False), (Convolution((14, 3, 4), 13, 3), SPLIT, False),
        (Local((13, 3, 4), 1, (1, 4), padding=0), SPLIT, False),
    ),
}  # fmt: skip


@pytest.mark.cpp
@pytest.mark.parametrize("case", STACKS)
def test_cpp_is_numpy_whatever_the_threads(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    batch_size, *layers = STACKS[case]
    rng, presentations = np.random.default_rng(0), 2 * batch_size + 3  # the last is not full
    data = {
        "x": rng.normal(size=(presentations, int(np.prod(layers[0][0].image)))),
        "s": rng.integers(0, 3, presentations),
    }
    states = {}
    for backend, threads in (("numpy", "1"), ("cpp", "1"), ("cpp", "3")):
        monkeypatch.setitem(os.environ, "RECIRCUIT_THREADS", threads)
        net = stack(*layers, batch_size=batch_size)
        net.run(data, backend=backend)
        states[backend, threads] = net.state()
        net.close()
    usual = states["numpy", "1"]
    assert max(distance(states["cpp", "1"][k], v) for k, v in usual.items()) < 1e-13
    assert all(np.array_equal(states["cpp", "3"][k], v) for k, v in states["cpp", "1"].items())


# --- what is refused --------------------------------------------------------------------------------------------------

REFUSED = {
    "a window larger than the image": (lambda: Local((1, 4, 4), 2, 5), "window of 5 is larger than the image of 4"),
    "windows that do not tile": (lambda: Convolution((1, 6, 6), 2, 3, 2, 0), "do not tile 6 pixels padded by 0: 1"),
    "no image": (lambda: Local((6, 6), 2, 3), r"image is \(channels, height, width\)"),  # type: ignore[arg-type]
    "no maps": (lambda: Local((1, 6, 6), 0, 3), "maps is a whole number, at least 1; got 0"),
    "a kernel of three numbers": (lambda: Local((1, 6, 6), 2, (1, 2, 3)), "kernel is a whole number"),  # type: ignore
    "a stride of 0": (lambda: Local((1, 6, 6), 2, 3, 0), "stride is a whole number above 0"),
    "padding in words": (lambda: Local((1, 6, 6), 2, 3, padding="valid"), "padding is a whole number, or 'same'"),
    "a probability of 2": (lambda: Local((1, 6, 6), 2, 3, probability=2.0), r"lies in \(0, 1\]"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    make, text = REFUSED[case]
    with pytest.raises(rc.RecircuitError, match=text):
        make()


def test_channels_that_do_not_match_are_refused() -> None:
    net = rc.Circuit()
    x, h = net.population("x", 75, rc.pyramidal()), net.population("h", 50, rc.pyramidal())
    with pytest.raises(rc.RecircuitError, match=r"3 channels of 5 x 5, which are 75 units; the pre population has 50"):
        net.connect(h, x, connectivity=Local((3, 5, 5), 2, 3))
    with pytest.raises(
        rc.RecircuitError, match=r"4 channels of 5 x 5, which are 100 units; the post population has 50"
    ):
        net.connect(x, h, connectivity=Local((3, 5, 5), 4, 3))


def test_a_circuit_that_does_not_fit_is_refused_before_it_is_built() -> None:
    net = network(Local, batch_size=1000, precision="float32")
    state = net.state()
    kept = sum(v.nbytes for k, v in state.items() if v.dtype == np.float32 and ".factor" not in k and "active" not in k)
    assert Need.of(net).total == pytest.approx(kept, rel=0.01)
    with pytest.raises(
        rc.RecircuitError, match=r"needs 0.00 GiB for its weights.* of 1000 batch elements, and 0.00 GiB are free"
    ):
        check_memory(net, free=1000)
    huge = rc.Circuit(100)
    x, h = huge.stimulus("x", 3 * 4096**2), huge.population("h", 64 * 4096**2, rc.pyramidal())
    huge.connect(x, h, connectivity=Local((3, 4096, 4096), 64, 5))
    huge.phases("feedforward", 1 * ms)
    with pytest.raises(
        rc.RecircuitError, match=r"the largest parts: h \d+.*, x_to_h \d+.*Use .*smaller or tied layers"
    ):
        huge.run(presentations=1)


@pytest.mark.parametrize(
    "kind", [rc.Local((2, 8, 8), 3, 4, 2), rc.Local((2, 8, 8), 3, 3), rc.Convolution((2, 8, 8), 3, 4, 2)]
)
def test_what_a_unit_in_the_middle_sends_and_receives_is_counted(kind: rc.Local) -> None:
    """With a stride, fewer windows see a pixel than a window has taps."""
    below, above = np.prod(kind.image), np.prod(kind.above)
    for connectivity, sizes in ((kind, (below, above)), (kind.T, (above, below))):
        there = connectivity.indices(*sizes)
        most = np.bincount(there.post).max(), np.bincount(there.pre).max()
        assert connectivity.shape(*sizes).fans == most
