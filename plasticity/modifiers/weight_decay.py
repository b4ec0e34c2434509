"""Weight decay."""

from ...door import door
from .base import Equation, Modifier, added_to_increment

__all__ = ["weight_decay"]


@door
def weight_decay(weight_decay: float) -> Modifier:
    """Let weights decay: each update takes away a share of the weight.

    `dw = E` becomes `dw = E - weight_decay*w`, in the forward and the feedback equation.

    Parameters
    ----------
    weight_decay : float
        The share of a weight that is lost in an update.
    """
    return Modifier("weight decay", _change, {"weight_decay": weight_decay})


def _change(equation: Equation, where: str) -> Equation:
    return added_to_increment(equation, where, "weight decay", "{E} - weight_decay*w")
