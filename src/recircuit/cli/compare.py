"""`recircuit compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recircuit.circuits.backends import BACKENDS
from recircuit.cli import completion
from recircuit.cli.side_by_side import DATA, LAYERS, RULES, builders_of, task_of, write_tables
from recircuit.errors import UsageError
from recircuit.folder_lock import locked
from recircuit.models.sweeps.circuit_specs import Task
from recircuit.models.sweeps.comparison_tables import as_csv, as_figure, as_json, as_markdown
from recircuit.models.sweeps.jobs import seeds_of
from recircuit.models.sweeps.rule_comparison import Compared
from recircuit.models.sweeps.rule_comparison import compare as compare_one

__all__ = ["compare"]

ERROR = "The test error; the table says after how many samples it is reached."
BACKEND = f"The backend: auto, {BACKENDS.listed()}."
OUT = "The folder that receives comparison.md, .csv, .json and .png. [default: runs/compare-DATA]"


def compare(
    data: Annotated[str, typer.Argument(metavar="DATA", autocompletion=completion.data_sets, help=DATA)],
    rules: Annotated[
        str, typer.Option(metavar="RULE,RULE", autocompletion=completion.several(completion.rules), help=RULES)
    ] = "bp,urfb,frfb,kolen_pollack",
    layers: Annotated[str | None, typer.Option(metavar="N-N-N", help=LAYERS)] = None,
    epochs: Annotated[int, typer.Option(min=1, help="The number of passes through the training samples.")] = 10,
    batch_size: Annotated[int, typer.Option(min=1, help="The number of samples that are shown at a time.")] = 20,
    error: Annotated[float, typer.Option(min=0, max=1, help=ERROR)] = 0.1,
    seeds: Annotated[str, typer.Option(help="The seeds, for instance 0-4 or 0,2,5-7.")] = "0",
    data_dir: Annotated[
        str | None, typer.Option("--data", metavar="DIR", help="The folder that holds the files of the data.")
    ] = None,
    backend: Annotated[str, typer.Option(autocompletion=completion.backends, help=BACKEND)] = "numpy",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help=OUT)] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the comparison that the folder holds.")
    ] = False,
) -> None:
    """Train rules and circuits on the same task, and say what each reaches and needs.

    Besides errors and costs, the angle between the update and the gradient is measured in each circuit, before and after
    training. All run in double precision, one after the other.
    """
    task = task_of(data, data_dir, layers, epochs, batch_size, backend, error)
    builds = builders_of(rules, task)
    folder, found = out or Path("runs") / f"compare-{Path(data).stem}", []
    with locked(folder) as lock:
        if (folder / "comparison.json").exists() and not overwrite:
            raise UsageError(
                f"--out {folder}: the folder holds a comparison already. Add --overwrite to replace it, or choose "
                "another folder."
            )
        lock.make()
        for rule, build in builds.items():
            for seed in seeds_of(seeds):
                found.append(compare_one(rule, build, task, seed))
                typer.echo(_line(found[-1]), err=True)
            _write(folder, found, task)  # so that a command that is stopped leaves what is finished
    typer.echo(as_markdown(found, task))
    typer.echo(f"See {folder / 'comparison.png'}, and comparison.md, .csv and .json beside it.")


def _line(one: Compared) -> str:
    """Return a finished run in words."""
    return (
        f"{one.rule}, seed {one.seed}: test error {one.test_error:.1%}, angle to the gradient {one.angle_first:.0f} and then "
        f"{one.angle_last:.0f} degrees"
    )


def _write(folder: Path, found: list[Compared], task: Task) -> None:
    write_tables(
        folder, "comparison", markdown=as_markdown(found, task), csv=as_csv(found), json=as_json(found, task),
        figure=as_figure(found, task),
    )  # fmt: skip
