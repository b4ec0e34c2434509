"""A circuit as Brian2 objects: the groups, the code of each operation, and the Brian2 variable of each variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import Clock, Network
from brian2.core.base import BrianObject

from ..lowered import Lowered
from ..variables import Variable


@dataclass(eq=False)
class Assembly:
    """Everything that a backend based on Brian2 needs to run a circuit.

    Parameters
    ----------
    lowered : Lowered
        The intermediate form of the circuit.
    clock : Clock
        The circuit's Brian2 clock.
    codeobj_class : type or None
        The backend's code object class (None for the device's own).
    groups : mapping of str
        The Brian2 group of each population and projection.
    arrays : mapping of str
        The Brian2 variable of each variable, by names such as ``"h.rate"``.
    runners : mapping of str
        The Brian2 object with the code of each operation.
    objects : list of BrianObject
        All these objects, in the order in which they were made, so that they stay alive.
    network : Network, optional
        Brian2's network of these objects, once there is one.
    """

    lowered: Lowered
    clock: Clock
    codeobj_class: type | None
    groups: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Any] = field(default_factory=dict)
    runners: dict[str, Any] = field(default_factory=dict)
    objects: list[BrianObject] = field(default_factory=list)
    network: Network | None = None

    @property
    def batch_size(self) -> int:
        """The number of batch elements."""
        return self.lowered.network.batch_size

    @property
    def dtype(self) -> np.dtype:
        """The type of real numbers."""
        return self.lowered.network.dtype

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The variables of the circuit."""
        return self.lowered.variables

    def add_group(self, name: str, group: Any) -> None:
        """Add a group and keep it alive, since Brian2's variables hold only weak references to it."""
        self.groups[name] = group
        self.objects.append(group)

    def run_by(self, operation: str, runner: Any, *, contained: bool = False) -> None:
        """Set the object that runs an operation; a ``contained`` one belongs to a group, so that the network has it already."""
        self.runners[operation] = runner
        if not contained:
            self.objects.append(runner)
