"""Runs that are kept one by one, so that an experiment of many goes on where it was stopped."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ....atomic_files import make_folder, read_file, write_whole
from .experiment import Settings

__all__ = ["each", "file_of", "kept", "plain"]

FOLDER = "runs"
Found = dict[str, Any]


def each[Method](
    settings: Settings,
    methods: Mapping[str, Method],
    about: Callable[[Method], Mapping[str, Any]],
    compute: Callable[[str, Method, int], Found],
) -> dict[str, list[Found]]:
    """Every method that is wanted, from each seed: by method what its runs found, each of them `kept`.

    Parameters
    ----------
    about : of a method, all that its numbers depend on, but for the seed and the backend
    compute : makes the run of a name, method and seed; what it returns is JSON
    """
    found: dict[str, list[Found]] = {}
    for name, method in settings.chosen(methods).items():
        depends, found[name] = about(method), []
        for seed in settings.seeds:
            run = partial(compute, name, method, seed)
            found[name].append(kept(settings, f"{name}-{seed}", {**depends, "seed": seed}, run))
    return found


def kept(settings: Settings, name: str, about: Mapping[str, Any], compute: Callable[[], Found]) -> Found:
    """What a run found: read from ``out/runs/NAME.json``, or computed now and written there.

    Parameters
    ----------
    settings : nothing is kept where they have no folder, or are those of a quick run
    name : of the run, the same for the same run
    about : all that its numbers depend on but for the backend, in numbers and words; a file that says otherwise is of
        another run, and is written anew
    compute : makes the run; what it returns is JSON

    Raises RecircuitError: the file cannot be written.
    """
    path = file_of(settings, name, ".json")
    if path is None:
        return compute()
    about = plain({**about, "backend": settings.backend})
    if (file := _read(path, about)) is not None:
        settings.earlier.append(file["seconds"])
        return file["found"]
    began, known = time.perf_counter(), len(settings.earlier)
    found = compute()
    seconds = time.perf_counter() - began + sum(settings.earlier[known:])
    told = {"about": about, "found": found, "seconds": round(seconds, 1)}
    make_folder(path.parent)
    write_whole(path, (json.dumps(told, ensure_ascii=False) + "\n").encode())
    return found


def file_of(settings: Settings, name: str, ending: str) -> Path | None:
    """Where a run of this name is kept; None: it is not."""
    if settings.out is None or settings.quick:
        return None
    return settings.out / FOLDER / f"{re.sub(r'[^A-Za-z0-9.+-]+', '_', name)}{ending}"


def plain(about: Mapping[str, Any]) -> dict[str, Any]:
    """As it comes back from a file."""
    return json.loads(json.dumps(dict(about)))


def _read(path: Path, about: Mapping[str, Any]) -> dict[str, Any] | None:
    """``found`` and ``seconds`` of a file; None where there is none, it is not one of ours, or of another run."""
    try:
        file = json.loads(read_file(path))
    except (OSError, ValueError):
        return None
    whole = isinstance(file, dict) and {"about", "found", "seconds"} <= set(file)
    return file if whole and file["about"] == about else None
