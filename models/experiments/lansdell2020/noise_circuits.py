"""The circuits of `lansdell-noise`: other baselines than the clean loss, and feedback from a layer's own activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ....circuits import Circuit
from ....circuits.inputs import as_inputs
from ....plasticity import Rule
from ....plasticity.rules import node_perturbation as with_errors
from ...networks.node_perturbation import Perturbation, node_perturbation
from .feedback_signals import hidden_layers, signals, without_learning

Array = NDArray[np.float64]

BATCH_SIZE = 32
#: What is taken off the loss of the noisy window.
BASELINES = ("clean", "mean", "nothing")

#: The rate of the weights that read activations, over that of those that read errors: rates are larger than errors, and at the
#: same rate learning diverges.
OWN = 0.1

#: As node_perturbation, but what is fed back are the layer's own rates: lambda = g(h) = B h (section 2.4).
from_activations = Rule(
    "node_perturbation_from_activations",
    source="Lansdell, Prakash and Kording 2020, section 2.4",
    about="Noise and the change of the loss teach a layer to predict its gradient from its own rates.",
    forward="dw = rate*error_post*x_pre",
    feedback="dw = feedback_rate*(estimate_post - apical_post)*x_pre",
    parameters=dict(rate=0.0128, feedback_rate=0.016),
)


def learner(
    sizes: Sequence[int], c: float, times: float, seed: int, *, baseline: str = "clean", own: bool = False
) -> Circuit:
    """Make the network of section 4.1 at so many times the paper's rates; ``own``: with feedback from activations."""
    rule = from_activations if own else with_errors
    rates = dict(rate=0.0004 * BATCH_SIZE * times, feedback_rate=0.0005 * BATCH_SIZE * times * (OWN if own else 1))
    return node_perturbation(
        sizes, rule.with_parameters(**rates), feedback="activations" if own else "layers",
        perturbation=Perturbation(c, baseline=baseline), batch_size=BATCH_SIZE, seed=seed,
    )  # fmt: skip


def estimates(baseline: str, draws: int, backend: str) -> Mapping[str, float]:
    """Return what the estimate of the gradient is on average, for one stimulus that is shown many times.

    Return |mean - gradient| and its standard error, and the variance, all relative to |gradient|. Presentations go on until
    the running mean of the loss is what it stays at.
    """
    sizes, c, batch = (6, 5, 4, 3), 0.1, 1000
    net = node_perturbation(
        sizes, perturbation=Perturbation(c, baseline=baseline), batch_size=batch, precision="float64", target="values"
    )
    rng = np.random.default_rng(3)
    inputs = as_inputs(net, {"x": rng.normal(size=(1, sizes[0])), "s": rng.normal(size=(1, sizes[-1]))})
    program, layers = net.program(backend), hidden_layers(net)
    rows = np.zeros((draws // batch, batch), dtype=np.int32)
    exact = signals(net, inputs, rows[:1], dict.fromkeys(layers, "logistic"))
    gradient = np.concatenate([true[0] for _, true in exact.values()])
    table, settled = without_learning(net), np.zeros((200, batch), dtype=np.int32)
    program.run(table, settled)
    keys = dict.fromkeys(["compare.rate", *(f"{h}.noise" for h in layers)], table.steps[-1])
    seen = program.run(table, rows, collect=keys).collected
    noise = np.concatenate([seen[f"{h}.noise"].reshape(rows.size, -1) for h in layers], axis=1)
    found = -seen["compare.rate"].reshape(-1, 1) * noise / c**2
    net.close()
    size = np.linalg.norm(gradient)
    spread = float(found.var(axis=0).sum())
    gap = float(np.linalg.norm(found.mean(axis=0) - gradient) / size)
    return {"gap": gap, "bar": float(np.sqrt(spread / len(found)) / size), "variance": spread / float(size) ** 2}
