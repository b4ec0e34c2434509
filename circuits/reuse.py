"""What a circuit begins with, and one built program for circuits that differ in nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import Quantity

from ..errors import RecircuitError
from .description.initial import draw
from .description.neuron import Neuron
from .description.projection import Projection, Transposed

if TYPE_CHECKING:
    from .circuit import Circuit


def first_values(circuit: Circuit) -> dict[str, Any]:
    """Parameters, constants, and what is drawn: weights, masks and states of rules.

    Each projection has a stream of random numbers of its own, the same on every backend.
    """
    found: dict[str, Any] = dict(circuit.constants)
    for population in circuit.populations.values():
        parameters = population.neuron.parameters
        found |= {f"{population.name}.{k}": float(np.asarray(v)) for k, v in parameters.items()}
    for index, projection in enumerate(circuit.projections.values()):
        rng = np.random.default_rng([circuit.seed, index])
        found |= {f"{projection.name}.{k}": v for k, v in _of_synapses(projection, rng).items()}
    return found


def _of_synapses(projection: Projection, rng: np.random.Generator) -> dict[str, Any]:
    name, shape, equation = projection.name, projection.shape, projection.equation
    found: dict[str, Any] = {}
    mask = projection.structure.mask(projection.pre.size, projection.post.size, rng)
    if not isinstance(projection.weights, Transposed):
        found["w"] = draw(projection.weights, rng, shape, name)
    if equation is not None and equation.plastic:
        states: Mapping[str, Any] = {**equation.state, **projection.states}
        found |= {k: draw(v, rng, shape, f"{name}.{k}") for k, v in states.items()}
    if mask is not None:
        found = {k: v * mask for k, v in found.items()} | {"mask": mask}
    if equation is not None and equation.plastic:
        found |= equation.parameters
    return found


def take_over(circuit: Circuit, other: Circuit) -> None:
    """Begin in the program of another circuit, which then has none, instead of building one.

    The two may differ in what is in memory and not in the code: plain parameters, weights, states, the seed.

    Raises RecircuitError: they differ in more, or the other has not been built.
    """
    if (mine := structure(circuit)) != structure(other):
        different = next((a for a, b in zip(mine, structure(other), strict=False) if a != b), "its parts")
        raise RecircuitError(f"take_over: the circuits differ in more than numbers: {different}.")
    if other._program is None:
        raise RecircuitError("take_over: the other circuit has not been built; call its program(backend) first.")
    other._program, circuit._program = None, other._program
    circuit.reset()


def structure(circuit: Circuit) -> tuple[str, ...]:
    """All that the code of a circuit depends on, in words."""
    schedule = circuit.schedule
    return (
        f"{circuit.columns} columns, dt {circuit.dt!r}, {circuit.dtype}, {circuit.lowering}, {circuit.optimise}, "
        f"products {circuit.matmul}",
        *(f"phase {name} {window}" for name, window in (schedule.windows if schedule else {}).items()),
        f"evaluation {schedule.evaluation if schedule else ()}",
        *(f"{p.name}: {p.size} units, {p.clamp}, {_equations(p.neuron)}" for p in circuit.populations.values()),
        *(f"{p.name}: {_wiring(p)}" for p in circuit.projections.values()),
        *(f"broadcast {n} from {source.name}, {when}" for n, (source, when) in circuit.broadcasts.items()),
    )


def _equations(neuron: Neuron) -> str:
    """With the times, since a time constant that equals dt makes an equation an assignment."""
    parameters = {k: repr(v) if isinstance(v, Quantity) else "a number" for k, v in neuron.parameters.items()}
    return f"{neuron.text}, {neuron.method}, {parameters}"


def _wiring(p: Projection) -> str:
    read = "own"
    if isinstance(p.weights, Transposed):
        read = f"{p.weights.of.name}.{p.weights.variable}{' transposed' if p.weights.flipped else ''}"
    parameters = sorted(p.equation.parameters) if p.equation is not None else ()
    return (
        f"{p.pre.name}.{p.sends} into {p.post.name}.{p.into}, {p.structure}, {read} weights, during {p.during}, "
        f"{p.equation} during {p.learns}, {parameters}"
    )
