"""`recircuit robustness`."""

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
from recircuit.models.sweeps.jobs import seeds_of
from recircuit.models.sweeps.robustness_tables import as_csv, as_figure, as_json, as_markdown
from recircuit.models.sweeps.rule_robustness import Impaired, impaired_error, impairments

__all__ = ["robustness"]

OUT = "The folder that receives robustness.md, .csv, .json and .png. [default: runs/robustness-DATA]"


def robustness(
    data: Annotated[str, typer.Argument(metavar="DATA", autocompletion=completion.data_sets, help=DATA)],
    rules: Annotated[
        str, typer.Option(metavar="RULE,RULE", autocompletion=completion.several(completion.rules), help=RULES)
    ] = "bp,urfb,frfb,kolen_pollack",
    layers: Annotated[str | None, typer.Option(metavar="N-N-N", help=LAYERS)] = None,
    epochs: Annotated[int, typer.Option(min=1, help="The number of passes through the training samples.")] = 10,
    batch_size: Annotated[int, typer.Option(min=1, help="The number of samples that are shown at a time.")] = 20,
    seeds: Annotated[str, typer.Option(help="The seeds, for instance 0-4 or 0,2,5-7.")] = "0",
    data_dir: Annotated[
        str | None, typer.Option("--data", metavar="DIR", help="The folder that holds the files of the data.")
    ] = None,
    backend: Annotated[
        str, typer.Option(autocompletion=completion.backends, help=f"The backend: auto, {BACKENDS.listed()}.")
    ] = "numpy",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help=OUT)] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what the folder holds.")] = False,
) -> None:
    """Train rules and circuits in circuits that are noisy, slow or coarse, and say what each reaches.

    Each is trained as it is; then with phases of irregular length, with noise in its units, with weights of few values, and
    with signals that arrive later, each by itself and at two strengths.
    """
    task = task_of(data, data_dir, layers, epochs, batch_size, backend)
    builds = builders_of(rules, task)
    folder, found = out or Path("runs") / f"robustness-{Path(data).stem}", []
    with locked(folder) as lock:
        if (folder / "robustness.json").exists() and not overwrite:
            raise UsageError(f"--out {folder}: it holds results; add --overwrite, or choose another folder.")
        lock.make()
        for rule, build in builds.items():
            for seed in seeds_of(seeds):
                for axis, value, by in impairments():
                    found.append(Impaired(rule, seed, axis, value, impaired_error(build, by, task, seed)))
                    typer.echo(
                        f"{rule}, seed {seed}, {axis} {value:g}: test error {found[-1].test_error:.1%}", err=True
                    )
            _write(folder, found, task)  # so that a command that is stopped leaves what is finished
    typer.echo(as_markdown(found, task))
    typer.echo(f"See {folder / 'robustness.png'}, and robustness.md, .csv and .json beside it.")


def _write(folder: Path, found: list[Impaired], task: Task) -> None:
    write_tables(
        folder, "robustness", markdown=as_markdown(found, task), csv=as_csv(found), json=as_json(found, task),
        figure=as_figure(found, task),
    )  # fmt: skip
