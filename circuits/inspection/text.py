"""The description of a circuit as text: sizes, equations, projections and phases."""

from __future__ import annotations

from html import escape

import numpy as np
from brian2.units import Quantity

from ...tables import folded
from ..description.display import population_html, projection_html
from ..description.network import Network
from ..description.populations.population import Clamp, Population
from ..description.projections.projection import Projection
from ..description.schedules.schedule import Schedule
from ..description.schedules.timing import Sent, closed_in_words


def circuit_text(circuit: Network) -> str:
    """Return the circuit as plain text."""
    lines = [f"Circuit: batch size {circuit.batch_size}, dt = {circuit.dt}, {circuit.dtype}"]
    if circuit.schedule is not None:
        lines.append(f"presentation: {_spans(circuit.schedule)}")
    if len(circuit.modes) > 1:
        lines += [f"mode {mode or '(unnamed)'}: {_spans(schedule)}" for mode, schedule in circuit.modes.items()]
    for population in circuit.populations.values():
        lines.append(f"\n{population.name}: {population.size} units{_role(population, circuit)}")
        lines += [f"    {line}" for line in str(population.neuron).splitlines()]
        lines += [f"    # {line}" for line in _spread(population)]
        if shared := population.neuron.shared:
            lines.append(f"    # one value for each unit, shared by the batch elements: {', '.join(shared)}")
    for name, sent in circuit.broadcasts.items():
        lines.append(f"\nbroadcast {name}: the rate of {sent.source.name}{_while_closed(sent, circuit)}")
    for projection in circuit.projections.values():
        rule = projection.equation
        local = "" if projection.local else ", not local (control)"
        lines.append(
            f"\n{projection.name}: {projection.pre.name}.{projection.sends} -> "
            f"{projection.post.name}.{projection.into}, {projection.shape}, {projection.learned_by}{local}"
            + _while_closed(projection, circuit)
            + _later(projection, circuit)
        )
        if projection.plastic and rule is not None:
            lines += [f"    {line}" for line in str(rule).splitlines()]
            scopes = {"shared by the batch elements": ["w", *rule.state], "each batch element has its own": rule.traces}
            lines += [f"    # {how}: {', '.join(names)}" for how, names in scopes.items() if names and rule.traces]
    return "\n".join(lines)


def _role(population: Population, circuit: Network) -> str:
    """Return the data that a population presents, or the output circuit that it belongs to, as words."""
    if population.clamp:
        return f", clamped to {population.clamp.kind}{_while_closed(population.clamp, circuit)}"
    made_by = circuit.outputs_of.get(population.name)
    return "" if made_by is None else f", the output of {type(made_by).__name__}"


def _spread(population: Population) -> list[str]:
    """Return lines for the parameters that differ between units or batch elements."""
    found = []
    for name, values in population.spread.items():
        whose = "each batch element" if (values == values[:, :1]).all() else "each unit"
        least, most = (Quantity(v, dim=population.neuron.dimension(name)) for v in (values.min(), values.max()))
        found.append(f"{name} is not the same for all: {whose} has its own, from {least} to {most}")
    return found


def _spans(schedule: Schedule) -> str:
    spans = [f"{name} [{start}, {stop})" for name, (start, stop) in schedule.windows.items()]
    return f"{schedule.steps} step{'s' * (schedule.steps != 1)}; phases {', '.join(spans)}"


def _while_closed(pathway: Projection | Clamp | Sent, circuit: Network) -> str:
    """Return words that say when a pathway is open and what it does otherwise; empty if it is always open."""
    phases = set(pathway.during.phases)
    there: set[str] = set() if circuit.schedule is None else set(circuit.schedule.windows)
    if not phases or not (pathway.during.strict or phases & there):
        return ""
    return f", open during {pathway.during}, {closed_in_words(pathway.closed)} while closed"


def _later(projection: Projection, circuit: Network) -> str:
    steps = np.asarray(projection.delay)
    if not steps.any():
        return ""
    first, last = steps.min() * circuit.dt, steps.max() * circuit.dt
    return f", delay {first}" if steps.ndim == 0 else f", delays of its synapses from {first} to {last}"


def circuit_html(circuit: Network) -> str:
    """Return the circuit as HTML for Jupyter: populations and projections that can be unfolded, and the text."""
    head = circuit_text(circuit).split("\n\n")[0].replace("\n", "; ")
    populations = "".join(population_html(p) for p in circuit.populations.values())
    projections = "".join(projection_html(p) for p in circuit.projections.values())
    text = folded("text", f"<pre>{escape(circuit_text(circuit))}</pre>")
    return f"<p><b>{escape(head)}</b></p><div>{populations}</div><div>{projections}</div>{text}"
