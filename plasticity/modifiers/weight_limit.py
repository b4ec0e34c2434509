"""The modifiers for limits of weights and for fixed signs."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from ...arguments import checked_arguments
from ...errors import RecircuitError
from ..equation import SynapticEquation
from ..parse import Statement
from ..values import is_finite
from .base import Equation, Modifier

__all__ = ["signs", "weight_limit"]

#: The number that stands for no limit, which single precision can hold.
NONE = 1e30

#: The state with the sign of a weight, and the expression for the weight after its sign is enforced.
POLARITY = "polarity"
KEPT = f"{POLARITY}*clip({POLARITY}*w, 0, 1e30)"


@checked_arguments
def weight_limit(weight_limit: Any, high: float | None = NONE) -> Modifier:
    """Limit the weights: each update ends with `w = clip(w, low, high)`.

    Parameters
    ----------
    weight_limit : float, None or pair
        The largest absolute value of a weight, above 0; or the lowest value, if ``high`` is given too; or a pair of
        both, as in ``(0, 1)``.
    high : float, optional
        The highest value. None, here or as the lowest value, stands for no limit on this side, as in ``weight_limit(0,
        None)``.

    Raises
    ------
    RecircuitError
        If the limits are not numbers, or no number is between them.
    """
    low: Any = weight_limit
    if _is_pair(weight_limit):
        if high is not NONE:
            raise RecircuitError(
                f"weight_limit: {weight_limit!r} has both limits; got {high!r} too. Leave one of them out."
            )
        low, high = weight_limit
    elif high is NONE and is_finite(weight_limit):
        if not weight_limit > 0:
            raise RecircuitError(
                f"weight_limit: a limit of weights is a number above 0; got {weight_limit!r}. Weights that are not "
                "negative are weight_limit(0, None)."
            )
        return Modifier("weight limit", _symmetric, {"weight_limit": float(weight_limit)})
    if any(limit is not None and not is_finite(limit) for limit in (low, high)):
        raise RecircuitError(
            f"weight_limit: limits are one number above 0, or the lowest and the highest value, as in (0, 1), of which one "
            f"may be None; got {low!r} and {high!r}."
        )
    lowest = -NONE if low is None else float(low)  # type: ignore[arg-type]
    highest = NONE if high is None else float(high)
    if not lowest < highest:
        raise RecircuitError(
            f"weight_limit: the lowest value of a weight is below the highest; got {low!r} and {high!r}."
        )
    return Modifier("weight limit", _between, {"weight_low": lowest, "weight_high": highest})


@checked_arguments
def signs() -> Modifier:
    """Keep the signs of weights (Dale's law): each update ends with `w = polarity*clip(polarity*w, 0, 1e30)`.

    The polarity is a state of each synapse. It is 1, unless ``connect(..., states={"polarity": ...})`` gives an array
    (n_pre,) with 1 for excitatory and -1 for inhibitory pre units. Initial weights have these signs if they are given as
    ``connect(..., weights=signed(glorot(), array))``.
    """
    return Modifier("signs", partial(_appended, KEPT), state={POLARITY: 1.0})


def keeps_signs(equation: SynapticEquation) -> bool:
    """Return whether the weights of an equation keep their signs by `signs`."""
    return POLARITY in equation.state and any(s.target == "w" and s.expression == KEPT for s in equation.statements)


def _is_pair(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2


def _appended(expression: str, equation: Equation, where: str) -> Equation:
    return (*equation, Statement("w", "=", expression))


_symmetric = partial(_appended, "clip(w, -weight_limit, weight_limit)")
_between = partial(_appended, "clip(w, weight_low, weight_high)")
