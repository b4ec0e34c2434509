"""Runs an experiment and writes ``result.json`` and ``figure.png``, each whole or not at all."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...circuits.backends import BACKENDS, choose_backend
from ...errors import RecircuitError, UsageError
from .experiment import Experiment, Report, Settings
from .style import styled


def settings_for(
    experiment: Experiment,
    *,
    backend: str = "numpy",
    seeds: int | None = None,
    quick: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Settings:
    """The settings of a run; ``seeds`` is their number (0, 1, ...), by default the experiment's own.

    Raises UsageError: an unknown backend, or a number of seeds that cannot be.
    """
    if backend not in (*BACKENDS, "auto"):
        raise UsageError(f"--backend: expected one of {', '.join(BACKENDS)} or auto; got {backend!r}.")
    if seeds is not None and experiment.seeds == 0:
        raise UsageError(f"{experiment.id} draws nothing at random, so --seeds has no meaning: leave it out.")
    if seeds is not None and seeds < 1:
        raise UsageError(f"--seeds is how many runs to make, at least 1; got {seeds}.")
    usual = experiment.quick_seeds if quick else experiment.seeds
    chosen = tuple(range(usual if seeds is None else seeds))
    return Settings(choose_backend(backend)[0], chosen, quick, tell or (lambda text: None))


def reproduce(experiment: Experiment, settings: Settings, out: Path) -> dict[str, Any]:
    """Run it, write both files into ``out``, and return what result.json holds.

    Raises RecircuitError: the folder cannot be made or written.
    """
    _prepare(out)
    began = time.perf_counter()
    with styled():
        report = experiment.run(settings)
        seconds = time.perf_counter() - began
        result = as_result(experiment, settings, report, seconds)
        _write(out / "figure.png", lambda path: report.figure.savefig(path, format="png"))
    text = json.dumps(result, indent=2, allow_nan=False) + "\n"
    _write(out / "result.json", lambda path: path.write_text(text, encoding="utf-8"))
    return result


def as_result(experiment: Experiment, settings: Settings, report: Report, seconds: float) -> dict[str, Any]:
    """The content of result.json."""
    return {
        "id": experiment.id,
        "paper": experiment.paper,
        "backend": settings.backend,
        "seeds": list(settings.seeds),
        "quick": settings.quick,
        "seconds": round(seconds, 1),
        "checks": [check.row() for check in report.checks],
    }


def _prepare(out: Path) -> None:
    """Make the folder and see that it can be written, before minutes are spent."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        trial = out / f".{os.getpid()}.part"
        trial.touch()
        trial.unlink()
    except OSError as problem:
        raise RecircuitError(
            f"The results cannot be written into {out}: {problem.strerror or problem}. Choose a folder with --out."
        ) from None


def _write(path: Path, save: Callable[[Path], Any]) -> None:
    """Save beside, then rename: the file is the old one or the new one, never a part."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        save(beside)
        os.replace(beside, path)
    except OSError as problem:
        raise RecircuitError(f"{path} cannot be written: {problem.strerror or problem}. It is as it was.") from None
    finally:
        beside.unlink(missing_ok=True)
