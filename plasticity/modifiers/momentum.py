"""The modifier for momentum (Polyak 1964)."""

from ...arguments import checked_arguments
from ..parse import Statement
from .base import Equation, Modifier, is_increment, of_updates, one_increment, within

__all__ = ["momentum"]


@checked_arguments
def momentum(momentum: float) -> Modifier:
    """Add momentum: an update continues in the direction of the updates before it.

    `dw = E` becomes `velocity = momentum*velocity + E; dw = velocity`.

    Parameters
    ----------
    momentum : float
        The share of the velocity that is kept from one update to the next: at least 0 and below 1.

    Raises
    ------
    RecircuitError
        If the number is outside of this range.

    References
    ----------
    Polyak 1964.
    """
    return Modifier(
        "momentum", _change, {"momentum": within("momentum", momentum, 0, 1, below=True)}, {"velocity": 0.0}
    )


def _change(equation: Equation, where: str) -> Equation:
    one_increment(equation, where, "momentum")
    of_updates(equation, where, "momentum")
    changed: list[Statement] = []
    for s in equation:
        if is_increment(s):
            changed.append(Statement("velocity", "=", f"momentum*velocity + {s.expression}"))
            s = Statement("w", "+=", "velocity")
        changed.append(s)
    return tuple(changed)
