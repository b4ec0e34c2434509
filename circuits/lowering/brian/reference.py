"""The reference form as Brian2 objects: Synapses, and a store for weights that several synapses share."""

from __future__ import annotations

from math import prod
from typing import Any

from brian2 import Synapses

from ....plasticity.incoming import summing_sides
from ...connectivity import MaxPool
from ...connectivity import Synapses as Existing
from ...description.populations.population import Population
from ...description.projections.delays import synapse_delays
from ...description.projections.projection import Projection, Transposed
from ..reference.existing import existing_synapses
from ..reference.kernels import PerSynapse, PerWeight, Summed
from ..reference.layout import kept
from .assembly import Assembly
from .code import runner_of
from .groups import add_population
from .runner import Runner, Store

#: The name of the variable with the index of each synapse's weight.
INDEX = "shared_weight"


def add_synapses(assembly: Assembly) -> None:
    """Add the groups of a circuit in the reference form, and the objects that run the sums over its synapses."""
    network = assembly.lowered.network
    assembly.arrays |= {f"clock.{v}": assembly.clock.variables[v] for v in ("timestep", "t")}
    for population in network.populations.values():
        mine = [v for v in assembly.variables.values() if v.owner == population.name]
        add_population(assembly, population, mine)
    existing = existing_synapses(network)
    for projection in network.projections.values():
        _add_projection(assembly, projection, existing[projection.name])
    for operation in assembly.lowered.operations:
        kernel = operation.kernel
        if isinstance(kernel, Summed):
            if kernel.synapses == operation.name:
                _add_broadcast(assembly, kernel, network.populations[operation.owner])
            _run_sum(assembly, operation.name, kernel)


def _add_projection(assembly: Assembly, projection: Projection, existing: Existing) -> None:
    name, shared = projection.name, projection.connectivity.shared
    synapses = _connected(assembly, projection, existing)
    other = projection.weights if isinstance(projection.weights, Transposed) else None
    if other is None and shared:
        _add_weights(assembly, projection)
        assembly.add_group(_beside_weights(name), synapses)
    else:
        assembly.add_group(name, synapses)
    if shared:
        getattr(synapses, INDEX)[:] = existing.weight
        owner = projection.owner
        variable = _brian_name(owner, other.variable if other else "w")
        synapses.variables.add_reference("w", assembly.groups[owner.name], variable, index=INDEX)
    elif other is not None:
        variable = _brian_name(other.of, other.variable)
        synapses.variables.add_reference("w_partner", assembly.groups[other.of.name], variable, index="_idx")
    else:
        assembly.arrays |= {
            v.key: synapses.variables[_brian_name(projection, v.name)]
            for v in assembly.variables.values()
            if v.owner == name
        }


def _connected(assembly: Assembly, projection: Projection, existing: Existing) -> Synapses:
    """Return Brian2's synapses, with the sums that they compute and the variables that each of them keeps."""
    sums = [
        o.kernel for o in assembly.lowered.operations if isinstance(o.kernel, Summed) and o.owner == projection.name
    ]
    model = list(dict.fromkeys(f"{s.variable}_{s.side} = {s.expression} : 1 (summed)" for s in sums))
    connectivity, shared = projection.connectivity, projection.connectivity.shared
    model.append(f"{INDEX} : integer" if shared else "w : 1")
    if isinstance(connectivity, MaxPool):
        model.append("tap : integer")
    if (delays := synapse_delays(projection)) is not None:
        model.append("late_by : integer")
    if not shared:
        model += _kept_in(projection)
    synapses = Synapses(
        assembly.groups[projection.pre.name], assembly.groups[projection.post.name], "\n".join(model),
        clock=assembly.clock, name=f"synapses_{projection.name}", namespace={},
        dtype={} if shared else {"w": assembly.dtype}, codeobj_class=assembly.codeobj_class,
    )  # fmt: skip
    synapses.connect(i=existing.pre, j=existing.post)
    if isinstance(connectivity, MaxPool):
        synapses.tap[:] = connectivity.by_tap()[2]
    if delays is not None:
        synapses.late_by[:] = delays.reshape(-1)[existing.weight]
    return synapses


def _kept_in(projection: Projection) -> list[str]:
    """Return the lines for the states and parameters of a rule."""
    equation = projection.equation
    if equation is None or not equation.plastic:
        return []
    plain = equation.plain_names
    lines = [f"{plain[state]} : 1" for state in (*equation.state, *equation.traces)]
    if summing_sides(equation.statements):  # statements are run one by one, and their results are kept
        lines += [f"{plain[name]} : 1" for name in equation.locals]
    lines += [f"{plain[parameter]} : 1 (shared)" for parameter in equation.parameters]
    return [*lines, "updates : 1 (shared)"]


def _add_weights(assembly: Assembly, projection: Projection) -> None:
    """Add a store of the weights that synapses share, with everything that a rule keeps for each of them."""
    name, equation = projection.name, projection.equation
    size = prod(projection.shape)
    store = Store(f"weights_{name}", size, assembly.clock, assembly.codeobj_class)
    scalars = {"updates", *((equation.plain_names.get(p, p) for p in equation.parameters) if equation else ())}
    for variable in kept(projection, plain=True):
        if variable in scalars:
            store.scalar(variable, assembly.dtype)
        else:
            store.array(variable, size, assembly.dtype)
    mine = [v for v in assembly.variables.values() if v.owner == name]
    assembly.arrays |= {v.key: store.variables[_brian_name(projection, v.name)] for v in mine}
    assembly.add_group(name, store)


def _run_sum(assembly: Assembly, operation: str, kernel: Summed) -> None:
    synapses = _synapses_of(assembly, kernel.synapses)
    assembly.run_by(operation, synapses.summed_updaters[f"{kernel.variable}_{kernel.side}"], contained=True)


def _beside_weights(name: str) -> str:
    """Return the name of a group of synapses if their weights are a group of their own, with the projection's name."""
    return f"{name} synapses"


def _synapses_of(assembly: Assembly, name: str) -> Synapses:
    """Return the synapses of a projection or broadcast; there may be none."""
    return assembly.groups.get(_beside_weights(name), assembly.groups[name])


@runner_of.register
def _(kernel: PerSynapse, name: str, assembly: Assembly) -> Runner:
    """Return the object that goes over all synapses; it reads arrays of the store at each synapse's weight."""
    store = assembly.groups[kernel.projection]
    synapses = _synapses_of(assembly, kernel.projection)
    references: dict[str, tuple[Any, str, str]] = {
        v: (store, v, "0" if store.variables[v].scalar else INDEX)
        for v in kernel.weights
        if v not in synapses.variables
    }
    return Runner(name, synapses, "stateupdate", kernel.code, references=references)


@runner_of.register
def _(kernel: PerWeight, name: str, assembly: Assembly) -> Runner:
    template = "once" if kernel.once else "stateupdate"
    return Runner(name, assembly.groups[kernel.projection], template, kernel.code)


def _add_broadcast(assembly: Assembly, kernel: Summed, population: Population) -> None:
    source = assembly.lowered.network.broadcasts[kernel.variable].source
    synapses = Synapses(
        assembly.groups[source.name], assembly.groups[population.name],
        f"{kernel.variable}_post = {kernel.expression} : 1 (summed)", clock=assembly.clock, name=kernel.synapses,
        namespace={}, codeobj_class=assembly.codeobj_class,
    )  # fmt: skip
    synapses.connect()
    assembly.add_group(kernel.synapses, synapses)


def _brian_name(projection: Projection, variable: str) -> str:
    """Return the name by which Brian2 knows a variable of a projection."""
    equation = projection.equation
    return variable if variable == "w" or equation is None else equation.plain_names.get(variable, variable)
