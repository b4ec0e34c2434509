"""Structures of images: each unit sees a window of the image below, with weights of its own, or with shared ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from ...errors import RecircuitError
from .dense import Dense, Shape, Synapses, check_probability
from .windows import Pair, Windows, inverse


@dataclass(frozen=True)
class Local(Dense):
    """Local connections: the connectivity of a convolution, every synapse with a weight of its own (Amit 2019, 4.1).

    Unit (map m, place p) of the image above sees the pixels of its window in all channels of the image below::

        field[m, p] = sum over channels c and taps k of w[p, m, c, k] * sent[c, pixel k of window p]

    Images are (channels, height, width), unit by unit in this order. ``structure.T`` are the same synapses the other way
    round, for a feedback projection with weights of its own. What of a window lies outside of the image has a place in
    memory and no synapse; its weight is zero.

    Parameters
    ----------
    image : channels, height and width of the image below
    maps : channels of the image above
    kernel, stride, padding : of the windows; see `Windows`
    probability : that a synapse exists, drawn once for each weight and for each projection by itself

    Weights w of shape (places, maps, channels, taps); transposed (pixels, channels, maps, taps).
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
        self.windows  # noqa: B018  # refused when it is declared

    @cached_property
    def windows(self) -> Windows:
        """Where the windows are."""
        return Windows(self.image[1:], self.kernel, self.stride, self.padding, type(self).__name__)

    @property
    def above(self) -> tuple[int, int, int]:
        """Channels, height and width of the image above."""
        return (self.maps, *self.windows.above)

    @property
    def T(self) -> Local:
        """The same synapses the other way round, with weights of their own."""
        return replace(self, transposed=not self.transposed)

    @cached_property
    def where(self) -> np.ndarray:
        """For each place of the post image the places of the pre image that it hears, (places, taps); -1: none."""
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
        """``where``, and its inverse ``whence`` (pixels, most): the places*taps that hear a pixel."""
        return {"where": self.where, "whence": inverse(self.where, prod(self._images[0][1:]))}

    def shape(self, n_pre: int, n_post: int) -> Shape:
        n = self.numbers()
        whole = (n["places"], n["maps"], n["channels"], n["taps"])
        taps = self.windows.taps()
        return Shape(whole[int(self.shared) :], (n["channels"] * taps, n["maps"] * taps))

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
        """Taps that lie outside of the image have no synapse; shared weights have one wherever any place has."""
        there = (self.where >= 0).any(axis=0) if self.shared else (self.where >= 0)[:, None, None, :]
        return None if there.all() else np.broadcast_to(there, self.shape(n_pre, n_post)).astype(float)

    @property
    def random(self) -> bool:
        return self.probability < 1

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        existing = self.existing(n_pre, n_post)
        if not self.random:
            return existing
        drawn = (rng.random(self.shape(n_pre, n_post)) < self.probability).astype(float)
        return drawn if existing is None else drawn * existing

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        check_images(self, self._images, (n_pre, n_post), name)

    @property
    def _images(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """The images of pre and post units."""
        return (self.above, self.image) if self.transposed else (self.image, self.above)


@dataclass(frozen=True)
class Convolution(Local):
    """A convolution: `Local` connections of which all places share one set of weights. A control, as it is not local.

    The change of a weight is the sum over places: what of the rule's equation reads a unit's variable is added up over
    the synapses that share the weight; terms that read none (decay, momentum) count once.

    Weights w of shape (maps, channels, taps); transposed (channels, maps, taps).
    """

    shared = True


def check_images(
    structure: Dense, images: tuple[tuple[int, ...], tuple[int, ...]], units: tuple[int, int], name: str
) -> None:
    """Refuse populations that are not the images of pre and post units."""
    for side, image, many in zip(("pre", "post"), images, units, strict=True):
        if many != prod(image):
            raise RecircuitError(
                f"{name}: the {side} image of {structure} has {image[0]} channels of {image[1]} x {image[2]}, which are "
                f"{prod(image)} units; the {side} population has {many}. Channels, sizes and stride must match."
            )


def check_image(image: object, where: str) -> None:
    """Refuse what is no (channels, height, width)."""
    whole = isinstance(image, tuple) and all(isinstance(n, int | np.integer) and n > 0 for n in image)
    if not whole or len(image) != 3:  # type: ignore[arg-type]
        raise RecircuitError(f"{where}: the image is (channels, height, width), each at least 1; got {image!r}.")
