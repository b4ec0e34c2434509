"""A circuit in words: sizes, equations, projections, phases."""

from __future__ import annotations

from html import escape

from ..description.network import Network


def circuit_text(circuit: Network) -> str:
    """Return the circuit as plain text."""
    lines = [f"Circuit: batch size {circuit.batch_size}, dt = {circuit.dt}, {circuit.dtype}"]
    if circuit.schedule is not None:
        spans = [f"{n} [{a}, {b})" for n, (a, b) in circuit.schedule.windows.items()]
        lines.append(f"presentation: {circuit.schedule.steps} steps; phases {', '.join(spans)}")
    for population in circuit.populations.values():
        kind = f", clamped to {population.clamp.kind}" if population.clamp else ""
        lines.append(f"\n{population.name}: {population.size} units{kind}")
        lines += [f"    {line}" for line in str(population.neuron).splitlines()]
        if shared := population.neuron.shared:
            lines.append(f"    # one value for each unit, shared by the batch elements: {', '.join(shared)}")
    for projection in circuit.projections.values():
        rule = projection.equation
        how = "fixed" if not projection.plastic or rule is None else f"{rule.rule}, {rule.direction}"
        local = "" if projection.local else ", not local (control)"
        lines.append(
            f"\n{projection.name}: {projection.pre.name}.{projection.sends} -> "
            f"{projection.post.name}.{projection.into}, {projection.shape}, {how}{local}"
        )
        if projection.plastic and rule is not None:
            lines += [f"    {line}" for line in str(rule).splitlines()]
            scopes = {"shared by the batch elements": ["w", *rule.state], "each batch element has its own": rule.traces}
            lines += [f"    # {how}: {', '.join(names)}" for how, names in scopes.items() if names and rule.traces]
    return "\n".join(lines)


def circuit_html(circuit: Network) -> str:
    """Return the circuit for Jupyter."""
    return f"<pre>{escape(circuit_text(circuit))}</pre>"
