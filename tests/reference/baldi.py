"""Baldi, Sadowski and Lu 2018, *Learning in the Machine*, sections 2, 3 and 5, in NumPy.

Layers h = 0..L, O^0 the stimulus, O^h = f(S^h) for hidden h, O^L = softmax(S^L); S^h = W^h O^(h-1) (Eq. 2), without
biases (Eq. 14). weights[h-1] is W^h, (n_h, n_(h-1)). The learning channel brings J^h to each hidden layer, through
channel[h-1] = C^h: (n_h, n_(h+1)), or (n_h, n_L) where it skips. Rows are the stimuli of a minibatch. Every error is
T - O, *minus* the derivative of the cost (Eq. 5 and 8 have the sign of the other one), so that increments are added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def _logistic(s: Array) -> Array:
    return 1 / (1 + np.exp(-s))


#: f(S), and f' as a function of O = f(S).
TRANSFERS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "tanh": (np.tanh, lambda o: 1 - o**2),
    "logistic": (_logistic, lambda o: o * (1 - o)),
    "relu": (lambda s: np.maximum(s, 0), lambda o: (o > 0).astype(float)),
    "linear": (lambda s: s, np.ones_like),
}


def same(j: Array) -> Array:
    """Return what it is given: this is a channel that changes nothing."""
    return j


def quantise(x: Array, alpha: float, bits: int) -> Array:
    """Return x quantised by Eq. 19: alpha sign(x) 2^round(clip(log2|x/alpha|, -bits + 1, 0)), with sign(0) = 0."""
    with np.errstate(divide="ignore"):
        exponent = np.log2(np.abs(x) / alpha)
    return alpha * np.sign(x) * 2 ** np.round(np.clip(exponent, -bits + 1, 0))


@dataclass(frozen=True)
class Algorithm:
    """One algorithm of the family.

    kind: "bp", "sbp", "rbp", "srbp", or "top" (only the top layer learns). derivative: with f' or without. adaptive:
    the matrices of the channel learn (ARBP, ASRBP). signals: what each hidden layer's J^h goes through (Eq. 17).
    updates: what the update of each stimulus goes through, before the mean; changes: what the mean times the rate does.
    """

    kind: str = "rbp"
    derivative: bool = True
    adaptive: bool = False
    signals: Sequence[Callable[[Array], Array]] = ()
    updates: Callable[[Array], Array] | None = None
    changes: Callable[[Array], Array] = same
    transfer: str = "tanh"


def forward(weights: Sequence[Array], x: Array, transfer: str = "tanh") -> list[Array]:
    """Return O^0..O^L (Eq. 2), the last by softmax."""
    outputs = [x]
    for w in weights[:-1]:
        outputs.append(TRANSFERS[transfer][0](outputs[-1] @ w.T))
    fields = outputs[-1] @ weights[-1].T
    top = np.exp(fields - fields.max(axis=1, keepdims=True))
    return [*outputs, top / top.sum(axis=1, keepdims=True)]


def signals(
    a: Algorithm, weights: Sequence[Array], channel: Sequence[Array], outputs: Sequence[Array], error: Array
) -> list[Array]:
    """Return I^h of the hidden layers (Eq. 4, 7, 18): J^h, through the channel's function, times f' of its own layer.

    What BP and RBP pass down is I^h; SBP passes J^h, so that C^h is the product of transposes (section 3); in SRBP
    every layer is sent the output's error.
    """
    found: list[Array] = []
    passed = error
    for h in reversed(range(len(weights) - 1)):
        source = error if a.kind == "srbp" else passed
        j = source @ (weights[h + 1] if a.kind in ("bp", "sbp") else channel[h].T)
        j = a.signals[h](j) if a.signals else j
        found.insert(0, j * TRANSFERS[a.transfer][1](outputs[h + 1]) if a.derivative else j)
        passed = j if a.kind == "sbp" else found[0]
    return found


def step(
    a: Algorithm,
    weights: list[Array],
    channel: list[Array],
    x: Array,
    labels: NDArray[np.integer],
    rate: float | Sequence[float],
) -> list[Array]:
    """Train one minibatch: ``weights`` change, and ``channel`` where it is adaptive, in place; the I^h are returned."""
    outputs = forward(weights, x, a.transfer)
    error = np.eye(weights[-1].shape[0])[labels] - outputs[-1]
    hidden = [] if a.kind == "top" else signals(a, weights, channel, outputs, error)
    arriving = [*hidden, error]
    learning = [len(weights) - 1] if a.kind == "top" else range(len(weights))
    rates = list(rate) if isinstance(rate, Sequence) else [rate] * len(weights)
    changes = {h: _mean(arriving[0 if a.kind == "top" else h], outputs[h], a.updates) for h in learning}
    backward = []
    if a.adaptive:  # dC^h = rate O^h R^T, of R of the layer that sends
        senders = [error] * len(hidden) if a.kind == "srbp" else arriving[1:]
        backward = [_mean(outputs[h + 1], senders[h], None) for h in range(len(hidden))]
    for h, change in changes.items():
        weights[h] = weights[h] + a.changes(rates[h] * change)
    for h, change in enumerate(backward):
        channel[h] = channel[h] + rates[h] * change
    return hidden


def _mean(post: Array, pre: Array, function: Callable[[Array], Array] | None) -> Array:
    """Return the mean over stimuli of post (x) pre, each first through a function."""
    if function is None:
        return post.T @ pre / len(pre)
    return np.mean([function(np.outer(a, b)) for a, b in zip(post, pre, strict=True)], axis=0)


def cost_of_channel(sizes: Sequence[int], kind: str) -> int:
    """Return how many multiplications by weights bring the error to the hidden layers: Eq. 14 without W^1, and Eq. 15."""
    hidden = sizes[1:-1]
    if kind == "srbp":
        return sizes[-1] * sum(hidden)
    return sum(a * b for a, b in zip(sizes[1:], sizes[2:], strict=False))
