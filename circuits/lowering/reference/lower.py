"""The reference form: a circuit with one batch element in Brian2's own Synapses, which is slow and obviously right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...description.network import Network
from ...description.populations.population import Population
from ...description.projections.delays import DelayLine, delay_line, delay_lines, synapse_delays
from ...description.projections.projection import Projection, Transposed
from ...description.reads import broadcasts_into
from ...description.schedules.open_phases import broadcast_steps, projection_steps
from ..arriving import arrivals
from ..closing import closings
from ..delays.lines import move, signal_of
from ..kernels import Term
from ..layout import constants
from ..lowered import Lowered
from ..operations import EXPRESS, PROPAGATE, Operation
from ..passes.factors import Wanted
from ..passes.merging import merging
from ..states import clamps, state_updates
from .existing import existing_synapses
from .kernels import PerSynapse, Summed
from .layout import reference_layout
from .learning import learning
from .pooling import pooling


def lower_reference(network: Network) -> Lowered:
    """Return the operations and variables of a circuit in the reference form."""
    sent = Wanted(network, EXPRESS, "sent")
    steps = {p.name: projection_steps(network.phased(), p) for p in network.projections.values()}
    signals = {p.name: sent.stored(signal_of(network, p), steps[p.name]) for p in network.projections.values()}
    moved = [_moved(network, line, sent) for line in delay_lines(network)]
    spread = {name: _broadcast_signal(network, name, sent) for name in network.broadcasts}
    synapses = existing_synapses(network)
    operations = clamps(network) + closings(network)
    for population in network.populations.values():
        operations += state_updates(network, population)
    operations += [*merging(sent.operations()), *moved, *arrivals(network)]
    for projection in network.projections.values():
        signal, count = signals[projection.name], len(synapses[projection.name].weight)
        operations += _propagation(network, projection, signal, count)
        operations += learning(network, projection, count)
    for name in network.broadcasts:
        for population in network.populations.values():
            if name in broadcasts_into(network, population):
                operations.append(_broadcast(network, name, spread[name], population))
    scratch = {p: [f.kept.variable for f in wanted.values()] for p, wanted in sent.found.items()}
    variables = reference_layout(network, scratch, synapses)
    first = {key: value for key, value in constants(network).items() if key in variables}
    return Lowered(network, network.phased(), tuple(operations), variables, first)


def _broadcast_signal(network: Network, name: str, sent: Wanted) -> Term:
    broadcast = network.broadcasts[name]
    return sent.stored(Term(broadcast.source.name, "rate"), broadcast_steps(network.phased(), name, broadcast))


def _propagation(network: Network, projection: Projection, signal: Term, count: int) -> list[Operation]:
    if projection.connectivity.kind == "largest":
        return pooling(network, projection, signal, count)
    name, field, owner = projection.name, f"{projection.post.name}.{projection.field}", projection.owner
    weights = projection.weights
    read = f"{name}.w"
    if projection.connectivity.shared and isinstance(weights, Transposed):
        read = f"{owner.name}.{weights.variable}"
    made = [
        Operation(
            name=f"propagate_{name}", owner=name, slot=PROPAGATE, steps=projection_steps(network.phased(), projection),
            kernel=Summed(name, projection.field, _arriving(network, projection, signal)), work=count,
            reads=frozenset({signal.key, read, *_tapped(network, projection)}), writes=frozenset({field}),
        )
    ]  # fmt: skip
    weight = f"{weights.scale!r}*w" if isinstance(weights, Transposed) and weights.scale != 1 else "w"
    made += [
        replace(
            made[0], name=f"weigh_{total}", kernel=Summed(name, total, weight), steps=tuple(range(network.phased().steps)),
            reads=frozenset({read}), writes=frozenset({f"{projection.post.name}.{total}"}),
        )
        for total in projection.totals().values()
    ]  # fmt: skip
    if isinstance(weights, Transposed) and not projection.connectivity.shared:
        made.insert(0, _copy(network, projection, weights))
    return made


def _moved(network: Network, line: DelayLine, sent: Wanted) -> Operation:
    """Return the operation that moves a delay line on, in every step."""
    signal = sent.stored(Term(line.population.name, line.sends), range(network.phased().steps))
    operation = move(network, line, signal)
    return replace(operation, reads=operation.reads | {signal.key})


def _arriving(network: Network, projection: Projection, signal: Term) -> str:
    """Return what a synapse adds: its weight times the delayed signal of its pre unit, as an expression."""
    line, delays = delay_line(network, projection), synapse_delays(projection)
    if line is None or delays is None:
        return f"w*{signal.variable}_pre"
    sent = {0: signal.variable, **dict(line.taps)}
    parts = [f"int(late_by == {steps})*{sent[int(steps)]}_pre" for steps in np.unique(delays)]
    return f"w*({' + '.join(parts)})"


def _tapped(network: Network, projection: Projection) -> set[str]:
    line = delay_line(network, projection)
    return set() if line is None else {f"{line.population.name}.{tap}" for _, tap in line.taps}


def _copy(network: Network, projection: Projection, weights: Transposed) -> Operation:
    """Return the operation that copies another projection's weights, before they propagate or are summed in every step."""
    every = tuple(range(network.phased().steps))
    return Operation(
        name=f"copy_{projection.name}", owner=projection.name, slot=EXPRESS,
        steps=every if projection.totals() else projection_steps(network.phased(), projection),
        kernel=PerSynapse(projection.name, "w = w_partner"),
        reads=frozenset({f"{weights.of.name}.{weights.variable}"}), writes=frozenset({f"{projection.name}.w"}),
    )  # fmt: skip


def _broadcast(network: Network, name: str, signal: Term, population: Population) -> Operation:
    op, field = f"broadcast_{name}_to_{population.name}", f"{population.name}.{name}"
    steps = broadcast_steps(network.phased(), name, network.broadcasts[name])
    kernel = Summed(op, name, f"{signal.variable}_pre")
    return Operation(op, population.name, PROPAGATE, steps, kernel, frozenset({signal.key}), frozenset({field}))
