"""The operations of projections and broadcasts: signals are transmitted, and weights learn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from brian2.utils.stringtools import get_identifiers

from ...plasticity import Statement, SynapticEquation, lower
from ...plasticity import steps as of_rules
from ...plasticity.names import RANDOM
from ...plasticity.steps import Gather, Step, Update, drives
from ..description.network import Network
from ..description.populations.population import Population
from ..description.projections.delays import delay_line, synapse_delays
from ..description.projections.projection import Projection, Transposed
from ..description.reads import broadcasts_into
from ..description.schedules.open_phases import broadcast_steps, projection_steps, rule_steps
from .delays.lines import delayed, signal_of
from .delays.products import as_product, pairs_of
from .equations.one_sided import Parts, one_sided, one_sided_each, vanishing
from .equations.rule_equations import all_equations, equations_in_steps
from .kernels import (
    Broadcast,
    Count,
    Elementwise,
    Fused,
    Kernel,
    Mask,
    Part,
    Product,
    Propagate,
    Term,
    Traced,
    TracedPropagate,
)
from .operations import LEARN, PROPAGATE, Operation


def steps_of(projection: Projection) -> tuple[Step, ...]:
    """Return all steps to which a projection's rule is lowered, for all sets of open phases."""
    if projection.equation is None:
        return ()
    return tuple(step for equation in all_equations(projection) for step in _lowered(projection, equation))


def _lowered(projection: Projection, equation: SynapticEquation) -> tuple[Step, ...]:
    return lowered_once(equation, projection.connectivity.shared, projection.name)


@lru_cache(4096)
def lowered_once(equation: SynapticEquation, shared: bool, of: str) -> tuple[Step, ...]:
    """Return the steps to which a rule is lowered; they are cached, since they are needed many times."""
    return lower(equation, shared=shared, of=of)


def masking(variables: list[str]) -> tuple[Statement, ...]:
    """Return the statements that set the weight and states of synapses that do not exist to zero."""
    return tuple(Statement(v, "=", f"{v}*mask") for v in ("w", *variables))


def needs_mask(projection: Projection) -> bool:
    """Return whether weights that no synapse has, and their states, must be set to zero after each update.

    Products leave the weights of places outside of an image at zero, since no signal comes from there.
    """
    connectivity = projection.connectivity
    if connectivity.masked:
        return True
    passes = [step for step in steps_of(projection) if isinstance(step, of_rules.Elementwise | of_rules.Traced)]
    return bool(passes) and connectivity.existing(projection.pre.size, projection.post.size) is not None


def kept_arrays(projection: Projection) -> list[str]:
    """Return the arrays that are kept for each weight: the weight, states, drives, and the mask."""
    equation = projection.equation
    arrays = ["w"]
    if equation is not None and equation.plastic:
        arrays += [*equation.state, *drives(steps_of(projection))]
    return [*arrays, "mask"] if needs_mask(projection) else arrays


def propagation(network: Network, projection: Projection) -> list[Operation]:
    """Return the operations that transmit the signals of a projection into its compartment."""
    made = _at_once(network, projection)
    if synapse_delays(projection) is None or (line := delay_line(network, projection)) is None:
        return [made]
    if (pairs := pairs_of(network, projection)) is not None:
        return as_product(made, projection, line, pairs)
    assert isinstance(made.kernel, Propagate)
    kernel = delayed(projection, line, made.kernel)
    return [replace(made, kernel=kernel, reads=made.reads | {kernel.line})]


def _at_once(network: Network, projection: Projection) -> Operation:
    """Return the operation that transmits signals with one delay for all synapses, or without delay."""
    owner, pre, post = projection.owner, projection.pre, projection.post
    other = projection.weights if isinstance(projection.weights, Transposed) else None
    read = f"{owner.name}.{other.variable if other else 'w'}"
    field = f"{post.name}.{projection.field}"
    back = other is not None and other.flipped
    reads, writes, argmax = {read}, {field}, ""
    if projection.connectivity.kind == "largest":
        argmax = f"{owner.post.name}.{owner.argmax}"
        (reads if back else writes).add(argmax)
    over = (projection.name, owner.connectivity, pre.size, post.size, signal_of(network, projection), field, read)
    traced = other is not None and other.traced
    kernel = TracedPropagate(*over, back) if traced else Propagate(*over, transposed=back, argmax=argmax)
    return Operation(
        name=f"propagate_{projection.name}", owner=projection.name, slot=PROPAGATE,
        steps=projection_steps(network.phased(), projection), kernel=kernel, reads=frozenset(reads), writes=frozenset(writes),
        work=projection.synapses,
    )  # fmt: skip


def weight_totals(network: Network, projection: Projection) -> list[Operation]:
    """Return the operations that sum a projection's weights, as if each pre unit sent 1, for the post unit's equations."""
    made = _at_once(network, projection)
    pre, post, steps = projection.pre, projection.post, tuple(range(network.phased().steps))
    scale = projection.weights.scale if isinstance(projection.weights, Transposed) else 1.0
    assert isinstance(made.kernel, Propagate | TracedPropagate)
    return [
        replace(
            made, name=f"weigh_{variable}", steps=steps, writes=frozenset({f"{post.name}.{variable}"}),
            kernel=replace(made.kernel, signal=Term(pre.name, repr(float(scale))), field=f"{post.name}.{variable}"),
        )
        for variable in projection.totals().values()
    ]  # fmt: skip


def learning(network: Network, projection: Projection) -> list[Operation]:
    """Return the operations that make one update of a projection's weights, in order."""
    equation, name = projection.equation, projection.name
    if equation is None or not equation.plastic:
        return []
    opened, arrays = rule_steps(network.phased(), projection), kept_arrays(projection)
    made = []
    for number, (one, steps) in enumerate(equations_in_steps(network, projection, opened)):
        made += _update_of(projection, one, arrays, steps, f"_{number + 1}" if number else "")
    operation = _Learning(projection, arrays, opened)
    if "mask" in arrays:
        states = list(equation.state)
        kept = {"w", *states}
        mask = Mask(name, masking(states))
        made.append(operation(f"mask_{name}", mask, {*kept, "mask"}, kept))
    made.append(operation(f"count_{name}", Count(name), {"updates"}, {"updates"}, work=0))
    return made


@dataclass(frozen=True)
class _Learning:
    """A function that makes the operations of a projection's rule."""

    projection: Projection
    arrays: list[str]
    steps: tuple[int, ...]

    def __call__(
        self, op: str, kernel: Kernel, reads: set[str], writes: set[str], random: bool = False, work: int | None = None
    ) -> Operation:
        name, equation = self.projection.name, self.projection.equation
        assert equation is not None
        known = {*self.arrays, *equation.traces, *equation.parameters, "updates"}
        return Operation(
            name=op, owner=name, slot=LEARN, steps=self.steps, kernel=kernel, learns=True, always=random,
            work=self.projection.synapses if work is None else work,
            reads=frozenset(f"{name}.{v}" for v in reads & known), writes=frozenset(f"{name}.{v}" for v in writes),
        )  # fmt: skip


def _update_of(
    projection: Projection, equation: SynapticEquation, arrays: list[str], opened: tuple[int, ...], suffix: str
) -> list[Operation]:
    """Return the operations of one update by an equation, in the steps in which the rule has this equation."""
    name, made = projection.name, []
    operation = _Learning(projection, arrays, opened)
    for index, step in enumerate(_lowered(projection, equation)):
        if isinstance(step, Gather):
            if "mask" in arrays:  # values of earlier statements without a synapse are not summed
                there = Elementwise(name, (Statement(step.array, "=", f"{step.array}*mask"),))
                masked = operation(f"mask_{step.variable}{suffix}", there, {step.array, "mask"}, {step.array})
                made.append(masked)
            made.append(_gather(step, projection, opened, suffix))
            continue
        kernel, reads, writes = _update(step, projection, equation, arrays)
        random = bool(RANDOM & step.names)
        made.append(operation(f"learn_{name}_{index}{suffix}", kernel, reads, writes, random))
    return made


def _gather(step: Gather, projection: Projection, opened: tuple[int, ...], suffix: str) -> Operation:
    """Return the sum over the synapses of each unit on one side, like the field of a projection with this array as weights."""
    back = step.side == "pre"
    sender, summer = (projection.post, projection.pre) if back else (projection.pre, projection.post)
    field, read = f"{summer.name}.{step.variable}", f"{projection.name}.{step.array}"
    kernel = Propagate(
        projection.name, projection.connectivity, sender.size, summer.size, Term(sender.name, step.signal), field, read,
        transposed=back,
    )  # fmt: skip
    return Operation(
        name=f"sum_{step.variable}{suffix}", owner=projection.name, slot=LEARN, steps=opened, kernel=kernel, learns=True,
        reads=frozenset({read}), writes=frozenset({field}), work=projection.synapses,
    )  # fmt: skip


def broadcasts(network: Network) -> list[Operation]:
    """Return the operations of all broadcasts, to each population whose units or synapses read them."""
    return [_broadcast(network, n, p) for p in network.populations.values() for n in broadcasts_into(network, p)]


def _broadcast(network: Network, name: str, population: Population) -> Operation:
    sent = network.broadcasts[name]
    field = f"{population.name}.{name}"
    return Operation(
        name=f"broadcast_{name}_to_{population.name}", owner=population.name, slot=PROPAGATE,
        steps=broadcast_steps(network.phased(), name, sent),
        kernel=Broadcast(Term(sent.source.name, "rate"), field), reads=frozenset(), writes=frozenset({field}),
        work=population.size,
    )  # fmt: skip


def _update(
    step: Update, projection: Projection, equation: SynapticEquation, arrays: list[str]
) -> tuple[Kernel, set[str], set[str]]:
    """Return the kernel of one step of a rule, and the variables of the projection that it reads and writes."""
    if isinstance(step, of_rules.Elementwise):
        written = {s.target for s in step.statements} & set(arrays)
        return Elementwise(projection.name, step.statements), step.names, written
    if isinstance(step, of_rules.Traced):
        kernel = _traced(step, projection, equation, "mask" in arrays)
        written = {*kernel.written, step.target} - {""}
        old = {step.target} if step.keep != "0" else set()
        return kernel, step.names | set(kernel.traces) | old | ({"mask"} if kernel.masked else set()), written
    reads = step.names | ({step.target} if step.keep.strip() != "0" else set())
    if isinstance(step, of_rules.Product):
        return _product(step, projection), reads, {step.target}
    return _fused(step, projection, equation), reads, {step.target}


def _product(step: of_rules.Product, projection: Projection) -> Product:
    def term(population: Population, expression: str) -> Term:
        scalars = tuple(s for s in step.scalars if s in get_identifiers(expression))
        return Term(population.name, expression, scalars, projection.name)

    return Product(
        projection.name, projection.connectivity, projection.pre.size, projection.post.size, step.target, step.keep,
        step.scale, pre=term(projection.pre, step.pre), post=term(projection.post, step.post),
    )  # fmt: skip


def _fused(step: of_rules.Fused, projection: Projection, equation: SynapticEquation) -> Fused:
    """Return a loop over synapses and batch elements, in which terms that read one unit alone are parts."""
    shared = {*equation.parameters, "updates"}
    remainder, found = one_sided(step.expression, shared, equation.broadcasts)
    parts = _parts(found, projection, shared)
    return Fused(
        projection.name, projection.connectivity, projection.pre.size, projection.post.size, step.target, step.keep,
        step.scale, remainder, parts, vanishing=tuple(vanishing(remainder, found, shared).items()),
    )  # fmt: skip


def _parts(found: Parts, projection: Projection, shared: set[str]) -> tuple[Part, ...]:
    sides = {"pre": projection.pre.name, "post": projection.post.name}
    return tuple(
        Part(name, side, Term(sides[side], text, tuple(sorted(shared & get_identifiers(text))), projection.name))
        for name, (side, text) in found.items()
    )


def _traced(step: of_rules.Traced, projection: Projection, equation: SynapticEquation, masked: bool) -> Traced:
    """Return a loop over synapses and batch elements, in which each batch element has traces of its own."""
    shared = {*equation.parameters, "updates"}
    texts = [*(s.expression for s in step.statements), step.expression, step.once]
    rests, found = one_sided_each(texts, shared, equation.broadcasts)
    *remainder, expression, once = rests
    return Traced(
        projection.name, projection.connectivity, projection.pre.size, projection.post.size,
        traces=tuple(t for t in equation.traces if t in step.names),
        statements=tuple(replace(s, expression=e) for s, e in zip(step.statements, remainder)),
        target=step.target, keep=step.keep, scale="1", expression=expression, once=once,
        parts=_parts(found, projection, shared), masked=masked and bool(step.statements), early=step.early,
    )  # fmt: skip
