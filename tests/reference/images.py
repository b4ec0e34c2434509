"""Convolutions in NumPy, by padding and sliding; nothing is shared with the project's tables of windows.

Images are (B, channels, height, width), filters (maps, channels, k, k). A layer of convolution:
field[m, y, x] = sum over c, i, j of filters[m, c, i, j] * padded[c, y*stride + i, x*stride + j].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from . import amit

Array = NDArray[np.floating]


def same(size: int, kernel: int, stride: int = 1) -> tuple[int, int]:
    """Return the empty rows before and after, so that size/stride places (rounded up) fit; an odd one comes after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def windows(x: Array, kernel: int, stride: int = 1) -> Array:
    """Return what every place sees, with the padding `same`, as (B, C, H', W', k, k)."""
    margins = [(0, 0), (0, 0), *(same(n, kernel, stride) for n in x.shape[2:])]
    return sliding_window_view(np.pad(x, margins), (kernel, kernel), axis=(2, 3))[:, :, ::stride, ::stride]


def convolve(x: Array, filters: Array, stride: int = 1) -> Array:
    """Return the field, (B, M, H', W')."""
    return np.einsum("bcyxij,mcij->bmyx", windows(x, filters.shape[-1], stride), filters)


def spread(errors: Array, filters: Array, shape: tuple[int, ...], stride: int = 1) -> Array:
    """Return the transpose of `convolve`, place by place: (B, C, H, W)."""
    k = filters.shape[-1]
    (top, bottom), (left, right) = (same(n, k, stride) for n in shape[2:])
    padded = np.zeros((*shape[:2], shape[2] + top + bottom, shape[3] + left + right))
    for y in range(errors.shape[2]):
        for x in range(errors.shape[3]):
            part = np.einsum("bm,mcij->bcij", errors[:, :, y, x], filters)
            padded[:, :, y * stride : y * stride + k, x * stride : x * stride + k] += part
    return padded[:, :, top : top + shape[2], left : left + shape[3]]


def gradient(errors: Array, x: Array, kernel: int, stride: int = 1) -> Array:
    """Return the sum over places and mean over B of errors (x) what they see: (M, C, k, k)."""
    return np.einsum("bmyx,bcyxij->mcij", errors, windows(x, kernel, stride)) / len(x)


def train_step(
    filters: list[Array],
    top: Array,
    down: Array,
    back: list[Array],
    x: Array,
    labels: NDArray[np.integer],
    *,
    rule: str,
    rate: float,
    mu: float = 0.1,
    strides: Sequence[int],
) -> None:
    """Make one update, in place, of tanh convolutions, and an output with the hinge loss (Amit 2019, Eq. 4-7).

    top: (classes, n). down: (n, classes), from the output to the last convolution. back: to each convolution below, with
    the shape of its upper neighbour's filters; for the rule "dfa" (n_l, classes), from the output to each.
    """
    rates = [x]
    for w, stride in zip(filters, strides, strict=True):
        rates.append(np.tanh(convolve(rates[-1], w, stride)))
    flat = rates[-1].reshape(len(x), -1)
    delta = amit.hinge_delta(flat @ top.T, labels, 1.0, mu)
    slopes = [1 - r**2 for r in rates]
    if rule == "dfa":
        errors = [(delta @ r.T).reshape(s.shape) * s for r, s in zip([*back, down], slopes[1:], strict=True)]
    else:
        carried = top.T if rule == "bp" else down
        errors = [(delta @ carried.T).reshape(slopes[-1].shape) * slopes[-1]]
        for l in reversed(range(1, len(filters))):
            through = filters[l] if rule == "bp" else back[l - 1]
            errors.insert(0, spread(errors[0], through, rates[l].shape, strides[l]) * slopes[l])
    changes = [gradient(e, r, w.shape[-1], s) for e, r, w, s in zip(errors, rates, filters, strides, strict=False)]
    outer = delta.T @ flat / len(x)
    top += rate * outer
    if rule == "urfb":
        down += rate * outer.T
    for l, (w, change) in enumerate(zip(filters, changes, strict=True)):
        w += rate * change
        if rule == "urfb" and l > 0:
            back[l - 1] += rate * change
