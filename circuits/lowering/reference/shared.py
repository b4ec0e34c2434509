"""The plain form where several synapses share a weight: Synapses whose weights are elements of another group."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Synapses
from brian2.utils.stringtools import get_identifiers

from ....plasticity.sharing import shared_code
from ...description.projection import Projection
from ..assembly import Array, Assembly, Store, learning_steps, masking, weights_owner
from ..operations import LEARN, Operation, Runner
from ..populations import read_of_units

#: Which weight a synapse has.
INDEX = "shared_weight"


def share_weights(assembly: Assembly, projection: Projection, synapses: Synapses, weights: np.ndarray) -> None:
    """Make the weights, unless they are another's, and have each synapse read its own."""
    name = projection.name
    owner = weights_owner(projection)
    if owner is projection:
        _add_weights(assembly, projection)
        assembly.add_group(f"{name} synapses", synapses)
    else:
        assembly.add_group(name, synapses)
    store = assembly.groups[owner.name]
    read = "w" if owner is projection else projection.weights.variable
    inner = read if read == "w" or owner.equation is None else owner.equation.plain_names[read]
    getattr(synapses, INDEX)[:] = weights
    synapses.variables.add_reference("w", store, inner, index=INDEX)
    if owner is not projection:
        assembly.arrays[f"{name}.w"] = assembly.arrays[f"{owner.name}.{read}"]


def _add_weights(assembly: Assembly, projection: Projection) -> None:
    name, shape, equation = projection.name, projection.shape, projection.equation
    store = Store(f"weights_{name}", int(np.prod(shape)), assembly.clock, assembly.codeobj_class)
    store.array("w", assembly.dtype)
    assembly.arrays[f"{name}.w"] = Array(store.variables["w"], shape)
    if equation is not None and equation.plastic:
        plain = equation.plain_names
        for variable in (*equation.state, *equation.locals):
            store.array(plain[variable], assembly.dtype)
            if variable in equation.state:
                assembly.arrays[f"{name}.{variable}"] = Array(store.variables[plain[variable]], shape)
        for variable in (*equation.parameters, "updates"):
            store.scalar(plain.get(variable, variable), assembly.dtype)
            assembly.arrays[f"{name}.{variable}"] = Array(store.variables[plain.get(variable, variable)], ())
        assembly.constants |= {f"{name}.{k}": v for k, v in (equation.state | equation.parameters).items()}
        for k in range(len(equation.statements)):
            store.array(f"total_{k}", assembly.dtype)
    if projection.structure.mask(projection.pre.size, projection.post.size, np.random.default_rng(0)) is not None:
        store.array("mask", assembly.dtype)
        assembly.arrays[f"{name}.mask"] = Array(store.variables["mask"], shape)
    assembly.add_group(name, store)


def learn_shared(assembly: Assembly, projection: Projection) -> None:
    """Statement by statement: what each synapse adds, added up; then the weight's own terms, and the sum."""
    equation, name = projection.equation, projection.name
    assert equation is not None
    store, synapses = assembly.groups[name], assembly.groups[f"{name} synapses"]
    for k, statement in enumerate(shared_code(equation)):
        total = f"total_{k}"
        _add(
            assembly,
            projection,
            f"{k}_begin",
            Runner(f"learn_{name}_{k}_begin", store, "stateupdate", f"{total} = 0.0"),
        )
        if statement.each != "0":
            _add(
                assembly,
                projection,
                f"{k}_each",
                _summing(projection, store, synapses, k, f"{total} += {statement.each}"),
            )
        code = f"{statement.target} {statement.operator} {statement.once} + {total}"
        _add(assembly, projection, f"{k}_once", Runner(f"learn_{name}_{k}_once", store, "stateupdate", code))
    if f"{name}.mask" in assembly.arrays:
        code = masking(equation.plain_names[state] for state in equation.state)
        _add(assembly, projection, "mask", Runner(f"mask_{name}", store, "stateupdate", code))
    _add(assembly, projection, "count", Runner(f"learn_{name}_count", store, "once", "updates = updates + 1"))


def _summing(projection: Projection, store: Store, synapses: Synapses, k: int, code: str) -> Runner:
    """The pass over the synapses; the target and arrays of the store are those of each synapse's weight."""
    arrays = {v for v in store.variables if v in get_identifiers(code) and v not in synapses.variables}
    references: dict[str, tuple[Any, str, str]] = {
        v: (store, v, "0" if store.variables[v].scalar else INDEX) for v in sorted(arrays)
    }
    return Runner(f"learn_{projection.name}_{k}_each", synapses, "stateupdate", code, references=references)


def _add(assembly: Assembly, projection: Projection, suffix: str, runner: Runner) -> None:
    """An operation that is never left out: the plain form is to be right, not fast."""
    name = projection.name
    writes = frozenset(k for k in assembly.arrays if k.split(".")[0] == name)
    assembly.add(
        Operation(
            name=runner.name, slot=LEARN, steps=learning_steps(projection, assembly.schedule), learns=True, always=True,
            reads=frozenset(read_of_units(projection)) | writes, writes=writes, runner=runner,
            work=projection.synapses if suffix.endswith("each") else 0,
        )
    )  # fmt: skip
