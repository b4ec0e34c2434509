"""`recircuit runs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from recircuit.cli.printable import printable
from recircuit.cli.text_tables import duration, table
from recircuit.models.runs.listing import KeptRun, kept_runs

__all__ = ["runs"]

HEAD = ("run", "network", "rule", "loss", "other options", "epochs", "test error", "training", "")
#: Options that have a column of their own, or say only on what a run goes.
SHOWN = ("data", "data_dir", "layers", "model", "rule", "loss", "epochs", "backend", "seed")


def runs(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder whose runs are listed.")] = Path("runs"),
) -> None:
    """List the runs in a folder and below it, with their options, epochs and errors."""
    found = kept_runs(folder)
    if not found:
        typer.echo(f"There are no runs in {folder}.")
        return
    different = _different([run.record.run.model_dump() for run in found if run.record is not None])
    typer.echo(printable(table(HEAD, [_row(run, folder, different) for run in found])))
    typer.echo("\n`recircuit show RUN` shows one of them.")


def _different(options: list[dict[str, Any]]) -> list[str]:
    """Return the options in which the runs differ, without those that have a column."""
    names = options[0] if options else {}
    return [name for name in names if name not in SHOWN and len({str(each[name]) for each in options}) > 1]


def _row(run: KeptRun, folder: Path, different: list[str]) -> tuple[str, ...]:
    options = None if run.record is None else run.record.run
    network = "" if options is None else options.network() if options.model is None else options.model
    others = "" if options is None else ", ".join(f"{n.replace('_', '-')} {getattr(options, n)}" for n in different)
    name = str(run.folder.relative_to(folder)) if run.folder != folder else "."
    return (
        name, network, "" if options is None else options.rule, "" if options is None else options.loss,
        others, _epochs(run), _error(run), duration(run.seconds), run.problem,
    )  # fmt: skip


def _epochs(run: KeptRun) -> str:
    return run.state.removesuffix(" epochs")


def _error(run: KeptRun) -> str:
    return next((f"{value:.2%}" for name, value in run.last("_error") if name == "test_error"), "–")
