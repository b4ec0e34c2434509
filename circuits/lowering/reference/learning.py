"""Rules in the reference form: each synapse learns by itself; changes of synapses that share a weight are added up."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from brian2.utils.stringtools import get_identifiers, word_substitute

from ....plasticity import Statement, SynapticEquation
from ....plasticity.incoming import sided, summing_sides, with_sums_named
from ....plasticity.sharing import SharedStatement, shared_code
from ...description.network import Network
from ...description.projections.projection import Projection
from ...description.reads import read_of_units, sums_of
from ...description.schedules.open_phases import rule_steps
from ..equations.rule_equations import equations_in_steps, whole_equation
from ..kernels import Kernel
from ..operations import LEARN, Operation
from ..synapses import masking
from .kernels import PerSynapse, PerWeight, Summed
from .layout import kept, masked


def learning(network: Network, projection: Projection, synapses: int) -> list[Operation]:
    """Return the operations that make one update of a projection's weights."""
    equation = projection.equation
    if equation is None or not equation.plastic:
        return []
    opened = rule_steps(network.phased(), projection)
    made = []
    for number, (one, steps) in enumerate(equations_in_steps(network, projection, opened)):
        suffix = f"_{number + 1}" if number else ""
        if projection.connectivity.shared:
            found = _shared(network, projection, one, steps, synapses)
        else:
            found = _each(network, projection, one, steps)
        made += [replace(o, name=f"{o.name}{suffix}") for o in found]
    return made


def _each(
    network: Network, projection: Projection, equation: SynapticEquation, opened: tuple[int, ...]
) -> list[Operation]:
    """Return the operations if each synapse has its own weight: the equation as it is written, then the count."""
    if summing_sides(equation.statements):
        return _each_with_sums(network, projection, equation, opened)
    name, code = projection.name, equation.plain_code()
    used, plain = get_identifiers(code), equation.plain_names
    mine = {v for v in ("w", "updates", *plain) if plain.get(v, v) in used and v in kept(projection)}
    reads = {f"{name}.{v}" for v in mine} | read_of_units(network, projection)
    reads.add(f"{name}.updates")  # so that counting is never left out as unchanged

    def operation(suffix: str, text: str, writes: set[str], work: int) -> Operation:
        return Operation(
            name=f"learn_{name}_{suffix}", owner=name, slot=LEARN, steps=opened, kernel=PerSynapse(name, text),
            learns=True, always=equation.random, reads=frozenset(reads),
            writes=frozenset(f"{name}.{t}" for t in writes), work=work,
        )  # fmt: skip

    whole = prod(projection.shape)
    changes = [operation("0", code, {"w", *equation.state, *equation.traces} & mine, whole)] if code else []
    return [
        *changes,
        operation("count", "updates = updates + 1", {"updates"}, 0),
    ]


def _each_with_sums(
    network: Network, projection: Projection, equation: SynapticEquation, steps: tuple[int, ...]
) -> list[Operation]:
    """Return an operation for each statement, after the sums over synapses that it reads; none is ever left out."""
    name = projection.name
    keys = frozenset(f"{name}.{v}" for v in kept(projection))
    ends = {"pre": projection.pre.name, "post": projection.post.name}
    sums = frozenset(f"{end}.{v}" for side, end in ends.items() for v in sums_of(projection, side))
    reads = frozenset(read_of_units(network, projection)) | keys | sums

    def operation(op: str, kernel: Kernel, writes: frozenset[str]) -> Operation:
        return Operation(op, name, LEARN, steps, kernel, reads, writes, learns=True, always=True)

    made, variables = [], _sums(whole_equation(projection), name)
    for k, statement in enumerate(equation.statements):
        named, found = with_sums_named(statement, name)
        one_name = {s: variables[s.weight, s.signal, s.side] for s in found}
        there = {f"{s.variable}_{s.side}": f"{variable}_{s.side}" for s, variable in one_name.items()}
        named = replace(named, expression=word_substitute(named.expression, there))
        for one in dict.fromkeys(replace(s, variable=variable) for s, variable in one_name.items()):
            product = replace(
                equation, statements=(Statement("w", "=", f"({one.weight})*({sided(one.signal, one.other)})"),)
            )
            (plain,) = product.plain_statements()
            summed = Summed(name, one.variable, plain.expression, one.side)
            written = frozenset({f"{ends[one.side]}.{one.variable}"})
            made.append(operation(f"sum_{one.variable}_{k}", summed, written))
        line = replace(equation, statements=(named,)).plain_code(equation.locals)
        made.append(operation(f"learn_{name}_{k}", PerSynapse(name, line), keys))
    return [*made, operation(f"learn_{name}_count", PerSynapse(name, "updates = updates + 1"), keys)]


def _sums(equation: SynapticEquation, name: str) -> dict[tuple[str, str, str], str]:
    """Return the variable of each sum over synapses, by weight, signal and side; it is the same in all phases."""
    found: dict[tuple[str, str, str], str] = {}
    count = 0
    for statement in equation.statements:
        sums = with_sums_named(statement, name, count)[1]
        count += len(sums)
        for one in sums:
            found.setdefault((one.weight, one.signal, one.side), one.variable)
    return found


def _shared(
    network: Network, projection: Projection, equation: SynapticEquation, steps: tuple[int, ...], synapses: int
) -> list[Operation]:
    """Return the operations if synapses share weights: each statement adds up the synapses' parts, then the weight's terms.

    None of them is ever left out: the reference form must be right, not fast.
    """
    name = projection.name
    writes = frozenset(f"{name}.{v}" for v in kept(projection))
    reads = frozenset(read_of_units(network, projection)) | writes

    def operation(op: str, kernel: Kernel, work: int = 0) -> Operation:
        return Operation(op, name, LEARN, steps, kernel, reads, writes, learns=True, always=True, work=work)

    made = []
    for k, statement in enumerate(shared_code(equation)):
        for suffix, kernel in _of_statement(projection, k, statement):
            made.append(operation(f"learn_{name}_{k}_{suffix}", kernel, synapses if suffix == "each" else 0))
    if masked(projection):
        states = masking([equation.plain_names[state] for state in (*equation.state, *equation.traces)])
        made.append(operation(f"mask_{name}", PerWeight(name, "\n".join(s.line for s in states))))
    made.append(operation(f"learn_{name}_count", PerWeight(name, "updates = updates + 1", once=True)))
    return made


def _of_statement(projection: Projection, k: int, statement: SharedStatement) -> list[tuple[str, Kernel]]:
    name, total = projection.name, f"total_{k}"
    made: list[tuple[str, Kernel]] = [("begin", PerWeight(name, f"{total} = 0.0"))]
    if statement.each != "0":
        code = f"{total} += {statement.each}"
        arrays = get_identifiers(code) & set(kept(projection, plain=True))
        made.append(("each", PerSynapse(name, code, tuple(sorted(arrays)))))
    once = f"{statement.target} {statement.operator} {statement.once} + {total}"
    return [*made, ("once", PerWeight(name, once))]
