"""Windows that slide over an image: which units of one image are connected to which units of another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from ...arguments import fits
from ...errors import RecircuitError

Pair = int | tuple[int, int]


@dataclass(frozen=True)
class Windows:
    """Windows that slide over an image.

    Place (y, x) of the image above sees the pixels (y*stride + d - before), d = 0 ... kernel-1, and the same across.

    Parameters
    ----------
    size : (int, int)
        Height and width of the image below.
    kernel, stride : (int, int)
        The size of the windows and the distance between them, down and across.
    padding : int or "same"
        The empty rows and columns around the image. ``"same"`` adds as many as the image above needs to have
        size/stride places, rounded up; half of them come before it (and the odd one after it).
    where : str
        The beginning of error messages.

    Raises
    ------
    RecircuitError
        If a window is larger than the image, or the windows do not tile it.
    """

    size: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: int | str
    where: str

    @classmethod
    def of(cls, image: tuple[int, int, int], kernel: Pair, stride: Pair, padding: int | str, where: str) -> Windows:
        """Return windows over an image; their size and distance are one number, or a pair (down, across)."""
        size = int(image[1]), int(image[2])
        return cls(size, pair(kernel, f"{where}: kernel"), pair(stride, f"{where}: stride"), padding, where)

    def __post_init__(self) -> None:
        if self.padding != "same" and (not fits(self.padding, int) or int(self.padding) < 0):
            none = " Without padding, which other libraries call 'valid', it is 0." if self.padding == "valid" else ""
            raise RecircuitError(f"{self.where}: padding is a whole number, or 'same'; got {self.padding!r}.{none}")
        self._along  # noqa: B018  # so that errors are raised when it is declared

    @cached_property
    def _along(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The number of places in both directions, and the number of pixels of padding before the first place."""
        down, across = (self._places(*each) for each in zip(self.size, self.kernel, self.stride, strict=True))
        return down, across

    @property
    def above(self) -> tuple[int, int]:
        """Height and width of the image of places."""
        return self._along[0][0], self._along[1][0]

    def taps(self, *, packed: bool = False) -> int:
        """Return the number of pixels in a window; if ``packed``, the most windows that see one pixel (see `seen_by`)."""
        steps = self.stride if packed else (1, 1)
        return prod(-(-k // s) for k, s in zip(self.kernel, steps, strict=True))

    def seen(self) -> np.ndarray:
        """Return the numbers of the pixels of each place, (places, kernel); -1 stands for pixels outside of the image."""
        return self._both(_seen)

    def seen_by(self, *, packed: bool) -> np.ndarray:
        """Return the places that see each pixel, (pixels, taps), as numbers of places; -1 stands for none.

        Tap d is the place in whose window the pixel is number d, so that with a stride s most taps of a pixel are empty.
        ``packed`` leaves out taps that are empty for all pixels with the same residue: tap j is d = (y + before) % s + s*j.
        """
        return self._both(_seen_by_packed if packed else _seen_by)

    def _places(self, size: int, kernel: int, stride: int) -> tuple[int, int]:
        if kernel > size:
            raise RecircuitError(
                f"{self.where}: a window of {kernel} is larger than the image of {size}. Take a smaller window."
            )
        if self.padding == "same":
            places = -(-size // stride)
            return places, max((places - 1) * stride + kernel - size, 0) // 2
        room = size + 2 * int(self.padding) - kernel
        if room % stride:
            raise RecircuitError(
                f"{self.where}: windows of {kernel}, {stride} apart, do not tile {size} pixels padded by {self.padding}: "
                f"{room % stride} are left over. Choose another stride or padding, or padding='same'."
            )
        return room // stride + 1, int(self.padding)

    def _both(self, along: Any) -> np.ndarray:
        """Combine the tables of the two directions into one."""
        (rows, _), (columns, width) = (
            along(n, k, s, *a) for n, k, s, a in zip(self.size, self.kernel, self.stride, self._along, strict=True)
        )
        whole = rows[:, None, :, None] * width + columns[None, :, None, :]
        there = (rows[:, None, :, None] >= 0) & (columns[None, :, None, :] >= 0)
        table = np.where(there, whole, -1)
        return table.reshape(rows.shape[0] * columns.shape[0], -1).astype(np.int32)


def _seen(size: int, kernel: int, stride: int, places: int, before: int) -> tuple[np.ndarray, int]:
    """Return the pixels of each place, (places, kernel), and how many pixels there are."""
    pixel = np.arange(places)[:, None] * stride + np.arange(kernel) - before
    return np.where((pixel >= 0) & (pixel < size), pixel, -1), size


def _seen_by(size: int, kernel: int, stride: int, places: int, before: int) -> tuple[np.ndarray, int]:
    """Return the places of each pixel, (size, kernel), and how many places there are."""
    return _place_of(np.arange(size)[:, None] + before - np.arange(kernel), stride, places), places


def _seen_by_packed(size: int, kernel: int, stride: int, places: int, before: int) -> tuple[np.ndarray, int]:
    """Return the places of each pixel, (size, kernel/stride rounded up), and how many places there are."""
    pixel = np.arange(size)[:, None] + before
    tap = pixel % stride + stride * np.arange(-(-kernel // stride))
    return np.where(tap < kernel, _place_of(pixel - tap, stride, places), -1), places


def _place_of(first: np.ndarray, stride: int, places: int) -> np.ndarray:
    """Return the place whose window begins at this pixel (of the padded image)."""
    there = (first % stride == 0) & (first >= 0) & (first < places * stride)
    return np.where(there, first // stride, -1)


def inverse(table: np.ndarray, pixels: int) -> np.ndarray:
    """Return, for each pixel, its places in the flattened table, (pixels, most); -1 stands for no more places."""
    flat = table.reshape(-1)
    order = np.argsort(flat, kind="stable")[np.count_nonzero(flat < 0) :]
    pixel = flat[order]
    rank = np.arange(len(pixel)) - np.searchsorted(pixel, pixel)
    found = np.full((pixels, rank.max(initial=0) + 1), -1, dtype=np.int32)
    found[pixel, rank] = order
    return found


def pair(value: Any, where: str) -> tuple[int, int]:
    """Return a pair of numbers (down, across), made from one number or two."""
    both = value if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or not all(fits(n, int) and n > 0 for n in both):
        raise RecircuitError(f"{where} is a whole number above 0, or two of them (down, across); got {value!r}.")
    return int(both[0]), int(both[1])
