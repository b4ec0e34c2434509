"""The modifiers for learning rates that fall with the number of updates."""

from functools import partial

from ...arguments import checked_arguments
from ...errors import RecircuitError
from .base import Equation, Modifier, with_rate, within

__all__ = ["rate_decay", "rate_steps"]


@checked_arguments
def rate_decay(rate_decay: float) -> Modifier:
    """Let the learning rate decay: `rate` becomes `rate/(1 + rate_decay*updates)`.

    Parameters
    ----------
    rate_decay : float
        The speed of the decay; after 1/rate_decay updates the rate is half of what it was. It is at least 0.

    Raises
    ------
    RecircuitError
        If it is negative, or not a number.

    References
    ----------
    Baldi, Sadowski and Lu 2018, section 5.
    """
    change = partial(_replaced, "rate/(1 + rate_decay*updates)")
    return Modifier("rate decay", change, {"rate_decay": within("rate_decay", rate_decay, 0)}, rate_to="decay")


@checked_arguments
def rate_steps(*updates: int, factor: float = 0.1) -> Modifier:
    """Let the learning rate fall in steps: it is multiplied by a factor after given numbers of updates.

    `rate` becomes `rate*rate_factor**(int(updates >= rate_step_1) + int(updates >= rate_step_2) + ...)`.

    Parameters
    ----------
    updates : int
        The numbers of updates at which the rate falls.
    factor : float, default 0.1
        The factor by which the rate is multiplied each time, at least 0.

    Raises
    ------
    RecircuitError
        If a number of updates is not a whole number, or the factor is negative.

    References
    ----------
    Lillicrap et al. 2016, Supplementary Note 5, where it falls by an order of magnitude.
    """
    if not updates:
        raise RecircuitError("rate_steps: say after how many updates the rate falls, as in rate_steps(6000, 9000).")
    for number in updates:
        if within("rate_steps: a number of updates", number, 0) != int(number):
            raise RecircuitError(f"rate_steps: updates are counted in whole numbers; got {number!r}.")
    steps = {f"rate_step_{k}": float(n) for k, n in enumerate(updates, 1)}
    passed = " + ".join(f"int(updates >= {name})" for name in steps)
    change = partial(_replaced, f"rate*rate_factor**({passed})")
    return Modifier(
        "rate steps", change, {"rate_factor": within("rate_steps: factor", factor, 0), **steps}, rate_to="fall"
    )


def _replaced(text: str, equation: Equation, where: str) -> Equation:
    return with_rate(equation, text)
