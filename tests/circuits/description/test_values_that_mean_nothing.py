"""What a declaration cannot mean is refused in words: times below 0, numbers out of range, names that nothing reads, units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from brian2 import Hz, ms, mV

import recircuit as rc
from recircuit.plasticity.modifiers import quantisation

X = np.ones((2, 3))


def circuit(**options: Any) -> rc.Circuit:
    """Return a stimulus of three units, and two units with a time constant."""
    net = rc.Circuit(dt=1 * ms)
    h = net.population("h", 2, rc.pyramidal(tau=5 * ms), **options)
    net.connect(net.stimulus("x", 3), h)
    net.phases("feedforward", 2 * ms)
    return net


def trace(tau: Any) -> rc.Rule:
    return rc.Rule("r", source="s", forward="dp/dt = (x_pre - p)/tau\ndw = p", traces=("p",), parameters={"tau": tau})


def assigned(key: str, value: Any) -> None:
    circuit()[key] = value


# --- time constants ---------------------------------------------------------------------------------------------------

TIMES: dict[str, Callable[[Any], object]] = {
    "neuron": lambda tau: rc.Neuron("basal : 1 (compartment)\ndv/dt = (basal - v)/tau : 1\nrate = v : 1", tau=tau),
    "in a sum": lambda tau: rc.Neuron("drate/dt = -rate/(2*ms + tau) : 1", tau=tau),
    "through a name": lambda tau: rc.Neuron("speed = 1/tau : Hz\ndrate/dt = -speed*rate : 1", tau=tau),
    "of each unit": lambda tau: circuit(tau=np.array([1, float(tau / ms)]) * ms),
    "population": lambda tau: circuit(tau=tau),
    "set": lambda tau: assigned("h.tau", tau),
    "set for each unit": lambda tau: assigned("h.tau", [1 * ms, tau]),
    "state": lambda tau: circuit().set_state({"h.rate": 1.0, "h.tau": float(tau)}),
    "parameter of each unit": lambda tau: rc.Circuit().population(
        "h", 2, rc.Neuron("own : second\ndrate/dt = -rate/own : 1"), initial={"own": tau}
    ),
    "output": lambda tau: rc.Circuit().population("o", 2, rc.HingeOutput(tau=tau)),
    "rule": trace,
    "changed rule": lambda tau: trace(1 * ms).with_parameters(tau=tau),
}  # fmt: skip


@pytest.mark.parametrize("tau", [-1 * ms, 0 * ms, -1e-30 * ms])
@pytest.mark.parametrize("way", TIMES)
def test_a_time_by_which_an_equation_divides_is_above_0(way: str, tau: Any) -> None:
    if way == "in a sum" or (tau == 0 * ms and way == "of each unit"):
        tau = -5 * ms
    with pytest.raises(rc.RecircuitError, match="a time above 0, like a time constant; got"):
        TIMES[way](tau)


@pytest.mark.parametrize("way", TIMES)
def test_a_time_constant_above_0_is_used(way: str) -> None:
    TIMES[way](3 * ms)


def test_other_times_may_be_negative_and_a_refused_state_leaves_all_as_it_was() -> None:
    rc.Neuron("rate = int(t > late) : 1 (during p)", late=-3 * ms)
    net = circuit()
    with pytest.raises(rc.RecircuitError, match=r"h\.tau"):
        net.set_state({"h.rate": 7.0, "h.tau": -1.0})
    assert (net["h.rate"] == 0).all() and net["h.tau"] == 5 * ms


# --- names that nothing reads -----------------------------------------------------------------------------------------


UNREAD: list[dict[str, Any]] = [
    {"parameters": {"rate": 1.0, "other": 2.0}}, {"state": ("other",)}, {"traces": ("other",)}, {"broadcasts": ("other",)},
]  # fmt: skip


@pytest.mark.parametrize("declared", UNREAD)
def test_what_no_equation_of_a_rule_reads_is_refused(declared: dict[str, Any]) -> None:
    with pytest.raises(rc.RecircuitError, match="no equation reads `other`, which would have no effect"):
        rc.Rule("r", source="s", forward="dw = rate*x_pre", **({"parameters": {"rate": 1.0}} | declared))


def test_a_state_that_only_the_feedback_weights_read_is_read() -> None:
    rule = rc.Rule(
        "r", source="s", forward="dw = x_pre", feedback=rc.Transpose("mirror"), local=False, state=("mirror",)
    )
    assert rule.state == {"mirror": 0.0}


def test_a_parameter_that_no_equation_of_a_neuron_reads_is_refused() -> None:
    with pytest.raises(rc.RecircuitError, match="no equation reads 'taus'.*Did you mean `tau`"):
        rc.Neuron("drate/dt = -rate/tau : 1", tau=1 * ms, taus=2 * ms)


# --- modifiers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change, message", [
    (lambda r: r.with_momentum(2), "momentum is at least 0 and below 1; got 2"),
    (lambda r: r.with_momentum(1), "momentum is at least 0 and below 1"),
    (lambda r: r.with_momentum(-0.1), "momentum is at least 0"),
    (lambda r: r.with_momentum(float("nan")), "momentum must be a finite number"),
    (lambda r: r.with_adam(beta1=1.0), "beta1 is at least 0 and below 1"),
    (lambda r: r.with_adam(beta2=-1), "beta2 is at least 0"),
    (lambda r: r.with_adam(epsilon=-1e-8), "epsilon is at least 0"),
    (lambda r: r.with_weight_decay(1e-3).with_adam(), "not every term is `rate` times something"),
    (lambda r: r.with_momentum(0.9).with_adam(), "in `dw = velocity` not every term is `rate` times something"),
    (lambda r: r.with_rate_decay(1e-3).with_adam(), "Call with_adam\\(\\) first"),
    (lambda r: r.with_weight_limit((0, 1), 5), "has both limits; got 5 too"),
    (lambda r: r.modified(quantisation(10**9, 0.1)), "bits is at least 1 and at most 64"),
    (lambda r: r.with_weight_decay(-1e-3), "weight_decay is at least 0"),
    (lambda r: r.with_rate_decay(-1), "rate_decay is at least 0"),
    (lambda r: r.with_rate_steps(-5), "a number of updates is at least 0"),
    (lambda r: r.with_rate_steps(1.5), "counted in whole numbers; got 1.5"),
    (lambda r: r.with_rate_steps(5, factor=-1), "factor is at least 0"),
])  # fmt: skip
def test_numbers_of_modifiers_are_held_against_their_range(change: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(rc.RecircuitError, match=message):
        change(rc.urfb)


def test_numbers_at_the_ends_of_a_range_are_used() -> None:
    assert rc.urfb.with_momentum(0).parameters["momentum"] == 0
    assert rc.urfb.with_adam(epsilon=0).parameters["epsilon"] == 0
    continuous = rc.Rule("r", source="s", forward="dw/dt = rate*x_pre", parameters={"rate": 1 * Hz})
    assert continuous.with_weight_decay(2 * Hz).parameters["weight_decay"] == 2


# --- lists of quantities ----------------------------------------------------------------------------------------------


def live(value: Any) -> None:
    with circuit().live(backend="numpy") as loop:
        loop.present({"x": value})


def connected(**options: Any) -> None:
    net = rc.Circuit()
    net.connect(net.stimulus("x", 3), net.population("h", 2, rc.pyramidal()), **options)
    net.phases("feedforward", 2 * ms)
    net.run(X, backend="numpy")


ROW = [1 * mV, 2 * mV, 3 * mV]
STATE = rc.Rule("r", source="s", forward="dw = el", state=("el",)).forward
LISTS: dict[str, Callable[[], object]] = {
    "weights": lambda: connected(weights=[ROW, ROW]),
    "weights of a function": lambda: connected(weights=lambda rng, shape: [ROW, ROW]),
    "state of a rule": lambda: connected(rule=STATE, states={"el": [ROW, ROW]}),
    "delays": lambda: connected(delay=[ROW, ROW]),
    "data": lambda: circuit().run([ROW], backend="numpy"),
    "data by name": lambda: circuit().run({"x": (ROW,)}, backend="numpy"),
    "closed loop": lambda: live(ROW),
    "outputs": lambda: rc.layered([3, 2]).outputs([ROW]),
    "constant": lambda: rc.Circuit().constant("c", 3, value=ROW),  # type: ignore[arg-type]
    "value": lambda: assigned("h.rate", ROW[:2]),
    "state": lambda: circuit().set_state({"h.rate": ROW[:2]}),  # type: ignore[dict-item]
    "element": lambda: circuit()["h.rate"].__setitem__(0, ROW[:2]),
    "of another unit": lambda: assigned("h.tau", ROW[:2]),
    "some with a unit": lambda: circuit().run([[0, 0, 3 * mV]], backend="numpy"),
    "weights by name": lambda: circuit().load_weights({"x_to_h": [ROW, ROW]}),
    "samples": lambda: rc.Dataset.from_arrays("d", [ROW], [0], [ROW], [0]),
    "labels": lambda: rc.Dataset.from_arrays("d", X, [0 * mV, 1 * mV], X, [0, 1]),
}  # fmt: skip


@pytest.mark.parametrize("way", LISTS)
def test_a_list_of_quantities_does_not_lose_its_unit(way: str) -> None:
    with pytest.raises(rc.RecircuitError, match="plain number|dimension|delay is a time|no array|like 5. ms"):
        LISTS[way]()


def test_a_list_of_times_is_used_where_times_are_meant() -> None:
    net = circuit(tau=[1 * ms, 2 * ms])
    assert (net["h.tau"] == [[0.001, 0.002]]).all()
    net["h.tau"] = [3 * ms, 4 * ms]
    assert (net["h.tau"] == [[0.003, 0.004]]).all()
    net["h.tau"][0] = [5 * ms, 6 * ms]
    assert (net["h.tau"] == [[0.005, 0.006]]).all()
    connected(delay=[[0 * ms, 1 * ms, 1 * ms]] * 2)


# --- a closed loop is open within its block ---------------------------------------------------------------------------


def test_a_closed_loop_presents_within_its_block_only() -> None:
    loop = circuit().live(backend="numpy")
    with pytest.raises(rc.RecircuitError, match="inside its with block"):
        loop.present()
    for _ in range(2):
        with loop:
            loop.present({"x": np.ones(3)}, read="h.rate")
        with pytest.raises(rc.RecircuitError, match="inside its with block"):
            loop.present()


def test_a_class_as_the_row_of_a_target_is_refused_with_the_way_to_show_it() -> None:
    net = rc.Circuit()
    net.target("t", 2)
    net.phases("feedforward", 1 * ms)
    with pytest.raises(rc.RecircuitError, match=r"shape \(rows, 2\); got \(4, 1\).*np\.eye\(2\)\[labels\]"):
        net.run({"t": np.array([[0], [1], [1], [0]])}, backend="numpy")
    with pytest.raises(rc.RecircuitError, match=r"got \(4, 1\), whose rows have 1 values\.$"):
        net.run({"t": np.full((4, 1), 0.5)}, backend="numpy")


HUGE = 10**400
TOO_LARGE: dict[str, Callable[[], object]] = {
    "neuron": lambda: rc.Neuron("rate = g : 1", g=HUGE),
    "population": lambda: rc.Circuit().population("h", 1, rc.Neuron("rate = g : 1", g=1.0), g=HUGE),
    "initial": lambda: circuit(initial={"rate": HUGE}),
    "initial of units": lambda: circuit(initial={"rate": [HUGE, 1]}),
}


@pytest.mark.parametrize("give", TOO_LARGE.values(), ids=TOO_LARGE)
def test_whole_numbers_that_are_too_large_for_double_precision_are_refused(give: Callable[[], object]) -> None:
    with pytest.raises(rc.RecircuitError, match="larger than any number in double precision"):
        give()


@pytest.mark.parametrize(
    "line",
    ["v = 1 : 1 (stored, during p)", "v = 1 : 1 (constant over dt, after p)", "v : 1 (compartment, broadcast)"],
)
def test_flags_that_contradict_each_other_are_refused(line: str) -> None:
    with pytest.raises(rc.RecircuitError, match="'v' has the flags .* which contradict each other"):
        rc.Neuron(f"rate = 0 : 1\n{line}")
