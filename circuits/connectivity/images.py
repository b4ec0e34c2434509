"""Checks of the images that a connectivity connects."""

from __future__ import annotations

from math import prod

import numpy as np

from ...errors import RecircuitError
from .base import Connectivity


def check_images(
    connectivity: Connectivity, images: tuple[tuple[int, ...], tuple[int, ...]], units: tuple[int, int], name: str
) -> None:
    """Refuse populations that are not the images of pre and post units."""
    for side, image, many in zip(("pre", "post"), images, units, strict=True):
        if many != prod(image):
            raise RecircuitError(
                f"{name}: the {side} image of {connectivity} has {image[0]} channels of {image[1]} x {image[2]}, which are "
                f"{prod(image)} units; the {side} population has {many}. Channels, sizes and stride must match."
            )


def check_image(image: object, where: str) -> None:
    """Refuse an image that is not given as (channels, height, width)."""
    if not (
        isinstance(image, tuple) and len(image) == 3 and all(isinstance(n, int | np.integer) and n > 0 for n in image)
    ):
        raise RecircuitError(f"{where}: the image is (channels, height, width), each at least 1; got {image!r}.")
