"""A weight that learns from traces as they were, before these change in the same step: one loop, and what the equations say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.plasticity import lower
from recircuit.plasticity.steps import Traced

RATE, KEEP, BATCH_SIZE, COUNT = 0.1, 0.5, 3, 7
RULE = rc.Rule(
    "early", source="test", forward="dw = rate*y_post*el\nel = keep*el + x_pre*y_post\nother = el + x_pre",
    traces=("el", "other"), parameters=dict(rate=RATE, keep=KEEP),
)  # fmt: skip
CONNECTIVITIES: dict[str, Any] = {
    "dense": (rc.Dense(), 3),
    "masked": (rc.Masked(0.6), 4),
    "one_to_one": (rc.OneToOne(), 16),
    "local": (rc.Local((1, 4, 4), maps=1, kernel=3, padding=1), 16),
    "tied": (rc.Convolution((1, 4, 4), maps=2, kernel=3, padding=1), 32),
}
TEACHED = "y_in : 1 (compartment)\nignored : 1 (compartment)\ny = y_in : 1\nrate = y_in : 1"


def circuit() -> rc.Circuit:
    net = rc.Circuit(BATCH_SIZE, seed=2)
    x = net.stimulus("x", 16)
    for name, (connectivity, units) in CONNECTIVITIES.items():
        post, given = net.population(name, units, rc.Neuron(TEACHED)), net.stimulus(f"y_{name}", units)
        net.connect(given, post, into="y_in", weights=1.0, connectivity=rc.OneToOne(), during="show")
        net.connect(x, post, into="ignored", name=f"p_{name}", rule=RULE, connectivity=connectivity, weights=0.3)
    net.phases("show", 1 * ms, "plasticity", 1 * ms)
    return net


def expected(net: rc.Circuit, name: str, data: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weights and both traces after all rows, by loops over batches and elements."""
    p = net.projections[f"p_{name}"]
    w = net[f"{p.name}.w"].copy()
    shape, there = w.shape, (w != 0).ravel()
    w, el, other = w.ravel(), *np.zeros((2, BATCH_SIZE, w.size))
    pre, post, weight = (a[there[weight]] for weight in [p.connectivity.indices(16, p.post.size)[2]]
                         for a in p.connectivity.indices(16, p.post.size))  # fmt: skip
    for first in range(0, COUNT, BATCH_SIZE):
        shown = range(first, min(first + BATCH_SIZE, COUNT))
        change = np.zeros_like(w)
        for b, row in enumerate(shown):
            x, y = data["x"][row][pre], data[f"y_{name}"][row][post]
            change += np.bincount(weight, RATE * y * el[b][weight], w.size)
            el[b] = KEEP * el[b] + np.bincount(weight, x * y, w.size)
            other[b] = there * el[b] + np.bincount(weight, x, w.size)
        w = w + change / len(shown)
    return w.reshape(shape), el, other


@pytest.mark.parametrize("backend", ["interpreter", "numpy", pytest.param("cpp", marks=pytest.mark.cpp)])
def test_weights_and_traces_are_what_the_equations_say(backend: str) -> None:
    net, random = circuit(), np.random.default_rng(5)
    data = {n: random.normal(size=(COUNT, p.size)) for n, p in net.populations.items() if p.clamp is not None}
    wanted = {name: expected(net, name, data) for name in CONNECTIVITIES}
    order = np.append(np.arange(COUNT), [-1, -1]).reshape(-1, BATCH_SIZE)
    net.run(data, order=order, backend=backend)
    for name, (w, el, other) in wanted.items():
        np.testing.assert_allclose(net[f"p_{name}.w"], w, rtol=1e-12, atol=1e-12, err_msg=name)
        for trace, values in (("el", el), ("other", other)):
            np.testing.assert_allclose(net[f"p_{name}.{trace}"].reshape(values.shape), values, atol=1e-12, err_msg=name)


def test_traces_are_gone_through_once() -> None:
    assert RULE.forward is not None
    (step,) = lower(RULE.forward)
    assert isinstance(step, Traced) and step.early and [s.target for s in step.statements] == ["el", "other"]


def test_a_trace_that_reads_what_has_been_learned_comes_after_it() -> None:
    rule = rc.Rule("after", source="test", forward="dw = y_post*el\nel = w*x_pre", traces=("el",))
    assert rule.forward is not None and len(lower(rule.forward)) == 2
