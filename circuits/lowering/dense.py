"""Projections as matrix products over columns: field = x W^T, and w += scale * mean over columns of post (x) pre."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from brian2.utils.stringtools import get_identifiers

from ...plasticity import SynapticEquation
from ...plasticity.steps import Elementwise, Fused, Product, drives
from ..description.projection import Projection, Transposed
from .assembly import Array, Assembly, Store, add_clamps, learning_steps, masking, steps_of, weights_owner
from .factors import Factors, sent_by, spread
from .fused import one_sided, vanishing
from .operations import EXPRESS, FACTOR, LEARN, PROPAGATE, Operation, Runner
from .populations import add_populations, broadcasts_into, winners
from .sparse import masked, sparse


def assemble_dense(assembly: Assembly, circuit: Any) -> None:
    """Add all groups and operations of a circuit in the dense form."""
    sent = Factors(EXPRESS, "sent")
    learned = Factors(FACTOR, "factor")
    plans = {p.name: _plan(p, assembly, sent, learned) for p in circuit.projections.values()}
    signals = {name: spread(name, circuit, assembly, sent) for name in circuit.broadcasts}
    scratch = {n: sent.names(n) + learned.names(n) + winners(circuit, n) for n in circuit.populations}
    add_clamps(assembly, circuit)
    add_populations(assembly, circuit, scratch)
    control = Store("presentation", 1, assembly.clock, assembly.codeobj_class)
    control.scalar("active", np.int32)
    assembly.add_group("presentation", control)
    assembly.arrays["presentation.active"] = Array(control.variables["active"], ())
    assembly.constants["presentation.active"] = assembly.columns
    for projection in circuit.projections.values():
        if not isinstance(projection.weights, Transposed):
            _add_weights(assembly, projection)
    sent.add_operations(assembly, circuit.populations)
    learned.add_operations(assembly, circuit.populations)
    for projection in circuit.projections.values():
        _add_propagation(assembly, projection, plans[projection.name][0])
        _add_learning(assembly, projection, plans[projection.name][1])
    _add_broadcasts(assembly, circuit, signals)


Plan = tuple[str, list[tuple[Any, dict[str, tuple[str, str]]]]]


def _plan(projection: Projection, assembly: Assembly, sent: Factors, learned: Factors) -> Plan:
    """Which variable travels, and for each step of the rule which variables of the two populations it reads."""
    signal = sent_by(projection, assembly, sent)
    if projection.equation is None or not projection.equation.plastic:
        return signal, []
    opened = learning_steps(projection, assembly.schedule)
    equation = projection.equation
    sides = {"pre": projection.pre, "post": projection.post}
    plan: list[tuple[Any, dict[str, tuple[str, str]]]] = []
    for step in steps_of(projection):
        names: dict[str, tuple[str, str]] = {}
        if isinstance(step, Product):
            for side, population in sides.items():
                expression = getattr(step, side)
                scalars = tuple(s for s in step.scalars if s in get_identifiers(expression))
                variable = learned.variable(population, expression, opened, scalars=scalars, of=projection.name)
                names[side] = (side, variable)
        elif isinstance(step, Fused):
            shared = {*equation.parameters, "updates"}
            rest, parts = one_sided(step.expression, shared, equation.broadcasts)
            step = replace(step, expression=rest)
            for name, (side, part) in parts.items():
                scalars = tuple(sorted(shared & get_identifiers(part)))
                variable = learned.variable(sides[side], part, opened, scalars=scalars, of=projection.name)
                names[name] = (side, variable)
        plan.append((step, names))
    return signal, plan


def _add_weights(assembly: Assembly, projection: Projection) -> None:
    name, shape, equation = projection.name, projection.shape, projection.equation
    store = Store(f"weights_{name}", int(np.prod(shape)), assembly.clock, assembly.codeobj_class)
    arrays = ["w"]
    if equation is not None and equation.plastic:
        arrays += [*equation.state, *drives(steps_of(projection))]
        _add_scalars(assembly, store, name, equation)
        assembly.constants |= {f"{name}.{k}": v for k, v in equation.state.items()}
    if _needs_mask(projection):
        arrays.append("mask")
    for array in arrays:
        store.array(array, assembly.dtype)
        assembly.arrays[f"{name}.{array}"] = Array(store.variables[array], shape)
    for table, values in projection.structure.tables.items():
        store.table(table, values.size)
        assembly.arrays[f"{name}.{table}"] = Array(store.variables[table], values.shape)
        assembly.constants[f"{name}.{table}"] = values
    assembly.add_group(name, store)


def _needs_mask(projection: Projection) -> bool:
    """Whether weights that no synapse has, and their state, must be set to zero after each update.

    Products leave those of places outside of an image at zero, as nothing is sent from there.
    """
    structure = projection.structure
    if structure.random:
        return True
    passes = [step for step in steps_of(projection) if isinstance(step, Elementwise)]
    return bool(passes) and structure.existing(projection.pre.size, projection.post.size) is not None


def _add_scalars(assembly: Assembly, store: Store, name: str, equation: SynapticEquation) -> None:
    for parameter, value in equation.parameters.items():
        store.scalar(parameter, assembly.dtype)
        assembly.arrays[f"{name}.{parameter}"] = Array(store.variables[parameter], ())
        assembly.constants[f"{name}.{parameter}"] = value
    store.scalar("updates", np.float64)
    assembly.arrays[f"{name}.updates"] = Array(store.variables["updates"], ())


def _add_propagation(assembly: Assembly, projection: Projection, signal: str) -> None:
    owner, pre, post = weights_owner(projection), projection.pre, projection.post
    kind = projection.structure.kind
    transposed = isinstance(projection.weights, Transposed) and projection.weights.flipped
    read = projection.weights.variable if isinstance(projection.weights, Transposed) else "w"
    name = f"propagate_{projection.name}"
    references = {
        "_signal": (assembly.groups[pre.name], signal, "_idx"),
        "_field": (assembly.groups[post.name], projection.field, "_idx"),
        "_weights": (assembly.groups[owner.name], read, "_idx"),
    }
    references |= _tables(assembly, owner)
    few = sparse(projection, assembly.columns)
    if few:
        references["_mask"] = (assembly.groups[owner.name], "mask", "_idx")
    reads, writes = {f"{pre.name}.{signal}", f"{owner.name}.{read}"}, {f"{post.name}.{projection.field}"}
    if kind == "largest":
        references["_winner"] = (assembly.groups[owner.post.name], owner.winner, "_idx")
        (reads if transposed else writes).add(f"{owner.post.name}.{owner.winner}")
    runner = Runner(
        name, assembly.groups[owner.name], f"{kind}_propagate", references=references,
        columns=assembly.columns, n_pre=pre.size, n_post=post.size, transposed=transposed, sparse=few,
        **owner.structure.numbers(),
    )  # fmt: skip
    assembly.add(
        Operation(
            name=name,
            slot=PROPAGATE,
            runner=runner,
            work=projection.synapses,
            steps=assembly.schedule.open_steps(projection.during, f"the projection {projection.name!r}"),
            reads=frozenset(reads),
            writes=frozenset(writes),
        )
    )


def _add_learning(assembly: Assembly, projection: Projection, plan: list[tuple[Any, dict[str, Any]]]) -> None:
    if not plan:
        return
    name, equation = projection.name, projection.equation
    assert equation is not None
    store = assembly.groups[name]
    opened = learning_steps(projection, assembly.schedule)

    def add(suffix: str, runner: Runner, reads: set[str], *writes: str, work: int = 0, random: bool = False) -> None:
        assembly.add(
            Operation(
                name=runner.name,
                slot=LEARN,
                steps=opened,
                reads=frozenset(reads),
                runner=runner,
                learns=True,
                writes=frozenset(writes),
                always=random,
                work=work,
            )
        )

    weights = projection.synapses
    for index, (step, names) in enumerate(plan):
        op = f"learn_{name}_{index}"
        if isinstance(step, Elementwise):
            runner = Runner(op, store, "stateupdate", step.code)
            targets = [line.split("=")[0].strip(" +-*/") for line in step.code.splitlines()]
            stored = [t for t in targets if f"{name}.{t}" in assembly.arrays]
            reads = {f"{name}.{v}" for v in get_identifiers(step.code) if f"{name}.{v}" in assembly.arrays}
            random = bool({"rand", "randn"} & get_identifiers(step.code))
            assembly.add(
                Operation(
                    name=op,
                    slot=LEARN,
                    steps=opened,
                    reads=frozenset(reads),
                    runner=runner,
                    learns=True,
                    writes=frozenset(f"{name}.{t}" for t in stored),
                    always=random,
                    work=weights,
                )
            )
            continue
        runner = _contribution(assembly, projection, step, names, op)
        reads = {f"{_side(projection, s).name}.{v}" for s, v in names.values()}
        reads |= {f"{name}.{v}" for v in _scalar_names(step) if f"{name}.{v}" in assembly.arrays}
        if step.keep.strip() != "0":
            reads.add(f"{name}.{step.target}")
        random = isinstance(step, Fused) and bool({"rand", "randn"} & get_identifiers(step.expression))
        add(op, runner, reads, f"{name}.{step.target}", work=weights, random=random)
    if f"{name}.mask" in assembly.arrays:
        done = masked(projection, assembly.columns)
        kept = {f"{name}.{v}" for v in ("w", *equation.state)}
        runner = Runner(f"mask_{name}", store, "mask", masking(equation.state), masked=done)
        add("mask", runner, {*kept, f"{name}.mask"}, *kept, work=weights)
    runner = Runner(f"count_{name}", store, "once", "updates = updates + 1")
    add("count", runner, {f"{name}.updates"}, f"{name}.updates")


def _scalar_names(step: Product | Fused) -> set[str]:
    names = get_identifiers(step.keep) | get_identifiers(step.scale)
    return names | get_identifiers(step.expression) if isinstance(step, Fused) else names


def _side(projection: Projection, side: str) -> Any:
    return projection.pre if side == "pre" else projection.post


def _contribution(assembly: Assembly, projection: Projection, step: Any, names: dict[str, Any], op: str) -> Runner:
    """The code of ``target = keep*target + scale*mean over columns of (...)``."""
    store = assembly.groups[projection.name]
    references = {
        "_target": (store, step.target, "_idx"),
        "_active": (assembly.groups["presentation"], "active", "0"),
    }
    sizes: dict[str, Any] = {
        "columns": assembly.columns, "n_pre": projection.pre.size, "n_post": projection.post.size,
        **projection.structure.numbers(),
    }  # fmt: skip
    references |= _tables(assembly, projection)
    code = f"_keep = {step.keep}\n_scale = {step.scale}"
    kind = projection.structure.kind
    if isinstance(step, Product):
        for side, (_, variable) in names.items():
            references[f"_{side}"] = (assembly.groups[_side(projection, side).name], variable, "_idx")
        few = sparse(projection, assembly.columns)
        if few:
            references["_mask"] = (store, "mask", "_idx")
        return Runner(op, store, f"{kind}_product", code, references=references, sparse=few, **sizes)
    for local, (side, variable) in names.items():
        references[local] = (assembly.groups[_side(projection, side).name], variable, f"_{side}_index")
    equation = projection.equation
    assert equation is not None
    zero = vanishing(step.expression, names, {*equation.parameters, "updates"})
    return Runner(
        op, store, "fused", f"{code}\n_value = {step.expression}", references=references,
        auxiliary=("_pre_index", "_post_index"), kind=kind, vanishing=zero, **sizes,
    )  # fmt: skip


def _tables(assembly: Assembly, projection: Projection) -> dict[str, Any]:
    """References to the tables of a projection's structure."""
    tables = projection.structure.tables
    return {f"_{table}": (assembly.groups[projection.name], table, "_idx") for table in tables}


def _add_broadcasts(assembly: Assembly, circuit: Any, signals: dict[str, str]) -> None:
    for population in circuit.populations.values():
        for name in broadcasts_into(circuit, population):
            source, during = circuit.broadcasts[name]
            op = f"broadcast_{name}_to_{population.name}"
            references = {
                "_signal": (assembly.groups[source.name], signals[name], "_idx"),
                "_field": (assembly.groups[population.name], name, "_idx"),
            }
            runner = Runner(
                op, assembly.groups[population.name], "broadcast", references=references,
                columns=assembly.columns, n_post=population.size,
            )  # fmt: skip
            assembly.add(
                Operation(
                    name=op,
                    slot=PROPAGATE,
                    steps=assembly.schedule.open_steps(during, f"the broadcast {name!r}"),
                    reads=frozenset({f"{source.name}.{signals[name]}"}),
                    writes=frozenset({f"{population.name}.{name}"}),
                    runner=runner,
                    work=population.size,
                )
            )
