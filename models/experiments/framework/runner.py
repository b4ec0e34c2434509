"""Runs an experiment and writes ``result.json`` and ``figure.png``, each whole or not at all."""

from __future__ import annotations

import io
import itertools
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ....atomic_files import make_folder, read_file, write_whole
from ....circuits.backends import choose_backend
from ....errors import RecircuitError, UsageError
from ....registry import closest
from ...runs.result_file import as_json, read_result, write_result
from .experiment import Experiment, Report, Settings
from .figure_style import styled
from .saved_runs import FOLDER

#: The folder of results that a later run with another result has replaced.
EARLIER = "earlier"
#: No experiment makes more runs.
MOST_RUNS = 100_000
#: Seeds of circuits are below 2^32; those of its last runs are so too.
LAST_SEED = 2**32 - 1 - MOST_RUNS


def settings_for(
    experiment: Experiment,
    *,
    backend: str = "numpy",
    seeds: int | None = None,
    first_seed: int = 0,
    quick: bool = False,
    show_progress: Callable[[str], None] | None = None,
    data: Path | None = None,
    epochs: int | None = None,
    methods: Sequence[str] = (),
    from_runs: bool = False,
) -> Settings:
    """Return the settings of a run; ``seeds`` is their number, by default the experiment's own, and ``first_seed`` the
    first of them.

    Raises
    ------
    UsageError
        If the backend or a method is unknown, or if a number of seeds or epochs, or a first seed, is not possible.
    """
    if epochs is not None and (epochs < 1 or quick or not experiment.shortens):
        why = (
            "It is at least 1"
            if epochs < 1
            else "It cannot be combined with --quick"
            if quick
            else "This experiment does not take it"
        )
        raise UsageError(
            f"--epochs sets for how many epochs networks for images are trained. {why}; got {epochs} for "
            f"{experiment.id}."
        )
    chosen_backend, _ = choose_backend(backend, "--backend")
    _check_seeds(experiment, seeds, first_seed)
    _check_methods(experiment, methods, quick)
    if from_runs and (quick or not experiment.keeps):
        why = "A quick run keeps none" if quick else f"{experiment.id} keeps none, since it takes only a minute or two"
        raise UsageError(
            f"--from-runs makes checks and figure again from the runs that are kept. {why}. Leave --from-runs out."
        )
    usual = experiment.quick_seeds if quick else experiment.seeds
    chosen = tuple(range(first_seed, first_seed + (usual if seeds is None else seeds)))
    return Settings(
        chosen_backend, chosen, quick, show_progress or (lambda text: None), data, None, epochs,
        tuple(methods), from_runs, first_seed, bool(experiment.methods),
    )  # fmt: skip


def reproduce(experiment: Experiment, settings: Settings, out: Path) -> dict[str, Any]:
    """Run it, write both files into ``out``, and return what result.json holds; its time is that of all runs it has.

    A different result that lies there moves to the folder ``earlier`` in it, with its figure.

    Raises
    ------
    RecircuitError
        If the folder cannot be made or written, or if the runs that it is to be made from are not there.
    """
    _prepare(out)
    if settings.from_runs and not any((out / FOLDER).glob("*.json")):
        raise UsageError(f"--from-runs: there are no runs in {out}. Leave --from-runs out.")
    began = time.perf_counter()
    picture = io.BytesIO()
    with styled():
        report = experiment.run(replace(settings, out=out))
        seconds = (0.0 if settings.from_runs else time.perf_counter() - began) + sum(settings.earlier)
        report.figure.savefig(picture, format="png")
    result = as_result(experiment, settings, report, seconds)
    if not settings.from_runs:
        _keep_earlier(out, result)
    write_whole(out / "figure.png", picture.getvalue())
    write_result(out / "result.json", result, indent=2)
    return result


def _keep_earlier(out: Path, result: dict[str, Any]) -> None:
    """Copy a result that is there, and says something else than the new one, with its figure into a folder of its own."""
    if not (out / "result.json").exists():
        return
    before = read_result(out / "result.json")
    if before is not None and before | {"seconds": 0} == as_json(result) | {"seconds": 0}:
        return
    number = next(n for n in itertools.count(1) if not (out / EARLIER / str(n)).exists())
    make_folder(out / EARLIER / str(number))
    for name in ("result.json", "figure.png"):
        with suppress(FileNotFoundError):
            write_whole(out / EARLIER / str(number) / name, read_file(out / name))


def as_result(experiment: Experiment, settings: Settings, report: Report, seconds: float) -> dict[str, Any]:
    """Return the content of result.json."""
    return {
        "id": experiment.id,
        "paper": experiment.paper,
        "backend": settings.backend,
        "seeds": list(settings.seeds),
        **({"first_seed": settings.first_seed} if settings.first_seed else {}),
        "quick": settings.quick,
        "seconds": round(seconds, 1),
        "checks": [check.row() for check in report.checks],
        "unchecked": list(report.unchecked),
    }


def _check_seeds(experiment: Experiment, seeds: int | None, first_seed: int) -> None:
    if not experiment.seeds and not experiment.drawn and (seeds is not None or first_seed):
        raise UsageError(
            f"{experiment.id} draws nothing at random, so --seeds and --first-seed have no meaning: leave them out."
        )
    if seeds is not None and not experiment.seeds:
        raise UsageError(
            f"{experiment.id} makes one run of {experiment.drawn}, so --seeds has no meaning: leave it out. --first-seed N "
            "draws other random numbers."
        )
    if seeds is not None and not 1 <= seeds <= MOST_RUNS:
        raise UsageError(f"--seeds is how many runs to make, from 1 to {MOST_RUNS:,}; got {seeds}.")
    if not 0 <= first_seed <= LAST_SEED:
        raise UsageError(f"--first-seed is the seed of the first run, from 0 to {LAST_SEED:,}; got {first_seed}.")


def _check_methods(experiment: Experiment, methods: Sequence[str], quick: bool) -> None:
    for method in methods:
        if quick or not experiment.methods:
            why = f"{'With --quick all methods' if quick else f'The methods of {experiment.id}'} are run together"
            raise UsageError(f"--method makes the long runs of some methods only. {why}; got {method!r}.")
        if method not in experiment.methods:
            known = "; ".join(experiment.methods)
            raise UsageError(
                f"--method: {experiment.id} has no method {method!r}.{closest(method, experiment.methods)} It compares {known}."
            )


def _prepare(out: Path) -> None:
    """Make the folder and see that it can be written, before minutes are spent."""
    make_folder(out)
    if not os.access(out, os.W_OK | os.X_OK):
        raise RecircuitError(f"The folder {out} cannot be written. Choose another with --out.")
