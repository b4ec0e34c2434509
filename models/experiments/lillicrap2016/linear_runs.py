"""Runs of one linear network of three layers from many random starts, each with a target and a feedback matrix of its own.

The network is y = W A x, with A and W = W_1 and W_2, and B = C_1 (Lillicrap et al. 2016, Notes 11 and 12). The circuit is
built once; it shows the expected update for white inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...analysis.expected_learning import Flow, expected
from ...networks.independent_networks import Networks, side_by_side

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Start:
    """Where a run begins: A (n_h, n_i), W (n_o, n_h), B (n_h, n_o), T (n_o, n_i)."""

    A: Array
    W: Array
    B: Array
    T: Array


@dataclass(frozen=True)
class Trace:
    """What a run did: times, and A, W and E = T - W A at each."""

    times: Array
    A: Array
    W: Array
    E: Array
    B: Array

    def __add__(self, later: Trace) -> Trace:
        """Return this order, and then that."""
        pairs = [(getattr(self, name), getattr(later, name)) for name in ("times", "A", "W", "E")]
        times, A, W, E = (np.concatenate([a, b[1:]]) for a, b in pairs)
        return Trace(times, A, W, E, self.B)

    @property
    def error(self) -> Array:
        """|E|^2 relative to that at the start."""
        size = np.sum(self.E**2, axis=(1, 2))
        return size / size[0]

    @property
    def alignment(self) -> Array:
        """tr(B W)."""
        return np.einsum("ho,toh->t", self.B, self.W)

    @property
    def buildup(self) -> Array:
        """tr(A^T B E)."""
        return np.einsum("thi,ho,toi->t", self.A, self.B, self.E)


class Runner:
    """The circuit of one shape, run again and again."""

    def __init__(self, sizes: Sequence[int], backend: str) -> None:
        n_i, n_h, n_o = sizes
        self.n_i = n_i
        zero = Networks([np.zeros((1, n_h, n_i)), np.zeros((1, n_o, n_h))], [np.zeros((1, n_h, n_o))])
        x, target = expected(np.eye(n_i), np.zeros((n_o, n_i)))
        self.flow = Flow(side_by_side(zero, batch_size=n_i), {"x": x, "target": target}, backend)

    def begin(self, start: Start) -> None:
        """Set the weights and show the target."""
        x, target = expected(np.eye(self.n_i), start.T)
        self.start = start
        self.flow.show({"x": x, "target": target})
        self.flow.start({"W1.w": start.A, "W2.w": start.W, "C1.w": start.B})

    def run(self, rate: float, times: Array, speeds: Mapping[str, float] | None = None) -> Trace:
        """Go on from where the weights are."""
        trajectory = self.flow.run(rate, times, speeds)
        A, W = trajectory.weights["W1.w"], trajectory.weights["W2.w"]
        return Trace(trajectory.times, A, W, self.start.T - W @ A, self.start.B)

    def close(self) -> None:
        """Let go of the circuit."""
        self.flow.close()
