"""Runs of many epochs, kept after each of them, so that one that was stopped goes on where it was."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ....atomic_files import make_folder, read_file, write_whole
from ....circuits import Circuit
from .experiment import Settings
from .saved_runs import file_of, plain

__all__ = ["Curves", "go_on"]

#: Name of a column -> its value after each epoch.
Curves = dict[str, list[float]]


def go_on(
    settings: Settings,
    circuit: Circuit,
    epochs: int,
    epoch: Callable[[int], Mapping[str, float]],
    *,
    name: str,
    about: Mapping[str, Any],
) -> Curves:
    """Call ``epoch(number)`` for number = 1 ... epochs, from the first that has not been done; collect what it returns.

    The weights, and what rules keep in the synapses, are restored; what else an epoch depends on, it must draw from its
    number alone. After each one ``out/runs/NAME.npz`` is written, whole or not at all.

    Parameters
    ----------
    settings : Settings
        Nothing is kept where they have no folder, or are those of a quick run.
    about : Mapping[str, Any]
        All that the numbers depend on, but for the backend; a file that says otherwise is of another run, and is begun
        anew.

    Raises
    ------
    RecircuitError
        If the file cannot be written.
    """
    path = file_of(settings, name, ".npz")
    about = plain({**about, "backend": settings.backend})
    curves: Curves = {}
    seconds: list[float] = []
    if path is not None and (begun := _read(path, about)) is not None:
        curves, seconds, weights = begun
        circuit.set_state(weights)
        settings.earlier.append(sum(seconds[:epochs]))
    for number in range(len(seconds) + 1, epochs + 1):
        began = time.perf_counter()
        for column, value in epoch(number).items():
            curves.setdefault(column, []).append(round(float(value), 6))
        seconds.append(round(time.perf_counter() - began, 1))
        if path is not None:
            make_folder(path.parent)
            write_whole(path, _packed(circuit, curves, seconds, about))
    return {column: values[:epochs] for column, values in curves.items()}


def _packed(circuit: Circuit, curves: Curves, seconds: list[float], about: Mapping[str, Any]) -> bytes:
    text = json.dumps({"about": about, "curves": curves, "seconds": seconds})
    packed = io.BytesIO()
    arrays: dict[str, Any] = {"said": np.array(text), **circuit.state(weights_only=True)}
    np.savez(packed, **arrays)
    return packed.getvalue()


def _read(path: Path, about: Mapping[str, Any]) -> tuple[Curves, list[float], dict[str, np.ndarray]] | None:
    """Return curves, the seconds of each epoch, and weights; None where there is no file, or it is not of this run."""
    try:
        with np.load(io.BytesIO(read_file(path))) as file:
            said = json.loads(str(file["said"]))
            weights = {key: file[key] for key in file.files if key != "said"}
        return (said["curves"], said["seconds"], weights) if said["about"] == about else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
