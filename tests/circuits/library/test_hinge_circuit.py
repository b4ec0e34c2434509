"""The hinge output circuit (Amit 2019, section 2.3) by the circuit's own dynamics, against a reference in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms
from reference import amit
from reference.hinge_circuit import HingeCircuit, cycle

import recircuit as rc
from recircuit.circuits import OneToOne

M, S, MU, EPSILON = 10.0, 1.0, 0.1, 0.1
CASES = {"to learn, s = 1": (0.5, 1), "learned, s = 1": (5, 1), "to learn, s = -1": (-0.5, -1), "learned": (-5, -1)}


def alone(batch_size: int = 1, steps: int = 4, *, lowering: str = "dense", **parameters: Any) -> rc.Circuit:
    """Return a circuit of two o's with their t's and s's; class 0 is shown: s is +1 for the first unit, -1 for the second."""
    net = rc.Circuit(batch_size=batch_size, lowering=lowering)
    field = net.stimulus("field", 2)
    o = net.population("o", 2, rc.HingeOutput(**dict(M=M, S=S, mu=MU, epsilon=EPSILON) | parameters))
    net.connect(field, o, weights=1.0, connectivity=OneToOne())
    net.phases("feedforward", 1 * ms, "error", steps * ms, "plasticity", 1 * ms)
    return net


def show(net: rc.Circuit, h: Any, **options: Any) -> rc.Trace:
    """Present once; both units of batch element b have the field h[b]."""
    fields = np.repeat(np.reshape(np.asarray(h, float), (-1, 1)), 2, axis=1)
    return net.run({"field": fields, "s": np.zeros(len(fields), int)}, **options)


def traces(h: float, s: float, steps: int, **parameters: Any) -> dict[str, np.ndarray]:
    """Return what one o, t and s did in the phase that computes the error."""
    trace = show(alone(1, steps, **parameters), h, record=["o.rate", "t.rate", "o.H", "o.supervision"])
    return {name: trace[name][1 : steps + 1, 0 if s > 0 else 1] for name in trace}


def at_the_end(h: Any, steps: int = 4, **parameters: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return o at the end, for fields h: where s = 1, and where s = -1."""
    net = alone(np.size(h), steps, **parameters)
    show(net, h)
    return tuple(net["o.rate"].T)


# --- step-by-step mode --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lowering", ["dense", "reference"])
@pytest.mark.parametrize("case", CASES)
def test_the_four_cases_are_the_references(case: str, lowering: str) -> None:
    h, s = CASES[case]
    trace = traces(h, s, 12, lowering=lowering)
    o, t, _ = HingeCircuit(M, S, MU, EPSILON).step_by_step(h, s, 12)
    np.testing.assert_array_equal(trace["o.rate"], o[1:])
    np.testing.assert_array_equal(trace["t.rate"], t[1:])
    np.testing.assert_array_equal(trace["o.supervision"], 2 * M * s)
    np.testing.assert_allclose(trace["o.H"][1:], h + 2 * M * s - 2 * M * trace["t.rate"][:-1])


@pytest.mark.parametrize("parameters", [dict(), dict(S=0.3, mu=0.25), dict(M=3, S=2, epsilon=0.5), dict(S=0)])
def test_on_a_grid_with_its_thresholds(parameters: dict[str, float]) -> None:
    """Eq. 4-5 hold for every |h| < M; at h = S and h = -S, as in Eq. 5, it learns."""
    p = dict(M=M, S=S, mu=MU, epsilon=EPSILON) | parameters
    grid = np.concatenate([np.linspace(-p["M"], p["M"], 41), [p["S"], -p["S"]]])
    near = np.concatenate([grid + 1e-12, grid, grid - 1e-12])  # as fine as h + 2M can be told apart
    h = near[np.abs(near) < p["M"]]
    for o, s in zip(at_the_end(h, **p), (1, -1)):
        np.testing.assert_array_equal(o, HingeCircuit(**p).wanted(h, s))


def test_it_equals_the_derivative_of_the_hinge_cost() -> None:
    """By central differences Eq. 4 is minus the slope of Eq. 3, away from the kinks."""
    rng = np.random.default_rng(0)
    h, y, step = rng.uniform(-5, 5, (30, 4)), rng.integers(0, 4, 30), 1e-6
    net = rc.Circuit(batch_size=30)
    x = net.stimulus("x", 4)
    o = net.population("o", 4, rc.HingeOutput(M=M, S=S, mu=MU, epsilon=EPSILON))
    net.connect(x, o, weights=np.eye(4))
    net.phases("feedforward", 1 * ms, "error", 4 * ms)
    net.run({"x": h, "s": y})
    for c in range(4):
        move = step * np.eye(4)[c]
        slope = (amit.hinge_cost(h + move, y, S, MU) - amit.hinge_cost(h - move, y, S, MU)) / (2 * step)
        np.testing.assert_allclose(net["o.error"][:, c], -slope, atol=1e-9)


def test_any_number_of_whole_cycles_reads_the_same() -> None:
    h = np.linspace(-9, 9, 19)
    for cycles in (1, 2, 5):
        for o, s in zip(at_the_end(h, 4 * cycles), (1, -1)):
            np.testing.assert_array_equal(o, HingeCircuit(M, S, MU, EPSILON).wanted(h, s))


def test_it_starts_from_rest_in_every_presentation() -> None:
    """What o and t were left at does not show in the next presentation's error."""
    rng = np.random.default_rng(3)
    net = rc.Circuit()
    x = net.stimulus("x", 3)
    o = net.population("o", 3, rc.HingeOutput(M=M, S=S, mu=MU, epsilon=EPSILON))
    net.connect(x, o, weights=np.eye(3))
    net.phases("feedforward", 1 * ms, "error", 4 * ms, "plasticity", 1 * ms)
    h, y = rng.uniform(-9, 9, (60, 3)), rng.integers(0, 3, 60)
    trace = net.run({"x": h, "s": y}, record="o.error")
    np.testing.assert_array_equal(trace["o.error"][5::6], amit.hinge_delta(h, y, S, MU))


def test_all_batch_elements_and_units_go_their_own_way() -> None:
    rng = np.random.default_rng(4)
    net = rc.Circuit(batch_size=7)
    x = net.stimulus("x", 3)
    o = net.population("o", 3, rc.HingeOutput(M=M))
    net.connect(x, o, weights=np.eye(3))
    net.phases("feedforward", 1 * ms, "error", 4 * ms, "plasticity", 1 * ms)
    h, y = rng.uniform(-9, 9, (28, 3)), rng.integers(0, 3, 28)
    for k in range(4):
        net.run({"x": h, "s": y}, order=[np.arange(7 * k, 7 * k + 7)])
        np.testing.assert_array_equal(net["o.error"], amit.hinge_delta(h, y, S, MU)[7 * k : 7 * k + 7])


# --- outside of what it was made for ----------------------------------------------------------------------------------


def test_beyond_M_is_counted() -> None:
    inside = np.nextafter(M, 0)
    h = np.array([0.0, inside, -inside, M, -M, M + 1, -M - 1, 100])
    net = alone(len(h))
    show(net, h)
    np.testing.assert_array_equal(net["o.beyond"].T, [[0, 0, 0, 1, 1, 1, 1, 1]] * 2)
    show(net, [50.0] * len(h))
    np.testing.assert_array_equal(net["o.beyond"].T, [[1, 1, 1, 2, 2, 2, 2, 2]] * 2)
    show(net, h, learn=False)
    assert net["o.beyond"].max() == 2, "an evaluation counted"


def test_beyond_M_it_sticks_as_the_reference_does() -> None:
    h = np.array([-M - 1, M, M + 1, -M, 3 * M])
    up, down = at_the_end(h)
    for o, s in ((up, 1), (down, -1)):
        np.testing.assert_array_equal(o, HingeCircuit(M, S, MU, EPSILON).step_by_step(h, s, 4).o[-1])
    assert up[0] == 0 and up[1] == 1  # the docstring's two examples


# --- its parameters ---------------------------------------------------------------------------------------------------


def test_mu_and_S_of_the_built_circuit_can_be_changed() -> None:
    net = alone(2)

    def errors() -> list[list[float]]:
        show(net, [2.0, -2.0])
        return net["o.rate"].tolist()

    assert errors() == [[0, -0.1], [1, 0]]
    net["o.S"] = 3
    assert errors() == [[1, -0.1], [1, -0.1]]
    net["o.mu"] = net["t.mu"] = 0.5
    assert errors() == [[1, -0.5], [1, -0.5]]


@pytest.mark.parametrize(
    "parameters",
    [dict(M=1, S=1), dict(S=-1), dict(mu=0), dict(mu=1), dict(epsilon=0), dict(epsilon=-1), dict(repair="magic")],
)
def test_parameters_that_make_no_circuit(parameters: dict[str, Any]) -> None:
    with pytest.raises(rc.RecircuitError, match="HingeOutput"):
        rc.HingeOutput(**parameters)


# --- continuous time --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [2, 4, 10])
@pytest.mark.parametrize("case", CASES)
def test_with_time_constants_it_is_the_references_euler(case: str, ratio: int) -> None:
    h, s = CASES[case]
    steps = 30 * ratio
    trace = traces(h, s, steps, tau=ratio * ms)
    o, t, _ = HingeCircuit(M, S, MU, EPSILON).relax(h, s, steps, ratio)
    np.testing.assert_allclose(trace["o.rate"], o[1:], rtol=0, atol=1e-12)
    np.testing.assert_allclose(trace["t.rate"], t[1:], rtol=0, atol=1e-12)


@pytest.mark.parametrize("ratio, mean", [(2, 0.79), (4, 0.89), (10, 0.95)])
def test_as_printed_it_does_not_shut_off(ratio: int, mean: float) -> None:
    found = cycle(traces(5, 1, 100 * ratio, tau=ratio * ms)["o.rate"], ratio)
    assert found.mean == pytest.approx(mean, abs=0.01) and found.low > 0.25


@pytest.mark.parametrize("ratio", [2, 10])
@pytest.mark.parametrize("h, s, mean", [(5, 1, 0.55), (-5, -1, -0.1)])
def test_repaired_by_hysteresis_its_mean_is_that_of_step_by_step_mode(
    ratio: int, h: float, s: float, mean: float
) -> None:
    found = cycle(traces(h, s, 100 * ratio, tau=ratio * ms, repair="hysteresis")["o.rate"], ratio)
    assert found.mean == pytest.approx(mean, abs=0.02)
    assert np.abs([found.low, found.high]).min() < 0.06


@pytest.mark.parametrize("ratio", [2, 10])
def test_repaired_by_a_delay_it_comes_near_zero(ratio: int) -> None:
    found = cycle(traces(5, 1, 100 * ratio, tau=ratio * ms, repair="delay")["o.rate"], ratio)
    assert 0 < found.low < 0.05 and found.high > 1.05


@pytest.mark.parametrize("repair", ["", "hysteresis", "delay"])
@pytest.mark.parametrize("h, s, wanted", [(0.5, 1, 1), (S, 1, 1), (-0.5, -1, -MU), (-S, -1, -MU)])
def test_where_an_update_is_wanted_it_settles_at_it(h: float, s: float, wanted: float, repair: str) -> None:
    o = traces(h, s, 300, tau=5 * ms, repair=repair)["o.rate"][-1]
    assert o == pytest.approx(wanted, rel=1e-9)


def test_hysteresis_in_step_by_step_mode_is_the_printed_circuit() -> None:
    h = np.linspace(-9, 9, 37)
    np.testing.assert_array_equal(at_the_end(h, repair="hysteresis"), at_the_end(h))


# --- the controls -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "output, loss",
    [(rc.SoftmaxOutput(), "softmax"), (rc.SoftmaxOutput(largest="m"), "softmax"), (rc.SquaredOutput(), "mse")],
    ids=["softmax", "shifted", "squared"],
)
def test_the_controls_compute_their_deltas(output: Any, loss: str) -> None:
    rng = np.random.default_rng(5)
    net = rc.Circuit(batch_size=9)
    x = net.stimulus("x", 4)
    o = net.population("o", 4, output)
    net.connect(x, o, weights=np.eye(4))
    net.phases("feedforward", 1 * ms, "error", output.error_steps * ms, "plasticity", 1 * ms)
    h, y = rng.normal(0, 3, (9, 4)), rng.integers(0, 4, 9)
    net.run({"x": h, "s": y})
    np.testing.assert_allclose(net["o.error"], amit.output_delta(h, y, loss), rtol=0, atol=1e-14)


@pytest.mark.parametrize("output", [rc.SoftmaxOutput(), rc.SoftmaxOutput(largest="m")], ids=["clipped", "shifted"])
def test_softmax_of_large_fields_stays_finite(output: Any) -> None:
    net = rc.Circuit(precision="float32")
    x = net.stimulus("x", 3)
    o = net.population("o", 3, output)
    net.connect(x, o, weights=np.eye(3))
    net.phases("feedforward", 1 * ms, "error", output.error_steps * ms)
    net.run({"x": [[1000.0, -1000, 0]], "s": [1]})
    np.testing.assert_allclose(net["o.error"], [[-1, 1, 0]], atol=1e-6)
