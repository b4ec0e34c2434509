"""The application of the command line: its options, and its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from recircuit.cli.on_demand import HELP, CommandsOnDemand

__all__ = ["app"]

app = typer.Typer(
    name="recircuit",
    cls=CommandsOnDemand,
    help="Simulate rate-based neural circuits that learn by local rules.",
    add_completion=True,
    context_settings=HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(requested: bool) -> None:
    if requested:
        from recircuit import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = (
        False
    ),
) -> None:
    """Simulate rate-based neural circuits that learn by local rules."""
