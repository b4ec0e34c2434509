"""Neurons, populations and projections as HTML and LaTeX, for Jupyter."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from ...plasticity.latex import latex, name_latex, statement_latex
from ...tables import Marked, folded, html_table

__all__ = ["neuron_html", "neuron_latex", "population_html", "projection_html"]

Row = tuple[str, str, str, str]
HEAD = ("variable", "what it is", "equation", "when")
UNIT, SHARED = "one value for each unit and batch element", "one value for each unit"


def neuron_html(neuron: Any) -> str:
    """Return the equations of a neuron as a table, with the scope of each variable."""
    rows = [(name, what, _formula(equation), when) for name, what, equation, when in _variables(neuron)]
    rows += [(name, "parameter", str(value), "") for name, value in neuron.parameters.items()]
    return html_table(HEAD, rows) + folded("text", f"<pre>{escape(str(neuron))}</pre>")


def _formula(latex: str) -> str:
    return Marked(f"${escape(latex)}$") if latex else ""


def neuron_latex(neuron: Any) -> str:
    """Return the equations of a neuron as LaTeX, one line below another."""
    return aligned([equation for _, _, equation, _ in _variables(neuron) if "=" in equation])


def aligned(equations: list[str]) -> str:
    """Return equations as LaTeX, one below another and aligned at their equals signs."""
    lines = (r" \\ ").join(equation.replace("=", "&=", 1) for equation in equations)
    return rf"$$\begin{{aligned}} {lines} \end{{aligned}}$$" if lines else ""


def population_html(population: Any, *, opened: bool = False) -> str:
    """Return a population with its equations as HTML that can be unfolded; ``opened`` shows it unfolded."""
    role = f", clamped to {population.clamp.kind}" if population.clamp else ""
    title = f"{population.name}: {population.size:,} unit{'s' * (population.size != 1)}{role}"
    return folded(title, neuron_html(population.neuron), opened=opened)


def projection_html(projection: Any, *, opened: bool = False) -> str:
    """Return a projection with its sizes and its rule as HTML that can be unfolded; ``opened`` shows it unfolded."""
    p = projection
    rows = [
        ("from", f"{p.pre.name}.{p.sends} ({p.pre.size:,} units)"),
        ("to", f"{p.post.name}.{p.into} ({p.post.size:,} units)"),
        ("connectivity", f"{type(p.connectivity).__name__}, weights {tuple(p.shape)}, {p.synapses:,} synapses"),
        *(("when it is open", str(p.during)) for _ in range(bool(p.during.phases))),
    ]
    content = html_table((), rows)
    if p.equation is not None and p.plastic:
        content += "".join(f"$${escape(statement_latex(s))}$$" for s in p.equation.statements)
        scopes = [("w", "one value for each synapse")]
        scopes += [(name, "one value for each synapse") for name in p.equation.state]
        scopes += [(name, "one value for each synapse and batch element") for name in p.equation.traces]
        content += html_table(("variable", "scope"), scopes)
    control = ", not local: a control" if p.plastic and not p.local else ""
    return folded(f"{p.name}: {p.pre.name} → {p.post.name}, {p.learned_by}{control}", content, opened=opened)


def _variables(neuron: Any) -> Iterator[Row]:
    """Yield the name, kind and scope, equation in LaTeX, and phases of each variable."""
    for name in neuron.compartments:
        yield name, "compartment: the sum of the projections into it", "", ""
    for name, into in neuron.totals.items():
        yield name, f"the sum of the weights into {into}", "", ""
    for name in neuron.broadcasts:
        yield name, "broadcast: one value for each batch element", "", ""
    for name in neuron.unit_parameters:
        yield name, "parameter of each unit", "", ""
    for state in neuron.states:
        left = name_latex(state.variable)
        left = rf"\frac{{d {left}}}{{dt}}" if state.differential else left
        kind = "state" if state.differential else "latch"
        when = str(state.during) if state.during.phases else ""
        yield state.variable, f"{kind}: {SHARED if state.shared else UNIT}", f"{left} = {latex(state.expression)}", when
    for name, expression in neuron.expressions.items():
        yield name, "expression", f"{name_latex(name)} = {latex(expression)}", ""
