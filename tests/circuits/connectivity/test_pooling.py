"""Max pooling, the sum of two layers, and dropout, as circuits: against plain Brian2, NumPy and each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms
from numpy.lib.stride_tricks import sliding_window_view
from reference import images

import recircuit as rc
from recircuit.circuits import Convolution, Local, MaxPool, OneToOne
from recircuit.testing import EXACT, distance, form_differences

IMAGE = (2, 7, 6)
ONE = OneToOne()


def network(
    pool: MaxPool,
    rule: rc.Rule = rc.urfb,
    *,
    dropped: float = 0.0,
    connectivity: type[Local] = Convolution,
    **options: Any,
) -> rc.Circuit:
    """Return a circuit of x, two convolutions, their sum, its pool and o, with feedback from o to all of these layers."""
    net = rc.Circuit(**options)
    first = connectivity(IMAGE, 2, 3)
    second = connectivity(first.above, 2, 3)
    n, linear = int(np.prod(first.above)), rc.pyramidal("linear")
    x = net.stimulus("x", int(np.prod(IMAGE)))
    a, b = (net.population(name, n, rc.pyramidal("clip")) for name in "ab")
    both = net.population("both", n, linear)
    top = net.population("top", int(np.prod(pool.above)), rc.pyramidal("linear", dropped=dropped))
    o = net.population("o", 3, rc.HingeOutput(M=50))
    net.connect(x, a, rule=rule.forward, connectivity=first)
    net.connect(a, b, rule=rule.forward, connectivity=second)
    for part in (a, b):
        net.connect(part, both, weights=1.0, connectivity=ONE)
        net.connect(both, part, into="apical", weights=1.0, connectivity=ONE)
    up = net.connect(both, top, connectivity=pool)
    net.connect(top, both, into="apical", weights=up.T)
    net.connect(top, o, rule=rule.forward)
    net.connect(o, top, into="apical", rule=rule.feedback)
    net.connect(
        b, a, into="apical", rule=rule.feedback, connectivity=second.T if rule.feedback.transpose_of == "" else None
    )
    net.phases(
        "whole", 1 * ms, "draw", 1 * ms, "feedforward", 5 * ms, "error", 4 * ms, "feedback", 4 * ms, "plasticity", 1 * ms,
        evaluation=["whole", "feedforward"],
    )  # fmt: skip
    return net


def shown(count: int = 5, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"x": rng.normal(size=(count, int(np.prod(IMAGE)))).round(1), "s": rng.integers(0, 3, count)}


POOLS = {
    "3, 2": MaxPool(IMAGE, 3, 2),
    "3, 3": MaxPool(IMAGE, 3, 3),
    "2, padding 0": MaxPool((2, 7, 6), (3, 2), (2, 2), 0),
}


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("rule", ["urfb", "bp"])
def test_dense_is_plain(pool: str, rule: str) -> None:
    rules = {"urfb": rc.urfb, "bp": rc.bp}

    def make(**options: Any) -> rc.Circuit:
        return network(POOLS[pool], rules[rule].with_parameters(rate=0.02), **options)

    differences = form_differences(make, shown(), ["top.basal_both_argmax"])
    assert len(differences) > 15 and {k: v for k, v in differences.items() if not v < EXACT} == {}


@pytest.mark.parametrize("kernel, stride", [(3, 2), (3, 3), (2, 2)])
def test_it_is_the_largest_of_a_window(kernel: int, stride: int) -> None:
    pool = MaxPool(IMAGE, kernel, stride)
    net = network(pool, batch_size=4)
    net.run(shown(4))
    below = net["both.rate"].reshape(4, *IMAGE)
    margins = [(0, 0), (0, 0), *(images.same(n, kernel, stride) for n in IMAGE[1:])]
    seen = sliding_window_view(np.pad(below, margins, constant_values=-np.inf), (kernel, kernel), axis=(2, 3))
    seen = seen[:, :, ::stride, ::stride].reshape(4, *pool.above, -1)
    assert np.array_equal(net["top.rate"], seen.max(axis=-1).reshape(4, -1))
    assert np.array_equal(net["top.basal_both_argmax"], seen.argmax(axis=-1).reshape(4, -1))
    assert np.isclose(net["both.error"].sum(), net["top.error"].sum())  # all of it goes down, and nowhere else


def test_a_pool_of_stride_two_has_half_the_size() -> None:
    assert [MaxPool((1, n, n), 3, 2).above[1] for n in (32, 16, 8, 4)] == [16, 8, 4, 2]


def test_the_sum_hands_its_error_to_both() -> None:
    net = network(POOLS["3, 2"], batch_size=3)
    net.run(shown(3))
    assert distance(net["both.rate"], net["a.rate"] + net["b.rate"]) < EXACT
    inside = np.abs(net["b.basal_a"]) < 1
    assert distance(net["b.error"], net["both.error"] * inside) < EXACT
    from_b = net["a.apical_b"]
    assert from_b.any()
    assert distance(net["a.error"], (net["both.error"] + from_b) * (np.abs(net["a.basal_x"]) < 1)) < EXACT


def test_backpropagation_through_pool_and_sum_is_the_gradient() -> None:
    from reference import amit

    net = network(POOLS["3, 2"], rc.bp.with_parameters(rate=1e-4), batch_size=3)
    data, start = shown(3), None
    start = {k: net[k] for k in ("x_to_a.w", "a_to_b.w", "top_to_o.w")}
    rng, slopes = np.random.default_rng(0), {}
    for key, w in start.items():
        for place in rng.choice(w.size, 3, replace=False):
            ends = []
            for sign in (1, -1):
                moved = w.copy()
                moved.flat[place] += sign * 1e-6
                net[key] = moved
                net.run(data, learn=False)
                ends.append(amit.hinge_cost(net["o.basal_top"], data["s"]).mean())
            slopes[key, place] = (ends[0] - ends[1]) / 2e-6
        net[key] = w
    net.run(data)
    for (key, place), slope in slopes.items():
        assert (net[key] - start[key]).flat[place] / 1e-4 == pytest.approx(-slope, abs=1e-5)


def test_dropout_is_drawn_for_each_presentation_and_silences_errors_too() -> None:
    net = network(POOLS["3, 2"], dropped=0.75, batch_size=20)
    data = shown(40)
    trace = []
    for k in (0, 20):
        net.run({name: rows[k : k + 20] for name, rows in data.items()})
        trace.append(net["top.kept"])
    assert set(np.unique(trace)) == {0.0, 4.0} and not np.array_equal(*trace)
    assert 0.2 < np.mean(np.array(trace) > 0) < 0.3
    assert not net["top.rate"][net["top.kept"] == 0].any() and not net["top.error"][net["top.kept"] == 0].any()
    assert distance(net["top.rate"], net["top.kept"] * net["top.basal_both"]) < EXACT
    net.run({name: rows[:20] for name, rows in data.items()}, learn=False)
    assert np.array_equal(net["top.rate"], net["top.basal_both"])


@pytest.mark.cpp
def test_cpp_is_numpy() -> None:
    states = []
    for backend in ("numpy", "cpp"):
        net = network(POOLS["3, 2"], rc.urfb.with_parameters(rate=0.02), batch_size=3, connectivity=Local)
        net.run(shown(7), backend=backend)
        states.append(net.state())
        net.close()
    assert max(distance(states[1][k], v) for k, v in states[0].items()) < 1e-12


def test_refused() -> None:
    with pytest.raises(rc.RecircuitError, match="window of 9 is larger than the image of 7"):
        MaxPool((2, 7, 7), 9)
    net = rc.Circuit()
    h, p = net.population("h", 84, rc.pyramidal()), net.population("p", 24, rc.pyramidal())
    with pytest.raises(rc.RecircuitError, match=r"MaxPool\(.*has no weights that learn; got the rule 'urfb'"):
        net.connect(h, p, connectivity=MaxPool(IMAGE, 3), rule=rc.urfb)
    with pytest.raises(rc.RecircuitError, match="2 channels of 4 x 3, which are 24 units; the post population has 84"):
        net.connect(h, h, connectivity=MaxPool(IMAGE, 3))
    with pytest.raises(rc.RecircuitError, match="dropped is a probability below 1; got 1.5"):
        rc.pyramidal(dropped=1.5)
