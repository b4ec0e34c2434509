"""Runs that are kept one by one, so that an experiment of many goes on where it was stopped."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from ....errors import RecircuitError
from ...runs.result_file import as_json, read_result, write_result
from .experiment import Settings

__all__ = ["ABOUT", "EPOCHS", "at_end", "each", "is_kept", "kept", "place_of"]

FOLDER = "runs"
#: The file in the folder of a run under way that says of what run it is; see `resumable`.
ABOUT = "about.json"
#: Its entry that says for how many epochs the run is; without it, a run of more epochs goes on from the folder.
EPOCHS = "epochs"
#: How a message ends that says that a run is not kept.
OTHER_OPTIONS = (
    "Give the --seeds, --epochs, --backend and --method of the runs that are kept, or leave out --from-runs to make the "
    "run."
)
Found = dict[str, Any]


def each[Method](
    settings: Settings,
    methods: Mapping[str, Method],
    about: Callable[[Method], Mapping[str, Any]],
    compute: Callable[[str, Method, int], Found],
) -> dict[str, list[Found]]:
    """Return what the runs of every method found, from each seed, by method. Each run is `kept`.

    Parameters
    ----------
    settings : Settings
        The settings of the experiment. With `Settings.from_runs`, methods of which no run is kept are left out, if they
        can be run without each other.
    methods : mapping of str
        The methods by name.
    about : function
        A function of a method that returns all that its numbers depend on, except the seed and the backend.
    compute : function
        A function of name, method and seed that makes the run. It returns JSON.

    Raises
    ------
    RecircuitError
        If a file cannot be written; or, with `Settings.from_runs`, if a run is not kept that is needed.
    """
    found: dict[str, list[Found]] = {}
    for name, method in _to_run(settings, methods).items():
        depends, found[name] = about(method), []
        for seed in settings.seeds:
            run = partial(compute, name, method, seed)
            found[name].append(kept(settings, f"{name}-{seed}", {**depends, "seed": seed}, run))
    return found


def _to_run[Method](settings: Settings, methods: Mapping[str, Method]) -> dict[str, Method]:
    """Return the methods that are wanted; where some may be missing, those of which a run is kept."""
    wanted = settings.chosen(methods)
    if not (settings.from_runs and settings.separate_methods):
        return wanted
    there = [name for name in wanted if any(is_kept(settings, f"{name}-{seed}") for seed in settings.seeds)]
    if wanted and not there and not settings.earlier:
        raise RecircuitError(f"--from-runs: no run of {', '.join(wanted)} is kept with these seeds. {OTHER_OPTIONS}")
    return {name: wanted[name] for name in there}


def kept(settings: Settings, name: str, about: Mapping[str, Any], compute: Callable[[], Found]) -> Found:
    """Return the result of a run, read from ``out/runs/NAME.json``, or computed now and written there.

    What the run went on from after each epoch, in the folder ``out/runs/NAME``, is then removed. It is left only for a run
    of more epochs that can go on from it.

    Parameters
    ----------
    settings : Settings
        The settings of the experiment. Nothing is kept if they have no folder, or are those of a quick run.
    name : str
        The name of the run, which is the same for the same run.
    about : mapping of str
        All that its numbers depend on except the backend, in numbers and words. A file that says otherwise is of
        another run, and is written again.
    compute : function
        A function that makes the run, and returns JSON.

    Raises
    ------
    RecircuitError
        If the file cannot be written; or, with `Settings.from_runs`, the run is not kept.
    """
    path = place_of(settings, name, ".json")
    if path is None:
        return compute()
    about = as_json({**about, "backend": settings.backend})
    if (file := _read(path, about, settings.from_runs)) is not None:
        settings.earlier.append(file.seconds)
        _remove_checkpoint(place_of(settings, name, ""))
        return file.found
    if settings.from_runs:
        raise RecircuitError(f"--from-runs: {path} is not there, or is of a run with other settings. {OTHER_OPTIONS}")
    began, known = time.perf_counter(), len(settings.earlier)
    found = compute()
    seconds = time.perf_counter() - began + sum(settings.earlier[known:])
    contents = {"about": about, "found": found, "seconds": round(seconds, 1)}
    write_result(path, contents, strict=False)
    _remove_checkpoint(place_of(settings, name, ""))
    return found


def at_end(runs: Sequence[Mapping[str, Any]], part: str = "test") -> float:
    """Return what runs found after the last epoch, the mean over the runs.

    Parameters
    ----------
    runs : sequence of mapping
        What each run found, a value for each epoch by the name of what was measured.
    part : str
        What was measured.
    """
    return float(np.mean([run[part][-1] for run in runs]))


def is_kept(settings: Settings, name: str) -> bool:
    """Return whether there is a file of a run with this name."""
    path = place_of(settings, name, ".json")
    return path is not None and path.is_file()


def place_of(settings: Settings, name: str, ending: str) -> Path | None:
    """Return the file, or the folder, in which a run of this name is kept; None if it is not kept."""
    if settings.out is None or settings.quick:
        return None
    return settings.out / FOLDER / f"{re.sub(r'[^A-Za-z0-9.+-]+', '_', name)}{ending}"


def _remove_checkpoint(folder: Path | None) -> None:
    """Remove the folder of a finished run if no longer run can go on from it, as where a rate falls with the last epochs."""
    if folder is not None and EPOCHS in (read_result(folder / ABOUT) or {}):
        shutil.rmtree(folder, ignore_errors=True)


class _Kept(BaseModel):
    """The file of a run."""

    model_config = ConfigDict(strict=True)

    about: dict[str, Any]
    found: Found
    seconds: FiniteFloat


def _read(path: Path, about: Mapping[str, Any], any_data: bool) -> _Kept | None:
    """Return the content of the file of a run; None if there is no such file, if it is damaged, or if it is of another run.

    Parameters
    ----------
    any_data : bool
        Whether the run may be of other data. Then only its numbers are wanted, and the data may be absent.
    """
    try:
        file = _Kept.model_validate(read_result(path))
    except ValidationError:
        return None
    if any_data and "data" in about:
        about = {**about, "data": file.about.get("data")}
    return file if file.about == about else None
