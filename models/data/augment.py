"""Training images that are a little different in every epoch: moved, mirrored, distorted."""

from __future__ import annotations

import re
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from .dataset import Dataset
from .sample_arrays import Samples

__all__ = ["Augmentation", "Augmented"]

#: Images at a time, so that what is in between stays small.
TOGETHER = 1000


@dataclass(frozen=True)
class Augmentation:
    """Random changes of training images, which depend on the seed and on the number of the epoch alone.

    Parameters
    ----------
    shift : float
        Moved by whole pixels, up to this share of height and width either way; the border is repeated.
    flip : float
        Probability of being mirrored, left for right.
    elastic : tuple[float, float]
        (alpha, sigma): each pixel is moved by alpha times a random field, uniform in +-1 and smoothed by a Gaussian of
        sd sigma pixels, and read between pixels (Simard, Steinkraus and Platt 2003); (0, 0): not at all.

    Raises
    ------
    UsageError
        If the numbers are not possible.
    """

    shift: float = 0.0
    flip: float = 0.0
    elastic: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        alpha, sigma = self.elastic
        if not (0 <= self.shift < 1 and 0 <= self.flip <= 1 and alpha >= 0 and (sigma > 0 or alpha == 0)):
            raise UsageError(
                "augment: expected a shift from 0 to 1, a probability of flips from 0 to 1, and two numbers above "
                f"0 for elastic; got {self}."
            )

    @classmethod
    def of(cls, text: str) -> Augmentation:
        """Read ``"shift .1, flip .5, elastic 34 4"``, or a part of it.

        Raises
        ------
        UsageError
            If a word is none of these.
        """
        values: dict[str, float] = {}
        elastic = (0.0, 0.0)
        number = r"(\d*\.?\d+)"
        for word in (part.strip() for part in text.split(",") if part.strip()):
            one = re.fullmatch(rf"(shift|flip) {number}", word)
            two = re.fullmatch(rf"elastic {number} {number}", word)
            if one is None and two is None:
                raise UsageError(f"augment: expected 'shift .1, flip .5, elastic 34 4', or a part of it; got {word!r}.")
            if one is not None:
                values[one[1]] = float(one[2])
            elif two is not None:
                elastic = (float(two[1]), float(two[2]))
        return cls(**values, elastic=elastic)

    def __str__(self) -> str:
        words = [f"{name} {getattr(self, name):g}" for name in ("shift", "flip") if getattr(self, name)]
        return ", ".join(words + ([f"elastic {self.elastic[0]:g} {self.elastic[1]:g}"] if self.elastic[0] else []))

    def apply(self, x: Samples, shape: tuple[int, ...], seed: int, epoch: int) -> Samples:
        """Return all images for one epoch.

        Parameters
        ----------
        x : Samples
            (n, features), of images of this shape.
        shape : tuple[int, ...]
            (channels, height, width) or (height, width).
        seed, epoch : int
            What all draws depend on.

        Raises
        ------
        UsageError
            If the samples are no images.
        """
        if len(shape) not in (2, 3):
            raise UsageError(f"augment: expected images, (channels, height, width); got samples of the shape {shape}.")
        images = x.reshape(len(x), -1, *shape[-2:])
        rng, made = np.random.default_rng([seed, epoch, 1]), np.empty_like(images)
        for first in range(0, len(images), TOGETHER):
            piece = slice(first, first + TOGETHER)
            made[piece] = self._changed(images[piece], rng)
        return made.reshape(x.shape)

    def _changed(self, images: NDArray, rng: np.random.Generator) -> NDArray:
        n, _, height, width = images.shape
        rows, columns = (np.tile(np.arange(size), (n, 1)) for size in (height, width))
        if self.shift:
            rows, columns = (
                np.clip(places + rng.integers(-most, most + 1, (n, 1)), 0, size - 1)
                for places, size in ((rows, height), (columns, width))
                for most in [round(self.shift * size)]
            )
        if self.flip:
            columns = np.where(rng.random((n, 1)) < self.flip, columns[:, ::-1], columns)
        moved = images[np.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]].transpose(0, 3, 1, 2)
        return _distorted(moved, *self.elastic, rng) if self.elastic[0] else moved


def _distorted(images: NDArray, alpha: float, sigma: float, rng: np.random.Generator) -> NDArray:
    """Return each image, distorted by a smooth random field of its own."""
    from scipy.ndimage import gaussian_filter

    n, _, height, width = images.shape
    places = []
    for axis, size in ((1, height), (2, width)):
        field = alpha * gaussian_filter(rng.uniform(-1, 1, (n, height, width)), (0, sigma, sigma), mode="constant")
        at = np.arange(size).reshape((1, -1, 1) if axis == 1 else (1, 1, -1))
        places.append(np.clip(at + field, 0, size - 1))
    (y, x), each = places, np.arange(n)[:, None, None]
    top, left = np.minimum(y.astype(int), height - 2), np.minimum(x.astype(int), width - 2)
    down, right = (y - top)[..., None], (x - left)[..., None]
    corners = [images[each, :, top + i, left + j].astype(float) for i in (0, 1) for j in (0, 1)]
    upper, lower = (a * (1 - right) + b * right for a, b in (corners[:2], corners[2:]))
    made = (upper * (1 - down) + lower * down).transpose(0, 3, 1, 2)
    return (np.rint(made) if images.dtype == np.uint8 else made).astype(images.dtype)


class Augmented:
    """The changed training images of each epoch, from 1; those of the next epoch are made while the circuit runs."""

    def __init__(self, data: Dataset, how: Augmentation, seed: int, epochs: int) -> None:
        self._data, self.how, self._seed, self._epochs = data, how, seed, epochs
        self._worker = ThreadPoolExecutor(1)
        self._next: tuple[int, Future[Samples]] | None = None

    def epoch(self, number: int) -> Samples:
        """Return the images of an epoch, and begin with those of the next one."""
        ready = self._next[1] if self._next is not None and self._next[0] == number else self._begin(number)
        images = ready.result()
        self._next = (number + 1, self._begin(number + 1)) if number < self._epochs else None
        return images

    def _begin(self, number: int) -> Future[Samples]:
        return self._worker.submit(self.how.apply, self._data.x_train, self._data.shape, self._seed, number)

    def close(self) -> None:
        """Stop the work on the next images."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Augmented:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()
