"""A circuit as Brian2 objects: the groups, the code of each operation, and where each variable lives."""

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
    """Everything that a backend of Brian2's needs to run a circuit.

    Parameters
    ----------
    lowered : the intermediate form that it is made of
    clock : the circuit's Brian2 clock
    codeobj_class : the backend's code object class (None: the device's own)
    groups : population or projection -> its Brian2 group
    arrays : ``"h.rate"`` -> the Brian2 variable that holds it
    runners : operation -> the Brian2 object that holds its code
    objects : all of them, in the order in which they were made; this keeps them alive
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
        """How many batch elements there are."""
        return self.lowered.network.batch_size

    @property
    def dtype(self) -> np.dtype:
        """Of real numbers."""
        return self.lowered.network.dtype

    @property
    def variables(self) -> Mapping[str, Variable]:
        """What there is in memory."""
        return self.lowered.variables

    def add_group(self, name: str, group: Any) -> None:
        """Add a group (Brian2's variables hold their owner weakly)."""
        self.groups[name] = group
        self.objects.append(group)

    def run_by(self, operation: str, runner: Any, *, contained: bool = False) -> None:
        """Say what runs an operation; ``contained``: an object of a group, which the network knows already."""
        self.runners[operation] = runner
        if not contained:
            self.objects.append(runner)
