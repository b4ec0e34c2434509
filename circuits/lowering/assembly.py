"""A circuit as Brian2 objects: the groups, the operations, and where each variable lives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import Clock, Group, Network
from brian2.core.base import BrianObject
from brian2.core.variables import Variables
from brian2.units import Quantity

from ...plasticity import lower
from ...plasticity.steps import Step
from ..description.projection import Projection, Transposed
from ..description.schedule import Schedule
from .operations import CLAMP, Operation


@dataclass(frozen=True)
class Array:
    """Where a variable lives: the Brian2 variable, the shape shown to the user, and, for sparse ones, where in it.

    ``by_column`` says that the shape is (columns, units).
    """

    variable: Any
    shape: tuple[int, ...]
    places: np.ndarray | None = None
    by_column: bool = False


@dataclass(eq=False)
class Assembly:
    """Everything a backend needs to run a circuit.

    Parameters
    ----------
    columns, dtype : of the circuit
    clock : its Brian2 clock
    codeobj_class : the backend's code object class (None: the device's own)
    arrays : ``"h.rate"`` -> where it lives
    constants : parameters of neurons and rules -> their values in base units
    operations : in the order of a step
    narrower : operation -> the passes over fewer equations that there is code for
    synapses : in the plain form, projection -> pre unit, post unit and place of the weight of every synapse
    """

    columns: int
    dtype: np.dtype
    clock: Clock
    schedule: Schedule
    codeobj_class: type | None
    groups: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    narrower: dict[str, list[Operation]] = field(default_factory=dict)
    objects: list[BrianObject] = field(default_factory=list)
    synapses: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=dict)
    network: Network | None = None

    def add(self, operation: Operation) -> None:
        """Add an operation, and its runner to the network."""
        self.operations.append(operation)
        if operation.runner is not None:
            self.objects.append(operation.runner)

    def narrowed(self, operation: Operation, variables: frozenset[str]) -> Operation:
        """The least operation that writes these variables: made now, or after code generation the best there is."""
        known = self.narrower.setdefault(operation.name, [])
        enough = [o for o in known if variables <= o.writes]
        if self.network is not None:
            return min(enough, key=lambda o: len(o.writes), default=operation)
        exact = [o for o in enough if o.writes == variables]
        if not exact:
            assert operation.narrow is not None
            exact = [operation.narrow(variables)]
            known.append(exact[0])
            self.objects.append(exact[0].runner)
        return exact[0]

    def all_operations(self) -> list[Operation]:
        """Every operation that there is code for, or that the presentation loop knows."""
        return [*self.operations, *(o for known in self.narrower.values() for o in known)]

    def add_group(self, name: str, group: Any) -> None:
        """Add a group; the network and this assembly keep it alive (Brian2's variables hold their owner weakly)."""
        self.groups[name] = group
        self.objects.append(group)


class Store(Group):
    """A Brian2 group that only owns variables: the weights of a projection, or the state of the presentation."""

    add_to_magic_network = False

    def __init__(self, name: str, size: int, clock: Clock, codeobj_class: type | None) -> None:
        BrianObject.__init__(self, clock=clock, name=name)
        self.codeobj_class = codeobj_class
        self.namespace: dict[str, Any] = {}
        self.variables = Variables(self)
        self.variables.add_constant("N", value=size)
        self.variables.create_clock_variables(clock)

    def array(self, name: str, dtype: Any) -> None:
        """A value per element."""
        self.variables.add_array(name, size=self.variables["N"].get_value(), dtype=dtype)

    def table(self, name: str, size: int) -> None:
        """Whole numbers, as many as there are."""
        self.variables.add_array(name, size=size, dtype=np.int32)

    def scalar(self, name: str, dtype: Any) -> None:
        """One value for all."""
        self.variables.add_array(name, size=1, dtype=dtype, scalar=True, index="0")


def number(value: Any) -> float:
    """A parameter in base units."""
    return float(np.asarray(value)) if isinstance(value, Quantity) else float(value)


def learning_steps(projection: Projection, schedule: Schedule) -> tuple[int, ...]:
    """The steps in which a projection's rule is open."""
    return schedule.open_steps(projection.learns, f"the rule of {projection.name!r}")


def steps_of(projection: Projection) -> tuple[Step, ...]:
    """What a projection's rule is lowered to."""
    equation = projection.equation
    return () if equation is None else lower(equation, shared=projection.structure.shared)


def masking(variables: Iterable[str]) -> str:
    """The code by which synapses that do not exist have neither weight nor state."""
    return "\n".join(f"{v} = {v}*mask" for v in ("w", *variables))


def weights_owner(projection: Projection) -> Projection:
    """The projection whose weights this one reads."""
    return projection.weights.of if isinstance(projection.weights, Transposed) else projection


def add_clamps(assembly: Assembly, circuit: Any) -> None:
    """Clamped populations: their rates are a row of the data, from the first step in which they are shown."""
    for population in circuit.populations.values():
        if population.clamp is None:
            continue
        steps = assembly.schedule.open_steps(population.clamp.during, f"the stimulus {population.name!r}")
        assembly.add(
            Operation(
                name=f"clamp_{population.name}",
                slot=CLAMP,
                steps=steps[:1],
                reads=frozenset(),
                writes=frozenset({f"{population.name}.{population.clamp.variable}"}),
                always=True,
                supervises=population.clamp.kind == "labels",
            )
        )
