"""The command line: `recircuit train`, `compare`, `sweep`, `runs`, `show`, `reproduce`, `rules`, `doctor`.

The exit code is 0 after success, 1 if a check or the run fails, 2 if the call is wrong, 130 after Ctrl-C and 143 after SIGTERM.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from recircuit.cli.on_demand import HELP, CommandsOnDemand
from recircuit.cli.problems import explained
from recircuit.cli.signals import stop_signals

__all__ = ["app", "main"]

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


def _version(asked: bool) -> None:
    if asked:
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


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit. An error is written to stderr as one paragraph."""
    logging.getLogger("brian2").setLevel(logging.ERROR)
    with stop_signals() as signals:
        code = _run(arguments)
    sys.exit(128 + signals[0] if signals and code else code)


def _run(arguments: Sequence[str] | None) -> int | str | None:
    """Run the command line and return the exit code."""
    try:
        app(arguments)
        return 0
    except SystemExit as ended:
        return ended.code
    except KeyboardInterrupt:
        return 130
    except Exception as problem:
        text, code = explained(problem)
        print(f"recircuit: {text}", file=sys.stderr)
        return code
