"""Max pooling: the field of a unit is the largest of its inputs, and the unit remembers which input that was."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Self

import numpy as np

from ...arguments import checked_arguments
from .base import Connectivity, Shape, Synapses
from .images import check_image, check_images
from .windows import Pair, Windows, inverse


@checked_arguments
@dataclass(frozen=True)
class MaxPool(Connectivity):
    """Max pooling: the field of a unit is the maximum over its window, and the unit latches the position of the maximum.

    ::

        field[c, p] = w * max over taps k of sent[c, pixel k of window p],  argmax[c, p] = the first k that has it

    ``projection.T`` runs in the opposite direction: what a unit sends goes to its latched argmax alone. The argmax
    changes only while the projection is open, so that later phases can read it; it is the variable
    ``pool["basal_h_argmax"]``, the number of a tap of the window, if the field is ``basal_h``. A place outside of the
    image is never the argmax.

    There is one weight w, of the shape (1,), which is 1 and does not learn. `MaxPool.of_all` has one window over all units of
    any population: one unit receives the largest of their signals, and latches its argmax.

    Parameters
    ----------
    image : (int, int, int)
        Channels, height and width of the image below.
    kernel, stride : int or (int, int)
        The size of the windows and the distance between them, as in `Local`. With the stride 2 and ``"same"`` the image
        above has exactly half the size (Amit 2019, section 4).
    padding : int or "same"
        The empty rows and columns around the image, as in `Local`.

    Raises
    ------
    RecircuitError
        If the windows do not fit the image, or the populations do not have the sizes of the images.

    Notes
    -----
    See `Connectivity` for when in a step signals are read and arrive.

    References
    ----------
    Amit 2019, section 4.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.MaxPool((4, 8, 8), kernel=2).above
    (4, 4, 4)
    """

    image: tuple[int, int, int]
    kernel: Pair
    stride: Pair = 2
    padding: int | str = "same"

    kind = "largest"
    shared = True
    initial = 1.0
    learns = False

    def __post_init__(self) -> None:
        check_image(self.image, "MaxPool")
        self.windows  # noqa: B018  # so that errors are raised when it is declared

    @classmethod
    def of_all(cls, units: int) -> Self:
        """Return the pool whose one post unit receives the largest signal of a whole population.

        Parameters
        ----------
        units : int
            The number of units of the population that sends.

        Returns
        -------
        MaxPool
            A pool with one window, over all units. If several signals are equal, that of the first unit is the argmax.

        Raises
        ------
        RecircuitError
            If the number of units is not a whole number above 0.

        Notes
        -----
        See `Connectivity` for when in a step signals are read and arrive.

        Examples
        --------
        >>> import recircuit as rc
        >>> rc.MaxPool.of_all(5).above
        (1, 1, 1)
        """
        return cls((1, 1, units), (1, units), stride=1, padding=0)

    @cached_property
    def windows(self) -> Windows:
        """The windows over the image below."""
        return Windows.of(self.image, self.kernel, self.stride, self.padding, "MaxPool")

    @property
    def above(self) -> tuple[int, int, int]:
        """Channels, height and width of the image above."""
        return (self.image[0], *self.windows.above)

    def numbers(self) -> dict[str, Any]:
        return {
            "channels": self.image[0], "sources": prod(self.image[1:]), "places": prod(self.above[1:]),
            "taps": self.windows.taps(),
        }  # fmt: skip

    @cached_property
    def tables(self) -> dict[str, np.ndarray]:
        """The arrays ``tap_pixels`` (taps, places) and its ``inverse`` (pixels, most); -1 is outside of the image."""
        tap_pixels = np.ascontiguousarray(self.windows.seen().T)
        return {"tap_pixels": tap_pixels, "inverse": inverse(tap_pixels, prod(self.image[1:]))}

    def shape(self, n_pre: int, n_post: int) -> Shape:
        return Shape((1,), (self.windows.taps(), 1))

    def count(self, n_pre: int, n_post: int) -> int:
        return int((self.windows.seen() >= 0).sum()) * self.image[0]

    def indices(self, n_pre: int, n_post: int) -> Synapses:
        pre, post, _ = self.by_tap()
        return Synapses(pre, post, np.zeros(len(pre), int))

    def by_tap(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the pre unit, the post unit and the tap of every synapse."""
        n, seen = self.numbers(), self.windows.seen()
        c, p, k = np.indices((n["channels"], n["places"], n["taps"])).reshape(3, -1)
        there = seen[p, k] >= 0
        return (c * n["sources"] + seen[p, k])[there], (c * n["places"] + p)[there], k[there]

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        check_images(self, (self.image, self.above), (n_pre, n_post), name)
