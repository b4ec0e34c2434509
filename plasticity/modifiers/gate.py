"""The modifier for gates: a broadcast that multiplies each update."""

from functools import partial

from ...arguments import checked_arguments
from ...errors import RecircuitError
from .base import Equation, Modifier, added_to_increment

__all__ = ["gate"]


@checked_arguments
def gate(broadcast: str) -> Modifier:
    """Multiply each update by a broadcast, so that weights keep their values while it is zero.

    `dw = E` becomes `dw = broadcast*(E)`.

    Parameters
    ----------
    broadcast : str
        The name of the broadcast.
    """
    if not isinstance(broadcast, str):
        raise RecircuitError(f"gate: expected the name of a broadcast; got {broadcast!r}.")
    return Modifier(f"the gate `{broadcast}`", partial(_change, broadcast), broadcasts=(broadcast,))


def _change(name: str, equation: Equation, where: str) -> Equation:
    return added_to_increment(equation, where, f"the gate `{name}`", f"{name}*({{E}})")
