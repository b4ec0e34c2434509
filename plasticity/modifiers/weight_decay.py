"""The modifier for weight decay."""

from ...arguments import checked_arguments
from .base import Equation, Modifier, added_to_increment, within

__all__ = ["weight_decay"]


@checked_arguments
def weight_decay(weight_decay: float) -> Modifier:
    """Let weights decay: each update subtracts a share of the weight.

    `dw = E` becomes `dw = E - weight_decay*w`, in the forward and the feedback equation.

    Parameters
    ----------
    weight_decay : float
        The share of a weight that is lost in an update, at least 0; in a rule with `dw/dt`, the share per second, as in 0.1*Hz.

    Raises
    ------
    RecircuitError
        If it is negative, or not a number.
    """
    return Modifier("weight decay", _change, {"weight_decay": within("weight_decay", weight_decay, 0)})


def _change(equation: Equation, where: str) -> Equation:
    return added_to_increment(equation, where, "weight decay", "{E} - weight_decay*w")
