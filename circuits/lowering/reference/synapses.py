"""Projections as Brian2 Synapses of one column: slow, any connectivity, and obviously right. The oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Synapses
from brian2.utils.stringtools import get_identifiers

from ...description.projection import Projection, Transposed
from ..assembly import Array, Assembly, add_clamps, learning_steps
from ..factors import Factors, sent_by, spread
from ..operations import EXPRESS, LEARN, PROPAGATE, Operation, Runner
from ..populations import add_populations, broadcasts_into, read_of_units
from .largest import add_largest, scratch
from .shared import INDEX, learn_shared, share_weights


def assemble_plain(assembly: Assembly, circuit: Any) -> None:
    """Add all groups and operations of a circuit in the plain form."""
    add_clamps(assembly, circuit)
    sent = Factors(EXPRESS, "sent")
    signals = {p.name: sent_by(p, assembly, sent) for p in circuit.projections.values()}
    spreads = {name: spread(name, circuit, assembly, sent) for name in circuit.broadcasts}
    heard = scratch(circuit)
    add_populations(assembly, circuit, {name: heard[name] + sent.names(name) for name in circuit.populations})
    sent.add_operations(assembly, circuit.populations)
    for index, projection in enumerate(circuit.projections.values()):
        rng = np.random.default_rng([circuit.seed, index])
        if projection.structure.kind == "largest":
            add_largest(assembly, projection, signals[projection.name])
        else:
            _add_synapses(assembly, projection, rng, signals[projection.name])
        _add_learning(assembly, projection)
    for name, (source, during) in circuit.broadcasts.items():
        for population in circuit.populations.values():
            if name in broadcasts_into(circuit, population):
                _add_broadcast(assembly, name, source, spreads[name], population, during)


def _add_synapses(assembly: Assembly, projection: Projection, rng: np.random.Generator, signal: str) -> None:
    pre, post, equation = projection.pre, projection.post, projection.equation
    shared = projection.structure.shared
    model = [
        f"{projection.field}_post = w*{signal}_pre : 1 (summed)",
        f"{INDEX} : integer" if shared else "w : 1",
    ]
    if equation is not None and equation.plastic and not shared:
        plain = equation.plain_names
        model += [f"{plain[state]} : 1" for state in equation.state]
        model += [f"{plain[parameter]} : 1 (shared)" for parameter in equation.parameters]
        model.append("updates : 1 (shared)")
    synapses = Synapses(
        assembly.groups[pre.name], assembly.groups[post.name], "\n".join(model), clock=assembly.clock,
        name=f"synapses_{projection.name}", namespace={}, dtype={} if shared else {"w": assembly.dtype},
        codeobj_class=assembly.codeobj_class,
    )  # fmt: skip
    if isinstance(projection.weights, Transposed):  # the same synapses
        owner = projection.weights.of
        sources, targets, places = assembly.synapses[owner.name]
        if projection.weights.flipped:
            sources, targets = targets, sources
    else:
        sources, targets, places = projection.structure.indices(pre.size, post.size)
        mask = projection.structure.mask(pre.size, post.size, rng)
        if mask is not None:
            there = mask.reshape(-1)[places] > 0
            sources, targets, places = sources[there], targets[there], places[there]
    assembly.synapses[projection.name] = sources, targets, places
    synapses.connect(i=sources, j=targets)
    name = projection.name
    if shared:
        share_weights(assembly, projection, synapses, places)
    elif isinstance(projection.weights, Transposed):
        assembly.add_group(name, synapses)
        _add_copy(assembly, projection, synapses)
    else:
        assembly.add_group(name, synapses)
        whole = len(places) == np.prod(projection.shape)
        _add_arrays(assembly, projection, synapses, None if whole else places)
    updater = next(o for o in synapses.contained_objects if o.name.endswith(f"{projection.field}_post"))
    assembly.operations.append(
        Operation(
            name=f"propagate_{name}",
            slot=PROPAGATE,
            runner=updater,
            work=len(sources),
            steps=assembly.schedule.open_steps(projection.during, f"the projection {name!r}"),
            reads=frozenset({f"{pre.name}.{signal}", f"{name}.w"}),
            writes=frozenset({f"{post.name}.{projection.field}"}),
        )
    )


def _add_arrays(assembly: Assembly, projection: Projection, synapses: Synapses, places: np.ndarray | None) -> None:
    name, equation = projection.name, projection.equation
    states = list(equation.state) if equation is not None and equation.plastic else []
    for variable in ["w", *states]:
        inner = variable if variable == "w" or equation is None else equation.plain_names[variable]
        assembly.arrays[f"{name}.{variable}"] = Array(synapses.variables[inner], projection.shape, places)
    if equation is not None and equation.plastic:
        assembly.constants |= {f"{name}.{k}": v for k, v in (equation.state | equation.parameters).items()}
        for variable in [*equation.parameters, "updates"]:
            inner = equation.plain_names.get(variable, variable)
            assembly.arrays[f"{name}.{variable}"] = Array(synapses.variables[inner], ())


def _add_copy(assembly: Assembly, projection: Projection, synapses: Synapses) -> None:
    """Weights that are another's: copied, synapse by synapse, before they propagate."""
    owner, read = projection.weights.of, projection.weights.variable
    inner = read if read == "w" or owner.equation is None else owner.equation.plain_names[read]
    synapses.variables.add_reference("w_partner", assembly.groups[owner.name], inner, index="_idx")
    name = f"copy_{projection.name}"
    assembly.add(
        Operation(
            name=name,
            slot=EXPRESS,
            reads=frozenset({f"{owner.name}.{read}"}),
            writes=frozenset({f"{projection.name}.w"}),
            steps=assembly.schedule.open_steps(projection.during, f"the projection {projection.name!r}"),
            runner=Runner(name, synapses, "stateupdate", "w = w_partner"),
        )
    )


def _add_learning(assembly: Assembly, projection: Projection) -> None:
    equation, name = projection.equation, projection.name
    if equation is None or not equation.plastic:
        return
    if projection.structure.shared:
        return learn_shared(assembly, projection)
    code = equation.plain_code()
    used, plain = get_identifiers(code), equation.plain_names
    mine = {v for v in ("w", "updates", *plain) if plain.get(v, v) in used and f"{name}.{v}" in assembly.arrays}
    targets = {"w", *equation.state} & mine
    reads = {f"{name}.{v}" for v in mine} | read_of_units(projection)
    opened = learning_steps(projection, assembly.schedule)
    synapses = assembly.groups[name]
    reads.add(f"{name}.updates")  # so that counting is never taken for what cannot have changed
    for suffix, text, writes in (("0", code, targets), ("count", "updates = updates + 1", {"updates"})):
        op = f"learn_{name}_{suffix}"
        assembly.add(
            Operation(
                name=op,
                slot=LEARN,
                steps=opened,
                learns=True,
                always=equation.random,
                reads=frozenset(reads),
                writes=frozenset(f"{name}.{t}" for t in writes),
                runner=Runner(op, synapses, "stateupdate", text),
                work=int(np.prod(projection.shape)) if suffix == "0" else 0,
            )
        )


def _add_broadcast(assembly: Assembly, name: str, source: Any, signal: str, population: Any, during: Any) -> None:
    op = f"broadcast_{name}_to_{population.name}"
    synapses = Synapses(
        assembly.groups[source.name], assembly.groups[population.name], f"{name}_post = {signal}_pre : 1 (summed)",
        clock=assembly.clock, name=op, namespace={}, codeobj_class=assembly.codeobj_class,
    )  # fmt: skip
    synapses.connect()
    assembly.add_group(op, synapses)
    updater = next(o for o in synapses.contained_objects if o.name.endswith(f"{name}_post"))
    assembly.operations.append(
        Operation(
            name=op,
            slot=PROPAGATE,
            steps=assembly.schedule.open_steps(during, f"the broadcast {name!r}"),
            reads=frozenset({f"{source.name}.{signal}"}),
            writes=frozenset({f"{population.name}.{name}"}),
            runner=updater,
        )
    )
