"""Figures that scripts and notebooks show: pyplot knows them, and Jupyter draws each once."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...errors import RecircuitError

__all__ = ["ShownOnce", "axes_given", "figure_of", "new_figure"]


class ShownOnce(Figure):
    """A figure of pyplot that Jupyter draws once, even if it is the value of a cell.

    Jupyter draws all figures of pyplot at the end of a cell. A figure that is the value of the cell would be drawn twice.
    """

    def _repr_mimebundle_(self, **kinds: Any) -> dict[str, Any]:
        """Let pyplot forget the figure when Jupyter draws it, and return a picture if Jupyter cannot draw figures."""
        if "inline" in pyplot.get_backend():
            pyplot.close(self)
            return {}
        content = io.BytesIO()
        self.savefig(content, format="png", bbox_inches="tight")
        return {"image/png": content.getvalue()}


def new_figure(**options: Any) -> Figure:
    """Return an empty figure that `pyplot.show` shows.

    Parameters
    ----------
    options
        Options of `pyplot.figure`, such as ``figsize``.
    """
    return pyplot.figure(FigureClass=ShownOnce, **options)


def axes_given(ax: Any, count: int, what: str) -> list[Axes]:
    """Return the axes that a user gave for this number of panels.

    Raises
    ------
    RecircuitError
        If their number is not that of the panels.
    """
    given = list(np.asarray(ax, dtype=object).flat) if isinstance(ax, Sequence | np.ndarray) else [ax]
    if len(given) != count or not all(isinstance(one, Axes) for one in given):
        expected = "axes of matplotlib" if count == 1 else f"{count} axes of matplotlib, one for each panel,"
        raise RecircuitError(
            f"{what}: ax is {expected} as from plt.subplots({'' if count == 1 else count}); got {ax!r}."
        )
    return given


def figure_of(axes: Axes) -> Figure:
    """Return the whole figure that axes belong to."""
    found = axes.get_figure(root=True)
    assert found is not None
    return found
