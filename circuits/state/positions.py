"""Variables whose values are positions in arrays. At a position that does not exist, a program would use other memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...annotations import short
from ...errors import RecircuitError
from ..description.network import Network
from ..description.populations.shown_values import array_of
from ..description.projections.projection import ARGMAX
from ..description.reads import pools_into
from ..lowering.lowered import Lowered
from ..lowering.variables import Scope, Variable

__all__ = ["check_positions"]


def check_positions(lowered: Lowered, key: str, value: Any) -> None:
    """Refuse other values of a table than those that the circuit was made with, and inputs that are in no window.

    Parameters
    ----------
    lowered : Lowered
        The circuit.
    key : str
        The variable.
    value : array
        The numbers to which it is to be set.

    Raises
    ------
    RecircuitError
        If the variable holds positions, and one of them does not exist.
    """
    variable = lowered.variables[key]
    if variable.scope is Scope.TABLE and key in lowered.constants:
        made = np.broadcast_to(lowered.constants[key], variable.shape)
        if not np.array_equal(np.broadcast_to(array_of(value, key), variable.shape), made):
            raise RecircuitError(
                f"{key} cannot be set: it is a table of positions, which follows from the connectivity and the delays of the "
                "circuit. Make another circuit with another connectivity or other delays."
            )
    inputs = _inputs_of_window(lowered.network, variable)
    if inputs and not np.isin(array_of(value, key), np.arange(inputs)).all():
        raise RecircuitError(
            f"{key} says which input of a window is the largest, a whole number from 0 to {inputs - 1}; got {short(value)}."
        )


def _inputs_of_window(network: Network, variable: Variable) -> int:
    """Return how many inputs a window has, if the variable says which of them is the largest; 0 for other variables."""
    if not variable.name.endswith(ARGMAX):
        return 0
    pools = [pool for pool in pools_into(network, variable.owner) if pool.argmax == variable.name]
    return int(pools[0].connectivity.numbers()["taps"]) if pools else 0
