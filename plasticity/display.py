"""Rules as HTML and LaTeX, for Jupyter."""

from __future__ import annotations

from html import escape
from typing import Any

from ..tables import folded, html_table
from .latex import statement_latex

__all__ = ["rule_html", "rule_latex"]

SCOPES = {
    "parameters": "parameter",
    "state": "state: one value for each synapse",
    "traces": "trace: one value for each synapse and batch element",
}


def rule_html(rule: Any, label: str) -> str:
    """Return the equations of a rule, its variables with their scopes, and its text, as HTML.

    Parameters
    ----------
    rule : Rule
        The rule.
    label : str
        Words that say whether it is local.
    """
    title = f"<p><b>{escape(rule.name)}</b> ({escape(label)}), {escape(rule.source)}. {escape(rule.about)}</p>"
    equations = "".join(
        f"<p>{direction}</p>" + "".join(f"$${escape(statement_latex(s))}$$" for s in equation.statements)
        for direction, equation in (("forward", rule.forward), ("feedback", rule.feedback))
        if equation.plastic
    )
    rows = [(name, what, str(value)) for kind, what in SCOPES.items() for name, value in getattr(rule, kind).items()]
    rows += [(name, "broadcast: one value for each batch element", "") for name in rule.broadcasts]
    table = html_table(("variable", "what it is", "value"), rows)
    return f"{title}{equations}{table}{folded('text', f'<pre>{escape(str(rule))}</pre>')}"


def rule_latex(rule: Any) -> str:
    """Return the equations of a rule as LaTeX, one line for each."""
    both = {"forward": rule.forward, "feedback": rule.feedback}
    lines = [rf"\text{{{name}: }} & {statement_latex(s)}" for name, e in both.items() for s in e.statements]
    return rf"$$\begin{{aligned}} {(chr(92) * 2).join(lines)} \end{{aligned}}$$" if lines else ""
