"""What a declaration may say: which synapses there are, how they and the units begin, and what is refused at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV
from scipy import sparse

import recircuit as rc
from recircuit.circuits.description.projections.initial import glorot_limit

HEBB = rc.Rule("hebb", source="test", forward="dw = .1*x_pre*x_post")
THERE = np.array([[1, 0, 1], [0, 1, 0]], dtype=bool)
X = np.array([[1.0, 2.0, 4.0]])


def made(size: int = 2, **options: Any) -> rc.Circuit:
    """Return a circuit from x (3 units) to h, for one step."""
    net = rc.Circuit()
    x, h = net.stimulus("x", 3), net.population("h", size, rc.pyramidal("linear"))
    net.connect(x, h, **options)
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
    return net


def recurrent(n: int = 5, **options: Any) -> rc.Circuit:
    net = rc.Circuit(seed=3)
    h = net.population("h", n, rc.pyramidal("tanh"), initial={"rate": np.linspace(0.1, 1, n)})
    net.connect(h, h, **options)
    net.phases("feedforward", 2 * ms, "plasticity", 1 * ms)
    return net


# --- which synapses there are -----------------------------------------------------------------------------------------

LISTED: dict[str, Any] = {
    "an array": THERE,
    "a sparse matrix": sparse.csr_array(THERE),
    "pairs": (np.array([0, 2, 1]), [0, 0, 1]),
    "Given": rc.Given(THERE),
}


@pytest.mark.parametrize("lowering", ["dense", "reference"])
@pytest.mark.parametrize("form", LISTED)
def test_the_synapses_that_are_listed_are_those_that_there_are(form: str, lowering: str) -> None:
    net = rc.Circuit(lowering=lowering)
    x, h = net.stimulus("x", 3), net.population("h", 2, rc.pyramidal("linear"))
    net.connect(x, h, weights=np.arange(1.0, 7).reshape(2, 3), connectivity=LISTED[form], rule=HEBB)
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
    net.run(X)
    w = np.arange(1.0, 7).reshape(2, 3) * THERE
    np.testing.assert_allclose(net["h.rate"], X @ w.T)
    np.testing.assert_allclose(net["x_to_h.w"], w + 0.1 * THERE * np.outer(w @ X[0], X[0]))


def test_sparse_weights_say_which_synapses_there_are() -> None:
    w = sparse.coo_array(([2.0, 0.0], ([0, 1], [2, 1])), shape=(2, 3))
    net = made(weights=w, rule=HEBB)
    assert net["x_to_h"].connectivity.mask(3, 2, np.random.default_rng(0)).tolist() == [[0, 0, 1], [0, 1, 0]]
    net.run(X)
    assert net["x_to_h.w"].tolist() == [[0, 0, 2 + 0.1 * 8 * 4], [0, 0, 0]]


@pytest.mark.parametrize("wrong", [np.ones((3, 2), bool), np.full((2, 3), 0.5), np.ones(3, bool), ([0], [2]), ([0, 0], [1, 1]),
                                   ([0], [1, 2]), ([-1], [0]), (["a"], ["b"]), ([[0]], [[1]])], ids=range(9))  # fmt: skip
def test_a_list_of_synapses_that_does_not_fit_is_refused(wrong: Any) -> None:
    with pytest.raises(rc.RecircuitError, match=r"connectivity|Given"):
        made(connectivity=wrong)


@pytest.mark.parametrize("of", [None, rc.Masked(0.5), rc.Given(np.ones((5, 5), bool))])
def test_autapses_are_left_out(of: Any) -> None:
    net = recurrent(weights=0.1, rule=HEBB, connectivity=of, autapses=False)
    net.run(presentations=3)
    w = net["h_to_h.w"]
    assert not w.diagonal().any() and (w != 0).any()


def test_a_diagonal_that_would_grow_is_named() -> None:
    with pytest.warns(UserWarning, match="h_to_h: the weights of the units to themselves begin at 0.*autapses=False"):
        recurrent(weights=-0.1 * (1 - np.eye(5)), rule=HEBB)
    net = recurrent(weights=-0.1 * (1 - np.eye(5)), rule=HEBB, autapses=True)
    net.run(presentations=2)
    assert net["h_to_h.w"].diagonal().any()


def test_two_projections_between_the_same_units_add_up() -> None:
    net = rc.Circuit()
    x, h = net.stimulus("x", 3), net.population("h", 2, rc.pyramidal("linear"))
    fast = net.connect(x, h, weights=1.0)
    slow = net.connect(x, h, weights=10.0, name="slow", rule=HEBB)
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
    trace = net.run(X, record=["h.basal", "h.basal_x", "h.basal_slow"])
    assert (fast.field, slow.field) == ("basal_x", "basal_slow")
    assert [trace[f"h.{name}"][0, 0] for name in ("basal", "basal_x", "basal_slow")] == [77, 7, 70]
    np.testing.assert_allclose(net["slow.w"], 10 + 0.1 * 77 * np.tile(X, (2, 1)))


# --- how weights begin ------------------------------------------------------------------------------------------------


def test_autapses_of_populations_of_other_sizes_are_refused() -> None:
    net = rc.Circuit()
    x, h = net.stimulus("x", 1), net.population("h", 3, rc.pyramidal())
    with pytest.raises(rc.RecircuitError, match="x_to_h: NoAutapses.*got 1 and 3 units"):
        net.connect(x, h, connectivity=rc.NoAutapses(rc.Dense()))


@pytest.mark.parametrize(
    "connectivity",
    [rc.Masked(0.1), rc.Dense(), rc.Blocks(4), rc.Given(np.random.default_rng(1).random((400, 400)) < 0.1)],
)
def test_the_radius_of_random_recurrent_weights_is_the_gain(connectivity: rc.Connectivity) -> None:
    net = recurrent(400, weights=rc.normal(scaled_by=1.5), connectivity=connectivity)
    assert np.abs(np.linalg.eigvals(net["h_to_h.w"])).max() == pytest.approx(1.5, rel=0.08)


def test_glorot_counts_the_synapses_that_there_are_or_those_that_were_possible() -> None:
    net = recurrent(100, weights=rc.glorot(), connectivity=rc.Masked(0.1))
    w = net["h_to_h.w"]
    mean = np.count_nonzero(w) / 100
    assert 0.97 * np.sqrt(3 / mean) < np.abs(w).max() <= np.sqrt(3 / mean)
    every = recurrent(100, weights=rc.glorot(counting="possible"), connectivity=rc.Masked(0.1))["h_to_h.w"]
    np.testing.assert_allclose(every * np.sqrt(100 / mean), w, rtol=1e-12)
    assert glorot_limit((3, 5)) == np.sqrt(6 / 8)


@pytest.mark.parametrize(
    "limits, low, high", [((0, None), 0, 9), (((0, 1),), 0, 1), ((None, 0.5), -9, 0.5), ((0.5,), -0.5, 0.5)]
)
def test_limits_of_weights(limits: tuple[Any, ...], low: float, high: float) -> None:
    rule = rc.Rule("up and down", source="test", forward="dw = x_pre").with_weight_limit(*limits)
    net = made(weights=0.0, rule=rule)
    net.run([[-3.0, 0.2, 3.0]])
    np.testing.assert_allclose(net["x_to_h.w"][0], np.clip([-3.0, 0.2, 3.0], low, high))


def test_a_unit_is_excitatory_or_inhibitory_for_ever() -> None:
    signs = np.array([1, -1, 1])
    rule = rc.Rule("down", source="test", forward="dw = -x_pre").with_signs()
    net = made(weights=rc.signed(np.full((2, 3), 0.5), signs), rule=rule, states={"polarity": signs})
    net.run([[0.25, 0.25, 5.0]])
    assert net["x_to_h.w"].tolist() == [[0.25, -0.75, 0]] * 2


def test_weights_of_one_dimension_are_refused_and_those_of_a_row_or_column_are_not() -> None:
    """With as many pre as post units they could be for either. NumPy takes them for one value of each pre unit."""
    net = made(weights=np.array([[1.0, 2, 3]]))
    np.testing.assert_array_equal(net["x_to_h.w"], [[1, 2, 3], [1, 2, 3]])
    net["x_to_h.w"] = np.array([[1.0], [2.0]])
    np.testing.assert_array_equal(net["x_to_h.w"], [[1, 1, 1], [2, 2, 2]])
    row = np.array([1.0, 2, 3])
    for weights in (row, lambda rng, shape: row, rc.signed(row, [1, 1, -1])):
        with pytest.raises(rc.RecircuitError, match="does not say whether it is for pre or post units"):
            _ = made(weights=weights)["x_to_h.w"]
    with pytest.raises(rc.RecircuitError, match="does not say whether it is for pre or post units"):
        net["x_to_h.w"] = row


@pytest.mark.parametrize(
    "options, wrong",
    [
        (dict(weights=-1.0), "6 of the 6 .* which was not given and is 1"),
        (dict(weights=[[1, 1, 1], [1, -1, 1]], states={"polarity": [1, -1, 1]}), "1 of the 6 .* polarity. The first"),
    ],
)
def test_weights_that_begin_with_another_sign_than_they_keep_are_named(options: dict[str, Any], wrong: str) -> None:
    rule = rc.Rule("down", source="test", forward="dw = -x_pre").with_signs()
    with pytest.warns(UserWarning, match=wrong):
        made(rule=rule, **options)


def test_states_of_synapses_without_a_rule_are_refused() -> None:
    with pytest.raises(rc.RecircuitError, match="'polarity', and these synapses have no rule"):
        made(states={"polarity": 1})


# --- how rules are named, and what they read --------------------------------------------------------------------------


def test_a_rule_may_be_given_by_its_name() -> None:
    net = rc.Circuit()
    x, o = net.stimulus("x", 3), net.population("o", 2, rc.SquaredOutput())
    assert net.connect(x, o, rule="urfb").equation == rc.urfb.forward


def test_a_forward_rule_into_apical_is_refused() -> None:
    net = rc.Circuit()
    x, h = net.stimulus("x", 3), net.population("h", 2, rc.pyramidal())
    with pytest.raises(rc.RecircuitError, match="feedback equation, and 'hebb' has none.*rule=my_rule.forward"):
        net.connect(x, h, into="apical", rule=HEBB)
    assert net.connect(x, h, into="apical", rule=HEBB.forward).plastic


def test_a_constant_is_a_bias_for_a_rule_that_reads_any_variable() -> None:
    rule = rc.Rule("r", source="test", forward="dw = free_pre*x_post - x_pre*x_post")
    net = rc.Circuit()
    one, h = net.constant("one", value=3.0), net.population("h", 2, rc.pyramidal("linear"))
    net.connect(one, h, weights=2.0, rule=rc.Rule("s", source="test", forward="dw = free_pre*x_post"))
    net.connect(one, h, name="again", weights=0.0, rule=rule)
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
    net.run(presentations=1)
    assert net["one_to_h.w"].tolist() == [[2 + 3 * 6]] * 2 and not net["again.w"].any()


@pytest.mark.parametrize("lowering", ["dense", "reference"])
def test_a_transpose_may_be_negative(lowering: str) -> None:
    net = rc.Circuit(lowering=lowering)
    x, h = net.stimulus("x", 3), net.population("h", 2, rc.pyramidal("linear"))
    back = net.population("back", 3, rc.pyramidal("linear"))
    up = net.connect(x, h, weights=np.arange(6.0).reshape(2, 3))
    net.connect(h, back, weights=-up.elsewhere(flipped=True))
    net.phases("feedforward", 2 * ms)
    net.run(X)
    w = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(net["back.rate"], -X @ w.T @ w)
    np.testing.assert_allclose(net["h_to_back.w"], -w.T)
    with pytest.raises(rc.RecircuitError, match="reads the weights of 'x_to_h'; set those"):
        net["h_to_back.w"] = 1.0


@pytest.mark.parametrize("lowering", ["dense", "reference"])
@pytest.mark.parametrize(
    "connectivity", [([0, 2, 1], [0, 0, 1]), THERE, rc.Masked(0.5)], ids=["pairs", "array", "drawn"]
)
def test_a_transpose_has_the_synapses_of_its_owner(connectivity: Any, lowering: str) -> None:
    """From 3 to 2 units and back, the synapses of the way back are those of the way up, also where they are counted."""
    net = rc.Circuit(lowering=lowering, seed=3)
    x = net.stimulus("x", 3)
    below, above = (net.population(name, size, rc.pyramidal("linear")) for name, size in (("below", 3), ("above", 2)))
    net.connect(x, below, weights=1.0, connectivity=rc.OneToOne())
    up = net.connect(below, above, weights=rc.normal(1.0), connectivity=connectivity)
    net.connect(above, below, into="apical", sends="rate", weights=up.T, during="feedforward")
    net.phases("feedforward", 3 * ms)
    net.run(X)
    w = net["below_to_above.w"]
    np.testing.assert_allclose(net["below.apical"], X @ w.T @ w)
    there = np.count_nonzero(w)
    assert 0 < there < 6 and f"{3 + 2 * there} synapses, {3 + there} parameters" in str(net.summary())


def test_a_transpose_is_divided_by_a_number() -> None:
    up = made()["x_to_h"]
    assert up.T / 4 == up.T * 0.25
    for divisor in (0, "a"):
        with pytest.raises(rc.RecircuitError, match="divided by a finite number that is not 0"):
            _ = up.T / divisor


@pytest.mark.parametrize("options", [dict(weights=np.zeros((3, 4))), dict(weights="abc"), dict(weights=[[np.nan] * 3] * 2),
                                     dict(rule=rc.Rule("r", source="t", forward="m = w\ndw = m", state=("m",)),
                                          states={"m": np.zeros(7)})])  # fmt: skip
def test_weights_that_do_not_fit_are_refused_at_connect(options: dict[str, Any]) -> None:
    net = rc.Circuit()
    x, h = net.stimulus("x", 3), net.population("h", 2, rc.pyramidal())
    with pytest.raises(rc.RecircuitError, match="connect x_to_h"):
        net.connect(x, h, **options)
    assert not net.projections


# --- how units begin --------------------------------------------------------------------------------------------------

LEAKY = "basal : 1 (compartment)\ndv/dt = (gain*basal - v)/tau : 1\nrate = v : 1\ngain : 1"


def test_variables_begin_with_their_declared_values() -> None:
    net = rc.Circuit(batch_size=2, seed=4)
    model = rc.Neuron("du/dt = -u/slow : volt\nslow : second\nrate = u/mV : 1")
    net.population("a", 3, model, initial={"u": [1, 2, 3] * mV, "slow": rc.lognormal(10 * ms, 0.5)})
    net.population(
        "b", 3, rc.Neuron(LEAKY, tau=10 * ms), tau=50 * ms, initial={"v": np.arange(6).reshape(2, 3)}, gain=2
    )
    net.phases("p", 1 * ms)
    net.run(presentations=1)
    slow = net["a.slow"]
    assert (slow[0] == slow[1]).all() and len(set(slow[0])) == 3 and 1e-3 < slow.min() < slow.max() < 1e-1
    np.testing.assert_allclose(net["a.u"], np.array([1, 2, 3]) * 1e-3 * (1 - 1e-3 / slow))
    np.testing.assert_allclose(net["b.v"], np.arange(6).reshape(2, 3) * (1 - 1 / 50))
    net.reset()
    assert net["b.v"].tolist() == [[0, 1, 2], [3, 4, 5]] and net["a.slow"].tolist() == slow.tolist()


@pytest.mark.parametrize("options, message", [
    (dict(nonsense=1), "'nonsense' is not an option.*'gain', 'tau', 'v'"),
    (dict(initial={"nonsense": 1}), "'nonsense' is not an option"),
    (dict(initial=3), "initial is a mapping"),
    (dict(initial={"v": [1, 2]}), r"shape \(3,\)"),
    (dict(initial={"v": "a"}), "expected a number"),
    (dict(initial={"v": np.nan}), "NaN"),
    (dict(initial={"v": 1 * ms}), "expected a plain number"),
    (dict(tau=3), "tau"),
    (dict(gain=1, initial={"gain": 1}), "given twice"),
])  # fmt: skip
def test_what_a_population_cannot_begin_with_is_refused(options: dict[str, Any], message: str) -> None:
    net = rc.Circuit()
    with pytest.raises(rc.RecircuitError, match=message):
        net.population("p", 3, rc.Neuron(LEAKY, tau=10 * ms), **options)
    assert not net.populations


def test_a_parameter_that_nobody_set_is_refused_and_one_set_by_hand_is_kept() -> None:
    net = rc.Circuit()
    net.population("p", 3, rc.Neuron(LEAKY, tau=10 * ms))
    net.phases("p1", 1 * ms)
    with pytest.raises(rc.RecircuitError, match="'p': the parameter 'gain' of each unit is read, and was not set"):
        net.run(presentations=1)
    net["p.gain"] = 2.0
    net.run(presentations=1)
    net.reset()
    assert net["p.gain"].tolist() == [[2, 2, 2]]


# --- values -----------------------------------------------------------------------------------------------------------


def test_single_elements_are_set_in_the_circuit() -> None:
    net = made(weights=0.5)
    net["h.rate"][0, 1] = 3
    net["x_to_h.w"][1][2] = 9
    net["x_to_h"]["w"][0, :2] = [7, 8]
    assert net["h.rate"].tolist() == [[0, 3]] and net["x_to_h.w"].tolist() == [[7, 8, 0.5], [0.5, 0.5, 9]]
    twice = 2 * net["h.rate"]
    twice[:] = 0
    assert type(twice) is np.ndarray and net["h.rate"].max() == 3
    with pytest.raises(rc.RecircuitError, match="'h.basal' is not stored"):
        net["h.basal"][0, 0] = 1


def test_what_is_read_can_be_set() -> None:
    net = made()
    net.population("b", 2, rc.Neuron(LEAKY, tau=10 * ms), gain=1)
    for key in ("b.tau", "b.gain", "b.v", "x_to_h.w"):
        net[key] = net[key]
    assert float(net["b.tau"]) == 0.01


def test_states_of_synapses_may_have_a_unit() -> None:
    """The states are given, read, and set with their unit; a state in volt is not taken for a time."""
    rule = rc.Rule(
        "r", source="test", forward="dm/dt = (k*x_pre - m)/tau; dw = m/k", state=dict(m=1 * mV),
        parameters=dict(k=1 * mV, tau=10 * ms),
    )  # fmt: skip

    def connected(**options: Any) -> rc.Circuit:
        net = rc.Circuit()
        net.connect(net.stimulus("x", 2), net.population("h", 3, rc.pyramidal()), weights=0.1, rule=rule, **options)
        net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
        return net

    net = connected(states={"m": 2 * mV})
    assert np.allclose(net["x_to_h.m"], 2e-3)
    net["x_to_h.m"] = 3 * mV
    for key in ("x_to_h.m", "x_to_h.tau", "x_to_h.w"):
        net[key] = net[key]
    net["x_to_h.m"][0, 1] = 0.004
    assert np.allclose(net["x_to_h.m"], [[3e-3, 4e-3], [3e-3, 3e-3], [3e-3, 3e-3]])
    with pytest.raises(rc.RecircuitError, match="connect x_to_h, m: the values are in V; got 2. \\* msecond"):
        connected(states={"m": 2 * ms})
    with pytest.raises(rc.RecircuitError, match="the values are plain numbers without a unit; got 1. \\* mvolt"):
        net.connect(net.populations["x"], net.populations["h"], weights=1 * mV, name="second")


@pytest.mark.parametrize("attempt, message", [
    (lambda net: setattr(net, "dt", 2 * ms), r"assigning to 'dt' would have no effect.*Circuit\(dt"),
    (lambda net: setattr(net, "batch_size", 2), "'batch_size' would have no effect"),
    (lambda net: setattr(net, "populations", 3), r"'populations' would have no effect. Use circuit.population"),
    (lambda net: setattr(net, "phases", 3), "'phases' cannot be assigned to"),
    (lambda net: setattr(net, "schedule", 3), r"Use circuit.phases\(\.\.\.\)"),
    (lambda net: setattr(net, "epoch", -1), "epoch is a whole number, at least 0"),
    (lambda net: setattr(net, "classes", 3), "classes is a tuple of names or None"),
    (lambda net: setattr(net["h"], "spread", {}), "'spread' would have no effect"),
    (lambda net: setattr(net["x_to_h"], "shape", (1, 1)), "'shape' cannot be assigned to"),
    (lambda net: net.set_state({"clock.timestep": -1}), "a number of steps, at least 0"),
    (lambda net: net.set_state({"clock.timestep": 2**53}), "below 2\\^53"),
    (lambda net: net.set_state({"clock.timestep": 1.5}), "clock.timestep is a whole number; got 1.5"),
    (lambda net: net.set_state({"clock.t": 1.0}), r"since it is clock.timestep\*dt"),
    (lambda net: net.__setitem__("clock.t", 1.0), r"since it is clock.timestep\*dt"),
    (lambda net: setattr(net, "stepsize", 2), "there is no attribute 'stepsize'"),
    (lambda net: setattr(net["h"], "size", 5), "population 'h': assigning to 'size'"),
    (lambda net: setattr(net["h"], "rate", 5), "there is no attribute 'rate'"),
    (lambda net: setattr(net["x_to_h"], "weights", 5), "'weights' would have no effect"),
    (lambda net: setattr(net["x_to_h"], "delay", 2), "'delay' would have no effect"),
    (lambda net: net.set_state({"h.rate": 1.0, "x_to_h.w": np.full((2, 3), np.nan)}), "x_to_h.w cannot be set to NaN"),
    (lambda net: net.set_state({"h.rate": 1.0, "h.nothing": 1}), "'h.nothing' is not stored"),
    (lambda net: net.set_state([1]), "expected a mapping"),
    (lambda net: net.__setitem__("h.rate", "a"), "set to numbers"),
    (lambda net: net.__setitem__("h.rate", [[1], [1, 2]]), "set to numbers"),
    (lambda net: net.__setitem__("h.rate", np.zeros(7)), "has the shape"),
    (lambda net: net.__setitem__(3, 1), "name of a variable is a text"),
    (lambda net: net[3], "there is no 3"),
])  # fmt: skip
def test_what_has_no_effect_or_does_not_fit_is_refused(attempt: Callable[[Any], Any], message: str) -> None:
    net = made()
    before = net.state()
    with pytest.raises(rc.RecircuitError, match=message):
        attempt(net)
    assert all(np.array_equal(v, before[k]) for k, v in net.state().items())


def test_the_time_follows_from_the_steps() -> None:
    net = made()
    net["clock.timestep"] = 7
    assert np.isclose(net["clock.t"], 7 * float(net.dt))
    net.set_state(net.state() | {"clock.timestep": 9})
    assert np.isclose(net["clock.t"], 9 * float(net.dt))


def test_a_number_too_large_for_the_precision_is_refused() -> None:
    net = rc.Circuit(precision="float32")
    net.population("h", 2, rc.pyramidal())
    net.phases("p", 1 * ms)
    for value in (1e300, 10**400):
        with pytest.raises(rc.RecircuitError, match=r"h\.rate"):
            net["h.rate"] = value


@pytest.mark.parametrize("lowering", ["dense", "reference"])
def test_the_sum_of_weights_counts_the_factor_of_a_transpose(lowering: str) -> None:
    net = rc.Circuit(lowering=lowering)
    a, b = net.stimulus("a", 3), net.population("b", 2, rc.pyramidal("linear"))
    summing = "basal : 1 (compartment)\ntotal : 1 (weights into basal)\nrate = total : 1 (during feedforward)"
    c = net.population("c", 3, rc.Neuron(summing))
    up = net.connect(a, b, weights=np.arange(6.0).reshape(2, 3))
    net.connect(b, c, weights=-2 * up.elsewhere(flipped=True))
    net.phases("feedforward", 1 * ms)
    net.run([[1.0, 1.0, 1.0]])
    np.testing.assert_allclose(net["c.rate"], [[-2 * 3, -2 * 5, -2 * 7]])


@pytest.mark.parametrize("lowering", ["dense", "reference"])
def test_the_sum_of_weights_is_of_now_while_a_transpose_is_closed(lowering: str) -> None:
    """The weights learn after the pathway back has closed, and the unit that sums them sees it."""
    net = rc.Circuit(lowering=lowering)
    a, b = net.stimulus("a", 3), net.population("b", 2, rc.pyramidal("linear"))
    summing = "basal : 1 (compartment)\ntotal : 1 (weights into basal)\nrate = total : 1 (during look)"
    c = net.population("c", 3, rc.Neuron(summing))
    up = net.connect(a, b, weights=np.arange(6.0).reshape(2, 3), rule=HEBB)
    net.connect(b, c, weights=up.elsewhere(flipped=True), during="feedforward")
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms, "look", 1 * ms)
    net.run(X)
    assert net["a_to_b.w"][1, 2] > 5
    np.testing.assert_allclose(net["c.rate"], net["a_to_b.w"].sum(axis=0, keepdims=True))


@pytest.mark.parametrize("two", [np.float32(2), np.int64(2), np.array(2.0), 2])
def test_single_numbers_of_numpy_are_parameters(two: Any) -> None:
    net = rc.Circuit()
    net.population("h", 3, rc.Neuron("rate = gain : 1", gain=two))
    net.population("i", 3, rc.Neuron("rate = gain : 1", gain=1), gain=two)
    net.phases("p", 1 * ms)
    assert np.array_equal(net["h.rate"], net["i.rate"]) and np.array_equal(net["h.rate"], [[2.0, 2, 2]])


def test_a_parameter_is_a_number() -> None:
    for given in (np.nan, np.nan * mV):
        with pytest.raises(rc.RecircuitError, match="parameters: gain is nan"):
            rc.Neuron("rate = gain*basal/gain : 1\nbasal : 1 (compartment)", gain=given)


def test_phases_are_named_in_any_collection() -> None:
    """A set has no order, so that its phases are sorted: a description of the circuit is the same in each process."""
    net = rc.Circuit()
    x = net.stimulus("x", 1, during={"b", "a", "c"})
    assert x.clamp is not None and x.clamp.during.phases == ("a", "b", "c")
    assert net.stimulus("y", 1, during=("b", "a", "b")).clamp.during.phases == ("b", "a")  # type: ignore[union-attr]
