"""Local and tied connections in NumPy: windows are gathered, a few batch elements at a time, and multiplied.

In all functions, signals have the shape (batch, units), with the units of an image in the order (channels, places).
``where``, of shape (places, taps), says which place of the pre image each tap of a place reads; -1 stands for none.
Weights w have the shape (places, maps, channels*taps), or (1, maps, channels*taps) if they are tied.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

#: The most values in a gathered piece.
TOGETHER = 2**21


def propagate(w: np.ndarray, where: np.ndarray, sent: np.ndarray, field: np.ndarray, channels: int) -> None:
    """Compute field[b, m, p] = sum over t of w[p, m, t] * sent[b, s], where tap t of place p reads the unit s."""
    for some in _pieces(sent, where, channels):
        windows = _windows(sent[some], where, channels)  # (places, channels*taps, batch elements)
        field[some] = (w @ windows).transpose(2, 1, 0).reshape(-1, field.shape[1])


def propagate_back(w: np.ndarray, where: np.ndarray, sent: np.ndarray, field: np.ndarray, channels: int) -> None:
    """Compute the reverse direction: field[b, c, s] = sum of w[p, m, t]*sent[b, m, p] over the taps that read s."""
    places, taps = where.shape
    maps, sources = w.shape[1], field.shape[1] // channels
    for some in _pieces(sent, where, channels):
        back = w.swapaxes(1, 2) @ sent[some].reshape(-1, maps, places).transpose(2, 1, 0)
        back = back.reshape(places, channels, taps, -1)
        whole = np.zeros((sources + 1, channels, back.shape[-1]), field.dtype)  # the last is outside of the image
        for tap in range(taps):  # the same tap of two places never reads the same unit
            whole[where[:, tap]] += back[:, :, tap]
        field[some] = whole[:sources].transpose(2, 1, 0).reshape(-1, field.shape[1])


def product(
    w: np.ndarray, where: np.ndarray, pre: np.ndarray, post: np.ndarray, channels: int, keep: float, scale: float
) -> None:
    """Compute w[p, m, t] = keep*w + scale * sum over b of post[b, m, p] * pre[b, s], where tap t reads the unit s.

    If weights are tied, the sum is also over the places p.
    """
    tied, (places, maps) = len(w) == 1, (len(where), w.shape[1])
    total = np.zeros_like(w)
    for some in _pieces(pre, where, channels):
        windows = _windows(pre[some], where, channels)
        each = post[some].reshape(-1, maps, places).transpose(2, 1, 0)
        if tied:
            total += np.tensordot(each, windows, ((0, 2), (0, 2)))
        else:
            total += each @ windows.swapaxes(1, 2)
    w *= w.dtype.type(keep)
    total *= w.dtype.type(scale)
    w += total


def taps(where: np.ndarray, channels: int, sources: int) -> np.ndarray:
    """Return the pre unit that each tap of each place reads, of shape (places, channels*taps); -1 for none."""
    units = where[:, None, :] + sources * np.arange(channels)[:, None]
    return np.where(where[:, None, :] >= 0, units, -1).reshape(len(where), -1)


def largest(
    sent: np.ndarray, windows: np.ndarray, field: np.ndarray, argmax: np.ndarray, channels: int, w: float
) -> None:
    """Compute field = w * the largest input of each unit, and argmax = the first tap that has this input.

    ``windows``, of shape (taps, places), holds the pixel that each tap of each place reads, or -1 for none.
    """
    images = sent.reshape(len(sent), channels, -1)
    best = np.full((len(sent), channels, windows.shape[1]), np.finfo(sent.dtype).min, sent.dtype)
    which = np.zeros_like(best)
    for tap, pixels in enumerate(windows):
        brought = images[:, :, pixels]
        more = (brought > best) & (pixels >= 0)
        np.copyto(best, brought, where=more)
        which[more] = tap
    np.multiply(best.reshape(field.shape), w, out=field)
    argmax[:] = which.reshape(field.shape)


def to_argmax(
    sent: np.ndarray, windows: np.ndarray, field: np.ndarray, argmax: np.ndarray, channels: int, w: float
) -> None:
    """Add w times what each unit sends to the pixel that was the largest in its window."""
    images, which = (a.reshape(len(a), channels, -1) for a in (sent, argmax))
    whole = np.zeros((len(sent), channels, field.shape[1] // channels + 1), field.dtype)
    for tap, pixels in enumerate(windows):  # the same tap of two places never reads the same pixel; the last is outside
        whole[:, :, pixels] += images * (which == tap)
    np.multiply(whole[:, :, :-1].reshape(field.shape), w, out=field)


def _pieces(signal: np.ndarray, where: np.ndarray, channels: int) -> Iterator[slice]:
    """Yield slices of a few batch elements, so that the gathered windows stay small."""
    together = max(1, TOGETHER // max(1, channels * where.size))
    return (slice(first, first + together) for first in range(0, len(signal), together))


def _windows(signal: np.ndarray, where: np.ndarray, channels: int) -> np.ndarray:
    """Return what every tap reads, of shape (places, channels*taps, batch elements), with 0 outside of the image."""
    image = signal.reshape(len(signal), channels, -1).transpose(2, 1, 0)
    whole = np.concatenate([image, np.zeros((1, *image.shape[1:]), image.dtype)])
    return whole[where].swapaxes(1, 2).reshape(len(where), -1, len(signal))
