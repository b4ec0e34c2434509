"""The circuit against something independent of it: Brian2's Synapses, NumPy, finite differences, separate circuits.

In step-by-step mode and float64, so that what is compared is equal up to the order of additions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import anything, distance, layered, masks_of, stimuli, textbook, weights
from reference import amit

import recircuit as rc
from recircuit.circuits import Connectivity, Masked, OneToOne
from recircuit.plasticity import RULES as REGISTERED
from recircuit.plasticity import SynapticEquation
from recircuit.testing import EXACT, element_differences, form_differences

RATE = dict(rate=0.3)
RULES: dict[str, rc.Rule] = {
    "urfb": rc.urfb.with_parameters(rate=0.3),
    "frfb": rc.frfb.with_parameters(rate=0.3),
    "bp": rc.bp.with_parameters(rate=0.3),
    "momentum": rc.urfb.with_parameters(rate=0.1).with_momentum(0.9),
    "weight decay": rc.urfb.with_weight_decay(1e-2),
    "rate decay": rc.urfb.with_rate_decay(0.5),
    "limits": rc.urfb.with_parameters(rate=0.3).with_weight_limit(0.4),
    "adam": rc.urfb.with_parameters(rate=0.1).with_adam(epsilon=0.1),
    "everything": rc.urfb.with_momentum(0.8).with_weight_decay(1e-2).with_rate_decay(0.1),
    "fused": rc.Rule(
        "quantised",
        source="Baldi",
        forward="dw = rate*clip(x_pre*error_post, -1, 1)",
        feedback="dw = rate*x_post/(2 + x_post**2 + x_pre**2)",
        parameters=RATE,
    ),
    "oja": rc.Rule("oja", source="Oja 1982", forward="dw = rate*x_post*(x_pre - x_post*w)", parameters=RATE),
    "traces": rc.Rule(
        "traces",
        source="test",
        forward="g = error_post*x_pre; m = .9*m + .1*g; s = .9*s + .1*g**2; dw = rate*m/(sqrt(s) + .1)",
        feedback="trace += .5*(error_pre*x_post - trace); w = .99*w + rate*trace",
        state={"m": 0, "s": 0.5, "trace": 0.1},
        parameters=RATE,
    ),
    "fields": rc.Rule("fields", source="test", forward="dw = rate*tanh(basal_post)*rate_pre - .01*w", parameters=RATE),
}
NOISE = rc.Rule("noise", source="test", forward="dw = rate*x_post*x_pre + .1*randn()", parameters=RATE)
OUTPUTS = {
    "hinge": rc.HingeOutput(M=20),
    "softmax": rc.SoftmaxOutput(),
    "squared": rc.SquaredOutput(),
    "squared, tanh": rc.SquaredOutput("tanh", off=-1.0),
}
STRUCTURES = {
    "forward masked": dict(forward=Masked(0.6)),
    "feedback masked": dict(feedback=Masked(0.6)),
    "both masked": dict(forward=Masked(0.5), feedback=Masked(0.7)),
}


def assert_same_runs(make: Callable[..., rc.Circuit], data: dict[str, np.ndarray], among: Iterable[str] = ()) -> None:
    """Check that both lowerings agree step by step, and in all that is left."""
    differences = form_differences(make, data, among)
    assert len(differences) > 5
    assert {name: value for name, value in differences.items() if not value < EXACT} == {}
    before, after = make(), make()
    after.run(data)
    changed = [k for k in after.state() if k.endswith("_to_o.w") and not np.array_equal(after[k], before[k])]
    assert changed, "nothing was learned, so nothing was compared"


# --- the dense lowering is the plain one ------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_dense_is_plain_for_every_rule(rule: str) -> None:
    def make(**options: Any) -> rc.Circuit:
        return layered(rule=RULES[rule], **options)

    assert_same_runs(make, stimuli(make(), 6))


PLASTIC = {
    f"{name}, {e.direction}": e
    for name, rule in {**REGISTERED, **RULES, "noise": NOISE}.items()
    for e in (rule.forward, rule.feedback)
    if e.plastic
}


def between_two(equation: SynapticEquation, connectivity: Connectivity | None, **options: Any) -> rc.Circuit:
    """Return two populations that have, set from outside, all that a rule reads, and a source for every broadcast."""

    def reading(names: Iterable[str]) -> rc.Neuron:
        return rc.Neuron(
            "\n".join(["field : 1 (compartment)", *(f"{n} : 1" for n in sorted({*names, "rate"} - {"x"}))])
        )

    net = rc.Circuit(**options)
    pre = net.population("one", 4, reading(equation.reads_pre))
    post = net.population("other", 4, reading(equation.reads_post))
    for name in equation.broadcasts:
        net.broadcast(net.population(f"source_{name}", 1, rc.Neuron("rate : 1")), name)
    net.connect(pre, post, into="field", rule=equation, connectivity=connectivity, name="p")
    net.phases("plasticity", 1 * ms)
    return net


def check_learns_alike(dense: rc.Circuit, plain: rc.Circuit) -> None:
    """Present a few times, each time with new states: the weights change, and in both lowerings to the same."""
    rng = np.random.default_rng(0)
    before = dense["p.w"]
    for _ in range(4):
        for key, value in plain.state().items():
            if value.ndim == 2 and not key.startswith("p.") and ".field" not in key:
                dense[key] = plain[key] = rng.uniform(0.2, 1.5, value.shape) * rng.choice([-1, 1], value.shape)
        for net in (dense, plain):
            net.run(presentations=1)
        assert distance(dense["p.w"], plain["p.w"]) < EXACT
    assert not np.array_equal(before, dense["p.w"])


SOME = [name for name in PLASTIC if name.partition(",")[0] in ("everything", "fused", "oja", "traces", "adam")]


@pytest.mark.parametrize(
    "equation, connectivity",
    [(name, None) for name in PLASTIC] + [(name, s) for name in SOME for s in (Masked(0.5), OneToOne())],
)
def test_dense_is_plain_for_every_equation(equation: str, connectivity: Connectivity | None) -> None:
    check_learns_alike(*(between_two(PLASTIC[equation], connectivity, lowering=way) for way in ("dense", "reference")))


@pytest.mark.parametrize("output", OUTPUTS)
def test_dense_is_plain_for_every_output(output: str) -> None:
    def make(**options: Any) -> rc.Circuit:
        return layered((6, 5, 4, 3), output=OUTPUTS[output], transfer="tanh", **options)

    assert_same_runs(make, stimuli(make(), 6))


@pytest.mark.parametrize(
    "connectivity, rule",
    [(s, r) for s in STRUCTURES for r in ("everything", "frfb", "fused", "traces")] + [("forward masked", "bp")],
)
def test_dense_is_plain_for_every_connectivity(connectivity: str, rule: str) -> None:
    def make(**options: Any) -> rc.Circuit:
        return layered(rule=RULES[rule], **STRUCTURES[connectivity], **options)

    assert_same_runs(make, stimuli(make(), 6))


def test_masks_are_drawn_separately_and_missing_synapses_never_grow() -> None:
    net = layered((8, 30, 20), forward=Masked(0.5), feedback=Masked(0.5))
    (_, up), (down,) = weights(net)
    assert not np.array_equal(up != 0, down.T != 0)
    assert 0.4 < np.mean(up != 0) < 0.6 and 0.4 < np.mean(down != 0) < 0.6
    net.run(stimuli(net, 10))
    (_, after), (after_down,) = weights(net)
    assert not np.array_equal(after, up) and np.array_equal(after != 0, up != 0)
    assert not np.array_equal(after_down, down) and np.array_equal(after_down != 0, down != 0)


@pytest.mark.parametrize("lowering", ["dense", "reference"])
@pytest.mark.parametrize("rule", ["traces", "momentum", "adam"])
def test_missing_synapses_have_no_state_that_could_be_read(rule: str, lowering: str) -> None:
    net = layered(forward=Masked(0.5), rule=RULES[rule], lowering=lowering)
    equation = net["h1_to_o"].equation
    assert equation is not None and equation.state
    for state in equation.state:
        net[f"h1_to_o.{state}"] = 0.3
    for _ in range(2):
        missing = net["h1_to_o.w"] == 0
        assert missing.any() and not missing.all()
        for state in equation.state:
            assert not net[f"h1_to_o.{state}"][missing].any() and net[f"h1_to_o.{state}"][~missing].all()
        net.run(stimuli(net, 5))


@pytest.mark.parametrize("rule", ["everything", "fused", "oja"])
def test_dense_is_plain_for_plastic_one_to_one(rule: str) -> None:
    def make(**options: Any) -> rc.Circuit:
        net = rc.Circuit(**options)
        x = net.stimulus("x", 4)
        h = net.population("h", 4, rc.pyramidal("tanh"))
        o = net.population("o", 4, rc.SquaredOutput())
        net.connect(x, h, rule=RULES[rule].forward, connectivity=OneToOne(), weights=0.7)
        net.connect(h, o, rule=RULES[rule].forward, connectivity=OneToOne(), weights=np.linspace(-1, 1, 4))
        net.connect(o, h, into="apical", rule=RULES[rule].feedback, connectivity=OneToOne(), weights=0.5)
        net.phases("feedforward", 2 * ms, "error", 1 * ms, "feedback", 1 * ms, "plasticity", 1 * ms)
        return net

    assert_same_runs(make, stimuli(make(), 6))


def modulated(batch_size: int = 1, rule: rc.Rule | None = None, **options: Any) -> rc.Circuit:
    """Return a circuit with broadcasts in rules and a neuron, overlapping phases, parameters of units, and recurrence."""
    rule = rule or rc.Rule(
        "reward",
        source="test",
        forward="dw = -rate*loss*error_post*x_pre",
        feedback="dw = rate*(loss - .1)*error_pre*x_post - .01*loss*w",
        parameters=RATE,
        broadcasts=("loss",),
    )
    net = rc.Circuit(batch_size=batch_size, **options)
    x = net.stimulus("x", 6)
    h = net.population("h", 5, rc.Neuron(
        """
        basal    : 1 (compartment)
        apical   : 1 (compartment)
        loss     : 1 (broadcast)
        gain     : 1
        drate/dt = (tanh(basal) - rate)/tau : 1 (during feedforward)
        error    = (1 + gain)*apical*(1 - rate**2) + .1*loss : 1 (during feedback)
        """,
        tau=1 * ms,
    ))  # fmt: skip
    o = net.population("o", 3, rc.SquaredOutput())
    reward = net.population("reward", 1, rc.Neuron("basal : 1 (compartment)\nrate = basal**2 : 1 (during judgement)"))
    net.connect(o, reward, weights=0.4, during="judgement", sends="error")
    net.broadcast(reward, "loss", during="judgement and feedback")
    net.connect(x, h, rule=rule)
    net.connect(h, h, weights=rc.normal(0.3))
    net.connect(h, o, rule=rule)
    net.connect(o, h, into="apical", rule=rule)
    net.phases(
        feedforward=(0 * ms, 3 * ms), error=(2 * ms, 4 * ms), judgement=(3 * ms, 6 * ms), feedback=(5 * ms, 7 * ms),
        plasticity=(6 * ms, 8 * ms),
    )  # fmt: skip
    net["h.gain"] = np.linspace(0, 1, 5)
    return net


def test_dense_is_plain_with_broadcasts_recurrence_and_overlapping_phases() -> None:
    assert_same_runs(modulated, stimuli(modulated(), 6))


def without_memory(order: tuple[int, ...], **options: Any) -> rc.Circuit:
    """Return a circuit of units whose rates are expressions of their inputs, in a loop, and of one that is broadcast."""
    net = rc.Circuit(**options)
    passes = "basal : 1 (compartment)\nrate = tanh(basal) : 1"
    x = net.stimulus("x", 3)
    a, b = (
        net.population(n, 3, rc.Neuron(f"received : 1 (broadcast)\n{passes}\nx = rate + received : 1")) for n in "ab"
    )
    one = net.population("one", 1, rc.Neuron(passes))
    actions = (
        lambda: net.connect(x, a, weights=np.eye(3)),
        lambda: net.connect(a, b, weights=np.tri(3), sends="x"),
        lambda: net.connect(b, a, weights=-0.5 * np.tri(3), name="back"),
        lambda: net.connect(b, one, weights=0.3),
        lambda: net.broadcast(one, "received"),
    )
    for k in order:
        actions[k]()
    net.phases("a", 6 * ms)
    return net


@pytest.mark.parametrize("lowering", ["dense", "reference"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 4, 0, 3, 1)])
def test_a_signal_passes_one_population_in_a_step_whatever_was_declared_first(lowering: str, order: Any) -> None:
    trace = without_memory(order, lowering=lowering).run(
        x := np.array([[0.4, -0.3, 0.8]]), record=["a.rate", "b.rate", "one.rate", "a.x"]
    )
    a = b = np.zeros(3)
    one = broadcast_value = 0.0
    for step in range(6):
        received = broadcast_value
        broadcast_value, one, a, b = (
            one,
            np.tanh(0.3 * b.sum()),
            np.tanh(x[0] - 0.5 * np.tri(3) @ b),
            np.tanh(np.tri(3) @ (a + received)),
        )
        for name, value in {"a.rate": a, "b.rate": b, "one.rate": one, "a.x": a + broadcast_value}.items():
            assert np.allclose(np.asarray(trace[name])[step], value, rtol=0, atol=EXACT), (name, step)


@pytest.mark.parametrize("seed", range(10))
def test_dense_is_plain_for_any_circuit(seed: int) -> None:
    dense, plain = (anything(seed, batch_size=1, lowering=lowering) for lowering in ("dense", "reference"))
    x = np.random.default_rng(seed).normal(size=(4, 3))
    for net in (dense, plain):
        net.run(x)
    left, right = dense.state(), plain.state()
    assert [k for k in right if k in left and distance(left[k], right[k]) > EXACT] == []


# --- B batch elements are B circuits -----------------------------------------------------------------------------------------


def check_batch_elements(make: Callable[..., rc.Circuit], data: dict[str, np.ndarray], batch_size: int) -> None:
    """Check after each presentation that weights are the mean over as many circuits with one batch element."""
    differences = element_differences(make, data, batch_size)
    assert differences and max(differences.values()) < EXACT, differences


LINEAR = ["urfb", "frfb", "bp", "momentum", "weight decay", "rate decay", "everything", "fused", "oja", "fields"]


@pytest.mark.parametrize("rule", LINEAR)
def test_batch_elements_are_circuits_of_their_own(rule: str) -> None:
    def make(**options: Any) -> rc.Circuit:
        return layered(rule=RULES[rule], **options)

    check_batch_elements(make, stimuli(make(), 12), 4)


@pytest.mark.parametrize("output", ["softmax", "squared, tanh"])
def test_batch_elements_are_circuits_of_their_own_for_every_output(output: str) -> None:
    def make(**options: Any) -> rc.Circuit:
        return layered((6, 5, 4, 3), output=OUTPUTS[output], transfer="tanh", **options)

    check_batch_elements(make, stimuli(make(), 6), 3)


def test_batch_elements_are_circuits_of_their_own_with_broadcasts() -> None:
    once = rc.Rule(
        "reward",
        source="test",
        forward="dw = -rate*loss*error_post*x_pre",
        feedback="dw = rate*clip(loss*error_pre*x_post, -.1, .1)",
        parameters=RATE,
        broadcasts=("loss",),
    )

    def make(**options: Any) -> rc.Circuit:
        net = modulated(rule=once, **options)
        net.phases(
            feedforward=(0 * ms, 3 * ms), error=(2 * ms, 4 * ms), judgement=(3 * ms, 6 * ms),
            feedback=(5 * ms, 7 * ms), plasticity=(6 * ms, 7 * ms),
        )  # fmt: skip
        return net

    check_batch_elements(make, stimuli(make(), 6), 3)


@pytest.mark.parametrize("rule", ["urfb", "bp", "everything", "fused", "oja"])
def test_a_last_batch_that_is_not_full(rule: str) -> None:
    """Empty batch elements count for nothing: the mean is over those present."""
    data = stimuli(layered(), 9)
    full = layered(rule=RULES[rule], batch_size=5)
    full.run(data, order=[[0, 1, 2, 3, 4], [5, 6, 7, 8, -1]])
    small = layered(rule=RULES[rule], batch_size=4)
    large = layered(rule=RULES[rule], batch_size=5)
    large.run(data, order=[[0, 1, 2, 3, 4]])
    kept = large.state()
    small.set_state({k: kept[k] for k, v in small.state().items() if kept[k].shape == v.shape and v.ndim != 2})
    small.set_state({k: kept[k] for k in small.state(weights_only=True)})
    small.run(data, order=[[5, 6, 7, 8]])
    for key, value in small.state(weights_only=True).items():
        assert distance(full[key], value) < EXACT, key


def test_data_that_do_not_fill_the_batch_are_presented_once_each() -> None:
    net = layered(batch_size=4)
    trace = net.run(stimuli(net, 9))
    assert trace.rows.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, -1, -1, -1]]


# --- the textbook -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["urfb", "frfb", "bp"])
@pytest.mark.parametrize(
    "output, loss, transfer",
    [
        (rc.HingeOutput(M=50, S=1, mu=0.1), "hinge", "clip"),
        (rc.HingeOutput(M=50, S=2, mu=0.3), "hinge", "tanh"),
        (rc.SoftmaxOutput(), "softmax", "logistic"),
        (rc.SquaredOutput(), "mse", "linear"),
    ],
    ids=["hinge", "hinge, S=2", "softmax", "squared"],
)
def test_training_is_the_textbook_algorithm(rule: str, output: Any, loss: str, transfer: str) -> None:
    sizes = (6, 8, 7, 5, 4)
    net = layered(sizes, getattr(rc, rule).with_parameters(rate=0.2), output=output, transfer=transfer, batch_size=5)
    data = stimuli(net, 20)
    ups, downs = weights(net)
    keep = dict(S=output.S, mu=output.mu) if loss == "hinge" else {}
    net.run(data)
    start = [u.copy() for u in ups]
    textbook(ups, downs, data, 5, rule=rule, loss=loss, rate=0.2, transfer=transfer, **keep)
    got, got_downs = weights(net)
    assert all(distance(a, b) < EXACT for a, b in zip(got, ups))
    assert all(distance(a, b) < EXACT for a, b in zip(got_downs, downs))
    assert all(not np.array_equal(a, b) for a, b in zip(start, ups))


def test_training_with_masks_is_the_textbook_algorithm() -> None:
    net = layered((6, 9, 8, 4), forward=Masked(0.5), feedback=Masked(0.5), batch_size=5)
    data = stimuli(net, 20)
    ups, downs = weights(net)
    keep = dict(forward_masks=masks_of(ups), feedback_masks=masks_of(downs))
    net.run(data)
    textbook(ups, downs, data, 5, rule="urfb", loss="hinge", rate=1.0, **keep)
    got, got_downs = weights(net)
    assert all(distance(a, b) < EXACT for a, b in zip(got + got_downs, ups + downs))


def test_the_hinge_rule_is_the_textbook_output_layer() -> None:
    """The rule that reads the field gives what the circuit's dynamics give."""
    by_rule = layered((6, 4), rc.hinge.with_parameters(rate=0.2), batch_size=5)
    by_circuit = layered((6, 4), rc.urfb.with_parameters(rate=0.2), batch_size=5)
    data = stimuli(by_rule, 20)
    by_rule.run(data)
    by_circuit.run(data)
    assert distance(by_rule["x_to_o.w"], by_circuit["x_to_o.w"]) < EXACT


@pytest.mark.parametrize("lowering", ["dense", "reference"])
@pytest.mark.parametrize("connectivity", [Masked(0.5), OneToOne()])
def test_a_transpose_has_the_synapses_of_its_partner(connectivity: Masked | OneToOne, lowering: str) -> None:
    net = rc.Circuit(lowering=lowering)
    h = net.population("h", 5, rc.pyramidal("linear"))
    o = net.population("o", 5, rc.Neuron("basal : 1 (compartment)\nrate : 1\nerror = rate : 1"))
    up = net.connect(h, o, connectivity=connectivity)
    net.connect(o, h, into="apical", weights=up.T)
    net.phases("feedforward", 1 * ms, "feedback", 1 * ms)
    net["o.rate"] = errors = np.arange(1.0, 6.0)
    net.run(presentations=1)
    w = net["h_to_o.w"]
    assert distance(net["h.apical_o"], errors * w if w.ndim == 1 else errors @ w) < EXACT
    with pytest.raises(rc.RecircuitError, match="Masked"):
        net.connect(o, h, weights=up.T, connectivity=Masked(0.1), name="other")


@pytest.mark.parametrize(
    "output, loss, transfer",
    [
        (rc.SoftmaxOutput(), "softmax", "tanh"),
        (rc.SquaredOutput(), "mse", "logistic"),
        (rc.HingeOutput(M=50), "hinge", "tanh"),
    ],
    ids=["softmax", "squared", "hinge"],
)
def test_backpropagation_is_the_gradient(output: Any, loss: str, transfer: str) -> None:
    """The changes are central differences of the loss, of fields that the circuit itself computes."""
    net = layered((4, 4, 3, 3), rc.bp.with_parameters(rate=1.0), output=output, transfer=transfer, batch_size=6)
    data = stimuli(net, 6)
    start, step = net.state(), 1e-6
    net.run(data)
    fields = amit.forward([start[k] for k in ("x_to_h1.w", "h1_to_h2.w", "h2_to_o.w")], data["x"], transfer).fields[-1]
    assert np.abs(np.abs(fields) - 1).min() > 1e-4, "a batch element lies at the hinge's kink: choose another seed"
    increments = {key: net[key] - start[key] for key in ("x_to_h1.w", "h1_to_h2.w", "h2_to_o.w")}
    for key, increment in increments.items():
        assert increment.any()
        for index in np.ndindex(increment.shape):
            costs = []
            for sign in (1, -1):
                moved = start[key].copy()
                moved[index] += sign * step
                ask = layered_fields(net, start | {key: moved}, data)
                costs.append(amit.cost(ask, data["s"], loss).mean())
            assert increment[index] == pytest.approx((costs[1] - costs[0]) / (2 * step), abs=2e-8)


def layered_fields(net: rc.Circuit, state: dict[str, np.ndarray], data: dict[str, np.ndarray]) -> np.ndarray:
    """Return the output fields of an evaluation, (batch, classes)."""
    net.set_state(state)
    net.run(data, learn=False)
    return next(net[k] for k in state if k.startswith("o.basal_"))


# --- what is left out changes nothing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("record", [(), ("o.rate", "t.rate", "h1.apical", "o.H", "x_to_h1.w")], ids=["", "recorded"])
@pytest.mark.parametrize("rule", ["urfb", "bp", "everything", "fused"])
def test_leaving_out_what_cannot_matter_changes_no_bit(rule: str, record: tuple[str, ...]) -> None:
    runs = []
    for optimise in (True, False):
        net = layered((6, 5, 4, 3), RULES[rule], batch_size=3, optimise=optimise)
        data = stimuli(net, 11)
        trace = net.run(data, record=record)
        evaluated = net.run(data, learn=False, record=[r for r in record if r != "x_to_h1.w"])
        runs.append((net, trace, evaluated))
    (a, trace_a, eval_a), (b, trace_b, eval_b) = runs
    for name in record:
        assert np.array_equal(trace_a[name], trace_b[name]), name
    assert all(np.array_equal(eval_a[n], eval_b[n]) for n in eval_a)
    left, right = a.state(), b.state()
    assert all(np.array_equal(left[k], right[k]) for k in left)
    assert a.timetable().work() < b.timetable().work()


def test_recording_changes_no_bit() -> None:
    plain, recorded = (layered((6, 5, 4, 3), batch_size=3) for _ in range(2))
    data = stimuli(plain, 9)
    plain.run(data)
    recorded.run(data, record=["o.rate", "h1.apical", "h2.error", "t.drive"])
    left, right = plain.state(), recorded.state()
    assert all(np.array_equal(left[k], right[k]) for k in left)


# --- continuous time --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output, loss", [("softmax", "softmax"), ("squared", "mse")])
def test_settling_converges_to_the_textbook(output: str, loss: str) -> None:
    """With tau = 5 dt the update comes nearer to the textbook's, the longer the phases are."""
    make_output = {"softmax": rc.SoftmaxOutput, "squared": rc.SquaredOutput}[output]
    distances = []
    for length in (20, 50, 140):
        net = layered(
            (6, 5, 4, 3), rc.urfb, output=make_output(tau=5 * ms), transfer="tanh", tau=5 * ms, batch_size=4,
            lengths=(length, length),
        )  # fmt: skip
        data = stimuli(net, 8)
        ups, downs = weights(net)
        net.run(data)
        textbook(ups, downs, data, 4, rule="urfb", loss=loss, rate=1.0, transfer="tanh")
        got, got_downs = weights(net)
        distances.append(max(distance(a, b) for a, b in zip(got + got_downs, ups + downs)))
    assert distances[0] > distances[1] > distances[2]
    assert distances[0] > 1e-3, "already settled: the test shows nothing"
    assert distances[2] < 1e-6


def test_step_by_step_mode_is_an_assignment() -> None:
    """With tau = dt the first step gives exactly f(h), in float32 too."""
    net = layered(precision="float32", transfer="clip", tau=1 * ms)
    data = stimuli(net, 5)
    trace = net.run(data, record=["h1.rate", "h1.basal"])
    assert np.array_equal(trace["h1.rate"], np.clip(trace["h1.basal"], -1, 1))


def test_rates_of_continuous_time_are_those_of_euler() -> None:
    net = layered((3, 2), output=rc.SquaredOutput(tau=4 * ms), lengths=(3, 7))
    data = stimuli(net, 1)
    trace = net.run(data, record=["o.rate", "o.basal", "o.supervision"])
    wanted, rate = [], np.zeros(2)
    for k in range(trace.steps):
        if 3 <= k < 10:
            rate = rate + (trace["o.supervision"][k] - trace["o.basal"][k] - rate) * (1 / 4)
        wanted.append(rate)
    assert distance(trace["o.rate"], np.array(wanted)) < EXACT
