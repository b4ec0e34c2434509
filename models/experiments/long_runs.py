"""Runs of many epochs, kept after each of them, so that one that was stopped goes on where it was."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...circuits import Circuit
from ..files import make_folder, write_whole
from .runs import FOLDER

__all__ = ["Curves", "go_on"]

#: Name of a column -> its value after each epoch.
Curves = dict[str, list[float]]


def go_on(
    circuit: Circuit,
    epochs: int,
    epoch: Callable[[int], Mapping[str, float]],
    *,
    folder: Path | None,
    name: str,
    about: Mapping[str, Any],
) -> Curves:
    """Call ``epoch(number)`` for number = 1 ... epochs, from the first that has not been done; collect what it returns.

    The weights, and what rules keep in the synapses, are restored; what else an epoch depends on, it must draw from its
    number alone. After each one ``folder/runs/NAME.npz`` is written, whole or not at all.

    Parameters
    ----------
    folder : of the experiment's results; None: nothing is kept
    about : all that the numbers depend on; a file that says otherwise is of another run, and is begun anew

    Raises RecircuitError: the file cannot be written.
    """
    path = None if folder is None else folder / FOLDER / f"{re.sub(r'[^A-Za-z0-9.+-]+', '_', name)}.npz"
    about = json.loads(json.dumps(dict(about)))
    curves: Curves = {}
    found = None if path is None else _read(path, about)
    if found is not None:
        curves, weights = found
        circuit.set_state(weights)
    done = len(next(iter(curves.values()), []))
    for number in range(done + 1, epochs + 1):
        for column, value in epoch(number).items():
            curves.setdefault(column, []).append(round(float(value), 6))
        if path is not None:
            make_folder(path.parent)
            write_whole(path, _packed(circuit, curves, about))
    return {column: values[:epochs] for column, values in curves.items()}


def _packed(circuit: Circuit, curves: Curves, about: Mapping[str, Any]) -> bytes:
    text = json.dumps({"about": about, "curves": curves})
    packed = io.BytesIO()
    arrays: dict[str, Any] = {"said": np.array(text), **circuit.state(weights_only=True)}
    np.savez(packed, **arrays)
    return packed.getvalue()


def _read(path: Path, about: Mapping[str, Any]) -> tuple[Curves, dict[str, np.ndarray]] | None:
    """Curves and weights; None where there is no file, or it is not of this run."""
    try:
        with np.load(path) as file:
            said = json.loads(str(file["said"]))
            weights = {key: file[key] for key in file.files if key != "said"}
    except (OSError, ValueError, KeyError, EOFError):
        return None
    return (said["curves"], weights) if said.get("about") == about else None
