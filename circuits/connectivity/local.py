"""Connections between images: each unit sees a window of the image below, through weights of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from ...arguments import checked_arguments
from ...errors import RecircuitError
from .base import Connectivity, Shape, Synapses, check_probability
from .images import check_image, check_images
from .windows import Pair, Windows, inverse


@checked_arguments
@dataclass(frozen=True)
class Local(Connectivity):
    """The connections of a convolution in which every synapse has a weight of its own, so that learning can be local.

    Unit (map m, place p) of the image above sees the pixels of its window in all channels of the image below::

        field[m, p] = sum over channels c and taps k of w[p, m, c, k] * sent[c, pixel k of window p]

    The units of an image are numbered in the order (channels, height, width). ``connectivity.T`` has the same synapses
    in the opposite direction, for a feedback projection with weights of its own. The part of a window that lies outside
    of the image has a place in memory and no synapse; its weight is zero.

    The weights w have the shape (places, maps, channels, taps), or (pixels, channels, maps, taps) if transposed.

    Parameters
    ----------
    image : (int, int, int)
        Channels, height and width of the image below.
    maps : int
        The number of channels of the image above.
    kernel, stride : int or (int, int)
        The size of the windows and the distance between them, in pixels: one number, or a pair (down, across).
    padding : int or "same"
        The rows and columns of zeros around the image. ``"same"`` adds as many as the image above needs to have
        size/stride places, rounded up.
    probability : float, default 1
        The probability that a synapse exists. It is drawn once for each weight, independently for each projection.
    transposed : bool, default False
        Whether the projection runs from the image above to the one below.

    Raises
    ------
    RecircuitError
        If the windows do not fit the image, or the populations do not have the sizes of the images.

    Notes
    -----
    See `Connectivity` for when in a step signals are read and arrive.

    References
    ----------
    Amit 2019, section 4.1.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.Local((1, 8, 8), maps=4, kernel=3).shape(64, 256)
    (64, 4, 1, 9)
    """

    image: tuple[int, int, int]
    maps: int
    kernel: Pair
    stride: Pair = 1
    padding: int | str = "same"
    probability: float = 1.0
    transposed: bool = False

    kind = "local"

    def __post_init__(self) -> None:
        where = type(self).__name__
        check_image(self.image, where)
        if isinstance(self.maps, bool) or not isinstance(self.maps, int | np.integer) or self.maps < 1:
            raise RecircuitError(f"{where}: maps is a whole number, at least 1; got {self.maps!r}.")
        check_probability(self.probability, where)
        self.windows  # noqa: B018  # so that errors are raised when it is declared

    @cached_property
    def windows(self) -> Windows:
        """The windows over the image below."""
        return Windows.of(self.image, self.kernel, self.stride, self.padding, type(self).__name__)

    @property
    def above(self) -> tuple[int, int, int]:
        """Channels, height and width of the image above."""
        return (self.maps, *self.windows.above)

    @property
    def T(self) -> Local:
        """The connectivity of the same synapses in the opposite direction, with weights of their own."""
        return replace(self, transposed=not self.transposed)

    @cached_property
    def where(self) -> np.ndarray:
        """For each place of the post image, the places of the pre image in its window, (places, taps); -1 stands for none."""
        return self.windows.seen_by(packed=not self.shared) if self.transposed else self.windows.seen()

    def numbers(self) -> dict[str, Any]:
        pre, post = self._images
        packed = self.transposed and not self.shared
        return {
            "channels": pre[0], "sources": prod(pre[1:]), "maps": post[0], "places": prod(post[1:]),
            "taps": self.windows.taps(packed=packed), "width": pre[2], "across": post[2], "tied": self.shared,
            "even": self.windows.stride == (1, 1),
        }  # fmt: skip

    @cached_property
    def tables(self) -> dict[str, np.ndarray]:
        """The array ``where``, and ``inverse`` (pixels, most), which lists for each pixel its places in ``where``."""
        return {"where": self.where, "inverse": inverse(self.where, prod(self._images[0][1:]))}

    def shape(self, n_pre: int, n_post: int) -> Shape:
        n = self.numbers()
        whole = (n["places"], n["maps"], n["channels"], n["taps"])
        window, seen_by = self.windows.taps(), self.windows.taps(packed=True)
        received, sent = (seen_by, window) if self.transposed else (window, seen_by)
        return Shape(whole[int(self.shared) :], (n["channels"] * received, n["maps"] * sent))

    def indices(self, n_pre: int, n_post: int) -> Synapses:
        n = self.numbers()
        place, m, c, k = np.indices((n["places"], n["maps"], n["channels"], n["taps"])).reshape(4, -1)
        source = self.where[place, k]
        weight = np.arange(place.size) % prod(self.shape(n_pre, n_post))
        there = source >= 0
        pre, post = c * n["sources"] + source, m * n["places"] + place
        return Synapses(pre[there], post[there], weight[there])

    def count(self, n_pre: int, n_post: int) -> int:
        return int((self.where >= 0).sum()) * self.maps * self.image[0]

    def existing(self, n_pre: int, n_post: int) -> np.ndarray | None:
        """Return 0 for taps that lie outside of the image; a shared weight has a synapse if it has one at any place."""
        there = (self.where >= 0).any(axis=0) if self.shared else (self.where >= 0)[:, None, None, :]
        return None if there.all() else np.broadcast_to(there, self.shape(n_pre, n_post)).astype(float)

    @property
    def masked(self) -> bool:
        return self.probability < 1

    @property
    def density(self) -> float:
        return self.probability

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        existing = self.existing(n_pre, n_post)
        if not self.masked:
            return existing
        drawn = (rng.random(self.shape(n_pre, n_post)) < self.probability).astype(float)
        return drawn if existing is None else drawn * existing

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        check_images(self, self._images, (n_pre, n_post), name)

    @property
    def _images(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Return the images of the pre and post units."""
        return (self.above, self.image) if self.transposed else (self.image, self.above)
