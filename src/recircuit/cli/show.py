"""`recircuit show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from recircuit.atomic_files import write_whole
from recircuit.cli import completion
from recircuit.cli.printable import printable
from recircuit.cli.text_tables import bars, duration
from recircuit.errors import UsageError
from recircuit.models.runs.listing import KeptRun, kept_run
from recircuit.models.training.measured_text import with_unit
from recircuit.models.training.run_files import CURVES
from recircuit.paths import shown

__all__ = ["show"]


def show(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", autocompletion=completion.runs, help="The folder of the run, or its name in runs/."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A file for the learning curves, such as curves.png or curves.pdf."),
    ] = None,
) -> None:
    """Print the options and errors of a run, and draw its learning curves."""
    folder = run if run.exists() or not (Path("runs") / run).exists() else Path("runs") / run
    found = kept_run(folder)
    lines = [f"{found.folder}: {found.state}, {duration(found.seconds)} of training", *_lines(found)]
    typer.echo(printable("\n".join(lines)))
    if found.rows:
        typer.echo(f"Learning curves: {_drawn(found, out)}")


def _lines(run: KeptRun) -> list[str]:
    lines = [run.problem] if run.problem else []
    if run.record is not None:
        options = run.record.run.model_dump(exclude_none=True)
        lines += [
            f"  {name.replace('_', '-'):<13} {_text(value)}" for name, value in options.items() if value not in ("", ())
        ]
        lines += ["", run.record.rule]
    columns = [name for name in (run.rows[0] if run.rows else {}) if name.endswith(("_error", "_mse", "_angle"))]
    lines += [""] if columns else []
    for name in columns:
        values = [row[name] for row in run.rows]
        first, last = with_unit(name, values[0]), with_unit(name, values[-1])
        lines.append(f"  {name.replace('_', ' '):<18} {bars(values)}  {first} → {last}")
    return lines


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _drawn(run: KeptRun, out: Path | None) -> Path:
    """Return the file with the learning curves, which is drawn if it is not there."""
    from recircuit.models.training.learning_curves import curves, image

    path = run.folder / CURVES if out is None else out
    if out is not None or not path.exists():
        columns = {name: np.array([row[name] for row in run.rows]) for name in run.rows[0]}
        kind = path.suffix.removeprefix(".")
        if kind not in ("png", "pdf", "svg"):
            raise UsageError(f"--out {path}: a figure is written as .png, .pdf or .svg; name such a file.")
        write_whole(path, image(curves(columns, shown(run.folder.name)), kind))
    return path
