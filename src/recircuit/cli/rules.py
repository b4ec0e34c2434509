"""`recircuit rules`."""

from __future__ import annotations

import warnings
from typing import Annotated

import typer

from recircuit.cli import completion
from recircuit.plasticity import RULES, Rule, find

__all__ = ["rules"]


def rules(
    name: Annotated[
        str | None,
        typer.Argument(
            autocompletion=completion.rules,
            help="The name of one rule, or ./file.py:name; without it, all rules are printed.",
        ),
    ] = None,
) -> None:
    """Print the rules with their equations, parameters and sources, and whether they are local."""
    if name is not None:
        typer.echo(_described(find(name)))
        return
    with warnings.catch_warnings(record=True) as refused:
        warnings.simplefilter("always")
        known = [RULES[name] for name in RULES]
    typer.echo("\n\n".join(map(_described, known)))
    for warning in refused:
        typer.echo(f"\nrecircuit: {warning.message}", err=True)


def _described(rule: Rule) -> str:
    return f"{rule.about}\n{rule}" if rule.about else str(rule)
