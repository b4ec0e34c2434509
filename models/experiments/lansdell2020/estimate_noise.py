"""The estimate of node perturbation by itself, drawn many times: its bias and its variance (Lansdell et al. 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ....circuits.inputs import as_inputs
from ...networks.node_perturbation import Perturbation, node_perturbation
from .feedback_signals import hidden_layers, signals, without_learning

Array = NDArray[np.float64]

BATCH_SIZE = 1000
#: What draws, with mean 0 and variance 1, and its third moment. The skewed one is bounded, so subgaussian (A1).
NOISES = {"Gaussian": ("randn()", 0.0), "skewed": ("(int(rand() < 0.2) - 0.2)/0.4", 1.5)}
SIZES = (6, 5, 4, 3)


def drawn(
    sizes: Sequence[int], noise: str, scales: Sequence[float], draws: int, backend: str
) -> Iterator[tuple[Array, Array, Array]]:
    """Show one stimulus many times, and return for each c what the noise did, and minus the exact gradient.

    Yields
    ------
    by how much the loss fell, over c (draws,); xi of all hidden units (draws, units); minus the gradient of the loss
    by their rates (units,). The estimate (Eq. 2) is the product of the first two.
    """
    net = node_perturbation(
        sizes, perturbation=Perturbation(noise=noise), batch_size=BATCH_SIZE, precision="float64", target="values"
    )
    rng = np.random.default_rng(3)
    inputs = as_inputs(net, {"x": rng.normal(size=(1, sizes[0])), "s": rng.normal(size=(1, sizes[-1]))})
    program, layers = net.program(backend), hidden_layers(net)
    rows = np.zeros((draws // BATCH_SIZE, BATCH_SIZE), dtype=np.int32)
    exact = signals(net, inputs, rows[:1], dict.fromkeys(layers, "logistic"))
    gradient = np.concatenate([true[0] for _, true in exact.values()])
    table = without_learning(net)
    keys = dict.fromkeys(["compare.rate", *(f"{h}.noise" for h in layers)], table.steps[-1])
    for c in scales:
        for h in layers:
            net[f"{h}.c"] = c
        program.seed(0)
        seen = program.run(table, rows, collect=keys).collected
        noises = np.concatenate([seen[f"{h}.noise"].reshape(rows.size, -1) for h in layers], axis=1)
        yield -seen["compare.rate"].ravel() / c, noises / c, gradient
    net.close()


def biases(noise: str, scales: Sequence[float], draws: int, backend: str) -> tuple[list[float], list[float]]:
    """Return |mean of the estimate - gradient|/|gradient| for each c, and its error bar.

    Over c the loss falls by xi.g + c xi.Q xi + O(c^2), g and Q unknown to the units. Nearly all of the estimate's
    variance is that of the first two parts, whose share in its mean is known: g, and c m_3 Q_jj, with m_3 the noise's
    third moment. They are taken off the draws (c Q is found by least squares), and the share of the second put back.
    """
    draw, third = NOISES[noise]
    values, bars = [], []
    for fall, xi, gradient in drawn(SIZES, draw, scales, draws, backend):
        residual = fall - xi @ gradient
        lower, upper = np.triu_indices(xi.shape[1])
        pairs = xi[:, lower] * xi[:, upper]
        curved = np.linalg.solve(pairs.T @ pairs, pairs.T @ residual)
        samples = (residual - pairs @ curved)[:, None] * xi + third * curved[lower == upper]
        mean, variance = samples.mean(axis=0), samples.var(axis=0).sum() / len(samples)
        length, size = np.linalg.norm(mean), np.linalg.norm(gradient)
        values.append(float(np.sqrt(max(length**2 - variance, 0)) / size))
        bars.append(float((samples @ mean).std() / length / np.sqrt(len(samples)) / size))
    return values, bars


def variance(width: int, draws: int, backend: str) -> tuple[float, float]:
    """Return E|estimate - gradient|^2/|gradient|^2 of one hidden layer for small Gaussian noise, and its error bar."""
    ((fall, xi, gradient),) = drawn((6, width, 3), "randn()", (1e-3,), draws, backend)
    squares = np.sum((fall[:, None] * xi - gradient) ** 2, axis=1) / np.sum(gradient**2)
    return float(squares.mean()), float(squares.std() / np.sqrt(len(squares)))
