"""Amit 2019, *Biologically Plausible Deep Learning*, sections 2.1-2.2, in NumPy.

Layers l = 0..L, x_0 the stimulus, x_l = sigma(h_l) for hidden l, x_L = h_L (linear output).
weights[l-1] is W_l, (n_l, n_{l-1}); feedback[l-2] is R_l, (n_{l-1}, n_l), for l = 2..L. There are
no biases. Every delta is *minus* the derivative of the cost, so that increments are added.

Two misprints matter. Eq. 5's second case must read h_c >= -1 (with S: h_c >= -S). Eq. 6 leaves
sigma' out of the recursion; with R_l = W_l^T it must give the gradient, so that
delta_{l-1} = R_l (delta_l * sigma'(h_l)).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Labels = NDArray[np.integer]
Masks = Sequence[Array | None] | None


class Transfer(NamedTuple):
    """sigma(h) and sigma'(h), elementwise."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def _logistic(h: Array) -> Array:
    return 0.5 * (1 + np.tanh(h / 2))


TRANSFERS = {
    # saturated linearity, sigma' = 0 at |x| = 1
    "clip": Transfer(lambda h: np.clip(h, -1, 1), lambda h: (np.abs(h) < 1).astype(h.dtype)),
    "tanh": Transfer(np.tanh, lambda h: 1 - np.tanh(h) ** 2),
    "logistic": Transfer(_logistic, lambda h: _logistic(h) * (1 - _logistic(h))),
    "linear": Transfer(lambda h: h, np.ones_like),
}


class Pass(NamedTuple):
    """fields: h_1..h_L, (B, n_l). rates: x_0..x_L, (B, n_l); x_L = h_L."""

    fields: list[Array]
    rates: list[Array]


def forward(weights: Sequence[Array], x: Array, transfer: str = "clip") -> Pass:
    """Return the fields h_l = W_l x_{l-1} and the rates x_l = sigma(h_l), where the output layer is linear. x: (B, n_0)."""
    sigma = TRANSFERS[transfer].value
    fields, rates = [], [x]
    for l, w in enumerate(weights, start=1):
        fields.append(rates[-1] @ w.T)
        rates.append(sigma(fields[-1]) if l < len(weights) else fields[-1])
    return Pass(fields, rates)


def one_hot(labels: Labels, classes: int, dtype: type | np.dtype = np.float64) -> Array:
    """Return an array (B, classes) that is 1 at the label, else 0."""
    return np.eye(classes, dtype=dtype)[labels]


def hinge_cost(h: Array, labels: Labels, S: float = 1.0, mu: float = 0.1) -> Array:
    """Return the cost of Eq. 3 with the threshold S of section 2.3, (B,): [S - h_y]_+ + mu sum_{c != y} [S + h_c]_+."""
    own = one_hot(labels, h.shape[1], h.dtype)
    terms = own * np.maximum(S - h, 0) + mu * (1 - own) * np.maximum(S + h, 0)
    return terms.sum(axis=1)


def hinge_delta(h: Array, labels: Labels, S: float = 1.0, mu: float = 0.1) -> Array:
    """Return delta of Eq. 4-5, corrected, (B, C): 1 if c = y and h_c <= S; -mu if c != y and h_c >= -S; else 0.

    At h_c = +-S the circuit of section 2.3 still updates (Eq. 5), which Eq. 4 does not.
    """
    own = one_hot(labels, h.shape[1], h.dtype) == 1
    delta = np.where(own, 1.0 * (h <= S), -mu * (h >= -S))
    return delta.astype(h.dtype)


def softmax(h: Array) -> Array:
    """Return exp(h_c) / sum_c exp(h_c), (B, C)."""
    exp = np.exp(h - h.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)


def softmax_cost(h: Array, labels: Labels) -> Array:
    """Return the cross-entropy -log softmax(h)_y, (B,)."""
    shifted = h - h.max(axis=1, keepdims=True)
    own = np.take_along_axis(shifted, labels[:, None], axis=1)[:, 0]
    return np.log(np.exp(shifted).sum(axis=1)) - own


def softmax_delta(h: Array, labels: Labels) -> Array:
    """Return minus the derivative of the cross-entropy, (B, C): one_hot(y) - softmax(h)."""
    return one_hot(labels, h.shape[1], h.dtype) - softmax(h)


def mse_cost(h: Array, targets: Array) -> Array:
    """Return half the squared distance, (B,). targets: labels (taken as one-hot) or (B, C)."""
    return 0.5 * ((as_targets(targets, h) - h) ** 2).sum(axis=1)


def mse_delta(h: Array, targets: Array) -> Array:
    """Return minus the derivative of half the squared distance, (B, C): target - h."""
    return as_targets(targets, h) - h


def as_targets(targets: Array, h: Array) -> Array:
    """Return labels (B,) as one-hot rows of h's dtype; targets (B, C) are returned as they are."""
    return one_hot(targets, h.shape[1], h.dtype) if targets.ndim == 1 else targets


def cost(h: Array, labels: Array, loss: str, S: float = 1.0, mu: float = 0.1) -> Array:
    """Return the cost of each batch element, (B,)."""
    if loss == "hinge":
        return hinge_cost(h, labels, S, mu)
    return {"softmax": softmax_cost, "mse": mse_cost}[loss](h, labels)


def output_delta(h: Array, labels: Array, loss: str, S: float = 1.0, mu: float = 0.1) -> Array:
    """Return delta_L = -dC/dh_L, (B, C)."""
    if loss == "hinge":
        return hinge_delta(h, labels, S, mu)
    return {"softmax": softmax_delta, "mse": mse_delta}[loss](h, labels)


def deltas(back: Sequence[Array], fields: Sequence[Array], top: Array, transfer: str = "clip") -> list[Array]:
    """Return the deltas of Eq. 6, corrected: delta_l * sigma'(h_l) for l = 1..L, (B, n_l), from delta_L = `top`.

    back: R_l, (n_{l-1}, n_l), l = 2..L. The output layer is linear (sigma' = 1).
    """
    slope = TRANSFERS[transfer].slope
    gated = [top]
    for r, h in zip(back[::-1], fields[-2::-1], strict=True):
        gated.insert(0, (gated[0] @ r.T) * slope(h))
    return gated


def feedback_of(rule: str, weights: Sequence[Array], feedback: Sequence[Array] | None) -> list:
    """Return R_l, l = 2..L: W_l^T for "bp", the given matrices for "frfb" and "urfb"."""
    if rule == "bp":
        return [w.T for w in weights[1:]]
    if rule not in ("frfb", "urfb") or feedback is None:
        raise ValueError(f"rule {rule!r} with feedback {feedback!r}")
    return list(feedback)


def gradients(
    weights: Sequence[Array],
    feedback: Sequence[Array] | None,
    x: Array,
    labels: Array,
    rule: str = "urfb",
    loss: str = "hinge",
    transfer: str = "clip",
    S: float = 1.0,
    mu: float = 0.1,
) -> list[Array]:
    """Return the gradients of Eq. 6-7 averaged over the batch elements: <delta_l sigma'(h_l) x_{l-1}^T>, (n_l,
    n_{l-1}), l = 1..L.

    It is minus the gradient of the mean cost for "bp". For "urfb" the increment of R_l is the
    transpose of that of W_l; for "frfb" R_l stays.
    """
    fields, rates = forward(weights, x, transfer)
    top = output_delta(fields[-1], labels, loss, S, mu)
    gated = deltas(feedback_of(rule, weights, feedback), fields, top, transfer)
    return [d.T @ r / len(x) for d, r in zip(gated, rates[:-1], strict=True)]


def masked(arrays: Sequence[Array], masks: Masks) -> list[Array]:
    """Return arrays * masks (0 or 1), elementwise; None leaves an array, or all of them, as they are."""
    chosen = [None] * len(arrays) if masks is None else masks
    return [a if m is None else a * m for a, m in zip(arrays, chosen, strict=True)]


class Increments(NamedTuple):
    """weights: dW_l, (n_l, n_{l-1}), l = 1..L. feedback: dR_l, (n_{l-1}, n_l), l = 2..L."""

    weights: list[Array]
    feedback: list[Array]


def train_step(
    weights: Sequence[Array],
    feedback: Sequence[Array] | None,
    x: Array,
    labels: Array,
    rule: str = "urfb",
    loss: str = "hinge",
    rate: float = 1.0,
    transfer: str = "clip",
    S: float = 1.0,
    mu: float = 0.1,
    forward_masks: Masks = None,
    feedback_masks: Masks = None,
) -> Increments:
    """Train one batch: rate * gradients are added to W_l, and for "urfb" their transpose to R_l, in place.

    The masks (1: a synapse, 0: none) are drawn separately for W, (n_l, n_{l-1}), and for R,
    (n_{l-1}, n_l); a missing synapse never grows. Its weight must be 0 from the start.
    """
    steps = [rate * g for g in gradients(weights, feedback, x, labels, rule, loss, transfer, S, mu)]
    dw = masked(steps, forward_masks)
    dr = masked([g.T for g in steps[1:]], feedback_masks) if rule == "urfb" else []
    for array, change in [*zip(weights, dw), *zip(feedback or [], dr)]:
        array += change
    return Increments(dw, dr)


def errors(weights: Sequence[Array], x: Array, labels: Labels, transfer: str = "clip") -> float:
    """Return the share of batch elements whose largest output is not the label's."""
    return float(np.mean(forward(weights, x, transfer).fields[-1].argmax(axis=1) != labels))
