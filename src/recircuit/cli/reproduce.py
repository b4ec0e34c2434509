"""``recircuit reproduce``: an experiment of a paper, its figure and its numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recircuit.circuits.backends import BACKENDS
from recircuit.cli import completion
from recircuit.errors import UsageError
from recircuit.folder_lock import locked
from recircuit.terminal import is_terminal

if TYPE_CHECKING:
    from recircuit.models.experiments import Experiment, Settings

#: In the place of an ID: every experiment.
ALL = "all"
BELOW_TABLE = (
    "`recircuit reproduce ID` runs one of them. The last result is your own, in runs/reproduce, or else that of the "
    "project."
)


def reproduce(
    experiment: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            autocompletion=completion.experiments,
            help="The ID of the experiment to run, or all, which needs --quick. --list shows all experiments.",
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Make fewer and shorter runs, which take seconds.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="The folder for result.json and figure.png. A different result in it is moved to its folder earlier/. "
            "[default: runs/reproduce/ID]",
        ),
    ] = None,
    backend: Annotated[
        str,
        typer.Option(
            "--backend", autocompletion=completion.backends, help=f"The backend: {BACKENDS.listed()}, or auto."
        ),
    ] = "numpy",
    seeds: Annotated[
        int | None, typer.Option("--seeds", help="The number of runs, which have the seeds 0, 1, ...")
    ] = None,
    first_seed: Annotated[
        int,
        typer.Option(
            "--first-seed",
            metavar="N",
            help="The seed of the first run. In an experiment without seeds, it changes the random numbers.",
        ),
    ] = 0,
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs", help="The number of epochs, in experiments that may train for fewer epochs than the paper."
        ),
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            metavar="NAME",
            help="Run only this method of the experiment. The option may be given several times.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="DIR", help="The folder with the files of MNIST or CIFAR. [default: $RECIRCUIT_DATA]"
        ),
    ] = None,
    from_runs: Annotated[
        bool,
        typer.Option(
            "--from-runs",
            help="Run nothing; check and draw again what was kept of earlier runs in the folder of --out.",
        ),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace a result of more seeds, or of the whole experiment, by this one."),
    ] = False,
    show_list: Annotated[
        bool, typer.Option("--list", help="List all experiments and the data that they need, and exit.")
    ] = False,
) -> None:
    """Run an experiment of a paper, draw its figure and check its numbers. Without an ID, list all experiments.

    With all in the place of an ID, and --quick, a short form of every experiment is run, which takes a few minutes.

    The exit code is 0 if all checks hold, 1 if a check or the run fails, and 2 if the call is wrong.
    """
    from recircuit.cli.experiment_table import OWN, experiment_table
    from recircuit.models.experiments import EXPERIMENTS, settings_for

    if show_list or experiment is None:
        typer.echo(f"{experiment_table()}\n\n{BELOW_TABLE}")
        return
    if experiment == ALL:
        if not quick or epochs is not None or methods or from_runs:
            raise UsageError(
                "reproduce all is for quick runs: give --quick, and neither --epochs, --method nor --from-runs. The whole "
                "experiments take days; run them one by one."
            )
        _all_quickly(out or OWN, backend, seeds, first_seed, data, overwrite)
        return
    chosen = EXPERIMENTS.find(experiment)
    settings = settings_for(
        chosen, backend=backend, seeds=seeds, first_seed=first_seed, quick=quick, show_progress=_show_progress, data=data,
        epochs=epochs, methods=methods or (), from_runs=from_runs,
    )  # fmt: skip
    folder = out or OWN / chosen.id
    result = _result(chosen, settings, folder, overwrite=overwrite or from_runs)
    _show(result, folder)
    if not all(check["ok"] for check in result["checks"]):
        raise typer.Exit(1)


def _all_quickly(
    out: Path, backend: str, seeds: int | None, first_seed: int, data: Path | None, overwrite: bool
) -> None:
    """Run every experiment quickly, each into a folder with its name, and print a line for each.

    Raises
    ------
    typer.Exit
        If a check does not hold, after all have been run.
    """
    from recircuit.models.experiments import EXPERIMENTS, settings_for

    failed = 0
    for name, chosen in EXPERIMENTS.items():
        settings = settings_for(
            chosen, backend=backend, seeds=seeds if chosen.seeds else None,
            first_seed=first_seed if chosen.seeds or chosen.drawn else 0, quick=True, show_progress=_show_progress, data=data,
        )  # fmt: skip
        result = _result(chosen, settings, out / name, overwrite=overwrite)
        failed += sum(not check["ok"] for check in result["checks"])
        _show(result, out / name, only_failing=True)
    if failed:
        raise typer.Exit(1)


def _result(chosen: Experiment, settings: Settings, folder: Path, *, overwrite: bool) -> dict[str, Any]:
    """Run an experiment in its folder, which no other run uses meanwhile, and return its result.

    Raises
    ------
    UsageError
        If the folder holds a larger result, and `overwrite` is not given.
    """
    from recircuit.models.experiments import reproduce as run_and_write

    try:
        with locked(folder):
            if not overwrite:
                _check_result(folder, settings.quick, len(settings.seeds))
            return run_and_write(chosen, settings, folder)
    finally:
        _show_progress("")


def _check_result(folder: Path, quick: bool, seeds: int) -> None:
    """Refuse to write a smaller result in the place of a larger one.

    Raises
    ------
    UsageError
        If the folder holds a result of the whole experiment and this one is quick, or if it has more seeds.
    """
    from recircuit.models.experiments import kept_result

    there = kept_result(folder / "result.json")
    if there is None or (quick, -seeds) <= (bool(there.get("quick")), -len(there.get("seeds", ()))):
        return
    raise UsageError(
        f"{folder} holds a larger result ({'quick' if there.get('quick') else 'the whole experiment'}, "
        f"{len(there.get('seeds', ()))} seeds). Choose another folder (--out), or replace it (--overwrite)."
    )


def _show(result: dict[str, Any], folder: Path, only_failing: bool = False) -> None:
    """Print the checks, one per line, and where the files are."""
    from recircuit.models.experiments import Check

    checks = result["checks"]
    for row in checks:
        if only_failing and row["ok"]:
            continue
        typer.echo(f"{'ok   ' if row['ok'] else 'FAILS'}  {Check.line(row)}")
    for claim in result["unchecked"]:
        typer.echo(f"not checked  {claim}")
    failed = sum(not row["ok"] for row in checks)
    holds = f"all {len(checks)} checks hold" if checks else "nothing is checked for these methods alone"
    verdict = f"{failed} of {len(checks)} checks fail" if failed else holds
    typer.echo(f"{result['id']}: {verdict}; {result['seconds']} s on {result['backend']}; see {folder}")


def _show_progress(text: str) -> None:
    """Write what is being computed on one line of the terminal, over the line before; do nothing without a terminal."""
    if is_terminal(sys.stderr):
        typer.echo(f"\r\033[K{text}", nl=False, err=True)
