"""The angle between updates and the gradient, against backpropagation written out, and against what theory says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.errors import RecircuitError
from recircuit.models import layered
from recircuit.models.analysis.update_angle import update_angle

RANDOM = np.random.default_rng(3)
X, LABELS = RANDOM.normal(size=(6, 7)), RANDOM.integers(4, size=6)


def network(rule: Any, **options: Any) -> rc.Circuit:
    return layered((7, 6, 5, 4), rule, transfer="tanh", batch_size=6, precision="float64", seed=1, **options)


def degrees(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.vdot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))))


@pytest.mark.parametrize("loss", ["mse", "softmax", "logistic", "hinge"])
def test_backpropagation_has_the_angle_zero(loss: str) -> None:
    found = update_angle(network("bp", loss=loss), X, LABELS)
    assert found.loss == "own" and found.angle < 0.01 and max(found.angles.values()) < 0.01
    assert set(found.angles) == {"x_to_h1", "h1_to_h2", "h2_to_o"}


def test_random_feedback_has_the_angle_that_its_matrices_say() -> None:
    net = network("frfb", loss="mse")
    u, v, w, q, r = (net[f"{name}.w"] for name in ("x_to_h1", "h1_to_h2", "h2_to_o", "h2_to_h1", "o_to_h2"))
    h1 = np.tanh(X @ u.T)
    h2 = np.tanh(h1 @ v.T)
    top = rc.SquaredOutput()
    miss = np.where(np.eye(4)[LABELS] > 0, top.on, top.off) - h2 @ w.T

    def updates(b2: np.ndarray, b1: np.ndarray) -> list[np.ndarray]:
        middle = (1 - h2**2) * (miss @ b2)
        return [((1 - h1**2) * (middle @ b1)).T @ X, middle.T @ h1, miss.T @ h2]

    followed, wanted = updates(r.T, q.T), updates(w, v)
    found = update_angle(net, X, LABELS)
    for name, a, b in zip(("x_to_h1", "h1_to_h2", "h2_to_o"), followed, wanted):
        assert found.angles[name] == pytest.approx(degrees(a, b), abs=0.01)
    assert found.angle == pytest.approx(
        degrees(*(np.hstack([a.ravel() for a in s]) for s in (followed, wanted))), abs=0.01
    )


def test_a_measurement_touches_nothing() -> None:
    """Two circuits, one of which is measured in between, go on alike; their noise too."""
    rule = rc.Rule(
        "restless", source="test", forward="dw = .1*error_post*x_pre + .01*randn()", feedback="dw = .01*randn()"
    )
    nets = [network(rule, loss="mse") for _ in range(2)]
    for net in nets:
        net.run({"x": X, "s": LABELS}, 2)
    update_angle(nets[0], X, LABELS)
    for net in nets:
        net.run({"x": X, "s": LABELS}, 2)
    left, right = (net.state() for net in nets)
    assert all(np.array_equal(left[key], right[key]) for key in right)


def settling(beta: float) -> rc.Circuit:
    """Return a circuit with symmetric weights that settles freely and nudged: as beta goes to 0 it follows the gradient."""
    contrast = "dw = (x_post*x_pre - free_post*free_pre)/beta"
    rule = rc.Rule(
        "ep", source="Scellier and Bengio 2017", forward=contrast, feedback=contrast, parameters=dict(beta=beta)
    )
    lines = """
        below : 1 (compartment)
        other : 1 (compartment)
        rate = rate + .5*(tanh({}) - rate) : 1 (during free and nudged)
        free = rate : 1 (after free)
    """
    net = rc.Circuit(batch_size=6, seed=1)
    x = net.stimulus("x", 7, rc.Neuron("rate : 1\nfree = rate : 1"))
    h = net.population("h", 5, rc.Neuron(lines.format("below + other")))
    o = net.population("o", 4, rc.Neuron(lines.format("below + in_nudged*beta*(other - rate)"), beta=beta))
    s = net.supervisor("s", 4, on=0.5, off=-0.5, during="nudged")
    net.connect(s, o, into="other", weights=1.0, connectivity=rc.OneToOne(), during="nudged")
    always, up = "free and nudged", np.random.default_rng(1).normal(0, 0.4, (4, 5))
    net.connect(x, h, into="below", rule=rule.forward, weights=rc.normal(0.3), during=always)
    net.connect(h, o, into="below", rule=rule.forward, weights=up, during=always)
    net.connect(o, h, into="other", sends="rate", rule=rule.feedback, weights=up.T.copy(), during=always)
    net.phases("free", 80 * ms, "nudged", 80 * ms, "plasticity", 1 * ms, evaluation=["free"])
    return net


def test_in_a_circuit_that_settles_the_angle_falls_with_the_nudge() -> None:
    """The error of the estimate is of the size beta, and of squares; its angle falls tenfold when beta does."""
    large, small = (update_angle(settling(beta), X, LABELS) for beta in (0.1, 0.01))
    assert small.loss == large.loss == "squares" and set(small.angles) == {"x_to_h", "h_to_o"}
    assert small.angle < 1 and large.angle / small.angle == pytest.approx(10, rel=0.1)


def test_a_teacher_may_speak_of_the_state_of_the_output_and_side_branches_do_not_count() -> None:
    """The delta rule on a potential u is the gradient of its squares; interneurons learn something else, beside the way."""
    delta = rc.Rule("delta", source="Widrow and Hoff 1960", forward="dw = .1*error_post*x_pre")
    hebb = rc.Rule("hebb", source="Oja 1982", forward="dw = .1*x_post*x_pre")
    net = rc.Circuit(batch_size=6, seed=1)
    x, s = net.stimulus("x", 7), net.supervisor("s", 4, on=2, off=-2)
    inner = net.population("i", 3, rc.Neuron("basal : 1 (compartment)\nrate = tanh(basal) : 1 (during show)"))
    lines = """
        basal  : 1 (compartment)
        wanted : 1 (compartment)
        u      = basal      : 1 (during show)
        rate   = tanh(u)    : 1
        error  = wanted - u : 1
    """
    o = net.population("o", 4, rc.Neuron(lines))
    net.connect(s, o, into="wanted", weights=1.0, connectivity=rc.OneToOne())
    net.connect(x, o, rule=delta.forward)
    net.connect(x, inner, rule=hebb.forward)
    net.connect(inner, o, weights=rc.normal(0.1))
    net.phases("show", 3 * ms, "plasticity", 1 * ms, evaluation="show")
    found = update_angle(net, X, LABELS)
    assert found.loss == "squares of u" and set(found.angles) == {"x_to_o"} and found.angle < 0.01


def test_the_delta_rule_follows_the_gradient_of_a_softmax() -> None:
    """Outputs divide each other: the target minus the answer is minus the derivative of the cross-entropy by the field."""
    delta = rc.Rule("delta", source="Widrow and Hoff 1960", forward="dw = .1*error_post*x_pre")
    lines = """
        basal  : 1 (compartment)
        wanted : 1 (compartment)
        total  : 1 (broadcast)
        raised = exp(basal)                       : 1
        rate   = raised/(total + int(total == 0)) : 1
        error  = wanted - rate                    : 1
    """
    net = rc.Circuit(batch_size=6, seed=1)
    x, s, o = net.stimulus("x", 7), net.supervisor("s", 4, during="show"), net.population("o", 4, rc.Neuron(lines))
    net.population("pool", 1, rc.SummingUnit(o, sends="raised", told_as="total"))
    net.connect(s, o, into="wanted", weights=1.0, connectivity=rc.OneToOne())
    net.connect(x, o, rule=delta.forward)
    net.phases("show", 3 * ms, "plasticity", 1 * ms, evaluation="show")
    found = update_angle(net, X, LABELS)
    assert found.loss == "softmax" and found.angle < 0.01
    still = rc.Rule("still", source="a test", forward="dw = 0*x_pre")
    net.connect(net.constant("one"), o, rule=still.forward, weights=0.0)
    found = update_angle(net, X, LABELS)
    assert found.loss == "softmax" and np.isnan(found.angles["one_to_o"]) and found.angles["x_to_o"] < 0.01


def test_without_a_gradient_there_is_no_angle() -> None:
    """Nothing is shown, and nothing is wanted."""
    found = update_angle(network("bp", loss=rc.SquaredOutput(on=0.0, off=0.0)), 0 * X, LABELS)
    assert np.isnan(found.angle) and found.angles == {}


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(RecircuitError, match="expected a circuit in float64"):
        update_angle(layered((7, 5, 4), "bp", batch_size=6), X, LABELS)
    fixed = rc.Rule("fixed", source="test", feedback="dw = .1*error_pre*x_post")
    with pytest.raises(RecircuitError, match="no projection on the way"):
        update_angle(network(fixed, loss="mse"), X, LABELS)
    with pytest.raises(RecircuitError, match="and 3 samples"):
        update_angle(network("bp"), X[:3], LABELS[:3])
