"""How alike the filters of different places are, in weights that no two places share (Amit 2019, Fig. 6)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from ...circuits import Local, Projection
from ...errors import RecircuitError

__all__ = [
    "draw_tiles", "filters_of", "inner_places", "likeness", "same_filter",
]  # fmt: skip


def filters_of(projection: Projection) -> NDArray[np.floating]:
    """Return filters as pictures, (places, maps, channels, down, across), with a single place if they are shared.

    Raises
    ------
    RecircuitError
        If the projection is not of images, or feedback.
    """
    connectivity = _connectivity(projection)
    down, across = connectivity.windows.kernel
    return projection["w"].reshape(-1, connectivity.maps, connectivity.image[0], down, across)


def inner_places(projection: Projection) -> NDArray[np.int64]:
    """Return the places whose window lies wholly within the image."""
    return np.flatnonzero((_connectivity(projection).where >= 0).all(axis=1))


def likeness(projection: Projection) -> float:
    """Return the correlation of a map's filter at two places, on average over maps and pairs of places within the image.

    It is 1 where all places have one filter (tied), 0 where they have nothing to do with each other. With f the filters less
    their means, of length 1, the mean over pairs of P places of f.f' is (|sum f|^2 - P)/(P (P - 1)).

    Raises
    ------
    RecircuitError
        If the projection is not of images, or feedback.
    """
    filters = filters_of(projection)
    if len(filters) == 1:
        return 1.0
    flat = filters[inner_places(projection)].astype(float).reshape(-1, filters.shape[1], filters[0, 0].size)
    flat = flat - flat.mean(axis=-1, keepdims=True)
    size = np.linalg.norm(flat, axis=-1, keepdims=True)
    unit, places = flat / np.where(size > 0, size, 1), len(flat)
    if places < 2:
        raise RecircuitError(f"likeness: {projection.name} has {places} place within the image; two are compared.")
    together = (unit.sum(axis=0) ** 2).sum(axis=-1)
    return float(np.mean((together - places) / (places * (places - 1))))


def same_filter(projection: Projection, maps: int = 4, places: int = 4) -> list[NDArray[np.floating]]:
    """Return, for each of some maps, the same filter at some places of the image, (places, channels, down, across)."""
    filters, inside = filters_of(projection), inner_places(projection)
    spread = np.linspace(0, len(inside) - 1, places + 2).astype(int)[1:-1]
    at = np.zeros(1, int) if len(filters) == 1 else inside[spread]
    return [filters[at, m] for m in range(min(maps, filters.shape[1]))]


def draw_tiles(figure: Figure | SubFigure, rows: Sequence[NDArray[np.floating]], title: str) -> None:
    """Draw rows of pictures (channels, height, width)."""
    grid = figure.subplots(len(rows), max(map(len, rows)), squeeze=False)
    for line, tiles in zip(grid, rows, strict=True):
        for ax in line:
            ax.set_axis_off()
        for ax, tile in zip(line, tiles, strict=False):
            _tile(ax, tile)
    figure.suptitle(title, fontsize=8)


def _tile(ax: Axes, tile: NDArray[np.floating]) -> None:
    """Draw one picture (channels, height, width): three channels as colours, or else their mean; grey is 0."""
    largest = float(np.abs(tile).max()) or 1.0
    if len(tile) == 3:
        ax.imshow(0.5 + 0.5 * tile.transpose(1, 2, 0) / largest)
    else:
        ax.imshow(tile.mean(axis=0), cmap="RdBu_r", vmin=-largest, vmax=largest)


def _connectivity(projection: Projection) -> Local:
    connectivity = projection.connectivity
    if not isinstance(connectivity, Local) or connectivity.transposed:
        raise RecircuitError(f"filters: {projection.name} is no projection from image to image; it is {connectivity}.")
    return connectivity
