"""The modifier for weights on a grid, as with few bits."""

from __future__ import annotations

from ...arguments import checked_arguments
from ...errors import RecircuitError
from ..parse import Statement
from ..values import is_finite
from .base import Equation, Modifier

__all__ = ["rounding"]


@checked_arguments
def rounding(grid: float) -> Modifier:
    """Keep weights on a grid: each update ends with `w = weight_grid*floor(w/weight_grid + rand())`.

    A weight between two points of the grid is rounded to one of them at random, and to the nearer one more often, so that
    its mean stays the same. Therefore updates that are much smaller than the grid are not lost.

    Parameters
    ----------
    grid : float
        The distance of two values that a weight can have, above 0.

    Raises
    ------
    RecircuitError
        If the grid is not a number above 0.
    """
    if not (is_finite(grid) and grid > 0):
        raise RecircuitError(f"rounding: the grid is a number above 0; got {grid!r}.")
    return Modifier("rounding", _change, {"weight_grid": float(grid)})


def _change(equation: Equation, _: str) -> Equation:
    return (*equation, Statement("w", "=", "weight_grid*floor(w/weight_grid + rand())"))
