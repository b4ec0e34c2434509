"""Signals and factors of one population that are needed at the same steps are computed in one operation."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.lowering import lower as lowering
from recircuit.circuits.lowering.kernels import Elementwise
from recircuit.circuits.lowering.operations import FACTOR, Scratch


def two_rules(first: rc.Rule, second: rc.Rule) -> rc.Circuit:
    """Return a circuit with a population from which two projections learn, each by a rule of its own."""
    net = rc.Circuit()
    x = net.stimulus("x", 3)
    h, o = (net.population(name, size, rc.pyramidal("tanh")) for name, size in (("h", 4), ("o", 2)))
    net.connect(x, h)
    net.connect(h, o, rule=first.forward)
    net.connect(h, o, rule=second.forward, name="other")
    net.phases("feedforward", 2 * ms, "plasticity", 1 * ms)
    return net


def rule(factor: str, **parameters: float) -> rc.Rule:
    return rc.Rule("r", source="test", forward=f"dw = rate_post*{factor}", parameters=parameters)


def factors_of(net: rc.Circuit, population: str) -> list[tuple[str, tuple[Scratch, ...]]]:
    operations = lowering.lower(net).operations
    return [(o.name, o.scratch) for o in operations if o.slot == FACTOR and o.owner == population]


def test_factors_of_the_same_steps_are_one_operation() -> None:
    net = two_rules(rule("rate_pre**2"), rule("sin(rate_pre)"))
    assert factors_of(net, "h") == [("factor_h_0_1", (Scratch("factor", 0), Scratch("factor", 1)))]
    lowered = lowering.lower(net)
    (merged,) = [o for o in lowered.operations if o.name == "factor_h_0_1"]
    assert isinstance(merged.kernel, Elementwise)
    assert [s.target for s in merged.kernel.statements] == ["factor_0", "factor_1"]
    assert merged.writes == {"h.factor_0", "h.factor_1"} <= lowered.variables.keys()


def test_factors_that_read_parameters_of_different_rules_stay_apart() -> None:
    """Both parameters are called a: in one operation there could be only one of them."""
    net = two_rules(rule("rate_pre**a", a=2.0), rule("sin(rate_pre*a)", a=3.0))
    assert [len(scratch) for _, scratch in factors_of(net, "h")] == [1, 1]


def test_merging_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    def trained() -> dict[str, np.ndarray]:
        net = two_rules(rule("rate_pre**2"), rule("sin(rate_pre)"))
        net.run(np.random.default_rng(3).normal(size=(5, 3)))
        return net.state()

    merged = trained()
    monkeypatch.setattr(lowering, "merging", lambda operations: operations)
    net = two_rules(rule("rate_pre**2"), rule("sin(rate_pre)"))
    assert [len(scratch) for _, scratch in factors_of(net, "h")] == [1, 1]
    apart = trained()
    assert merged.keys() == apart.keys()
    assert [key for key in merged if not np.array_equal(merged[key], apart[key])] == []
