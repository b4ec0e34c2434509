"""Limits of weights."""

from ...errors import RecircuitError
from ..parse import Statement
from .base import Equation, Modifier

__all__ = ["weight_limit"]


def weight_limit(weight_limit: float) -> Modifier:
    """Limits of weights: each update ends with `w = clip(w, -weight_limit, weight_limit)`.

    Parameters
    ----------
    weight_limit : the largest absolute value of a weight, above 0
    """
    if not weight_limit > 0:
        raise RecircuitError(f"weight_limit: a limit of weights is a number above 0; got {weight_limit!r}.")
    return Modifier("weight limit", _change, {"weight_limit": weight_limit})


def _change(equation: Equation, where: str) -> Equation:
    return (*equation, Statement("w", "=", "clip(w, -weight_limit, weight_limit)"))
