"""A circuit as operations and variables, from which backends make programs and questions about a circuit are answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..description.network import Network
from ..description.schedules.schedule import Schedule
from .operations import Operation
from .variables import Variable


@dataclass(frozen=True, eq=False)
class Lowered:
    """The intermediate form of a circuit.

    Parameters
    ----------
    network : Network
        The description of the circuit.
    schedule : Schedule
        The steps of a presentation.
    operations : tuple of Operation
        The operations, in the order of a step.
    variables : mapping of str to Variable
        The variables by key, in the order in which they are laid out.
    constants : mapping of str
        The initial values of the variables that nobody declares, such as tables. `first_values` returns the declared ones.
    alternatives
        For an operation, the smaller operations that write some of its variables.
    """

    network: Network
    schedule: Schedule
    operations: tuple[Operation, ...]
    variables: Mapping[str, Variable] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    alternatives: Mapping[str, tuple[Operation, ...]] = field(default_factory=dict)

    def all_operations(self) -> list[Operation]:
        """Return all operations that a backend makes code for, or does itself."""
        return [*self.operations, *(o for some in self.alternatives.values() for o in some)]
