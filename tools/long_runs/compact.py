"""The checkpoint of a run under way, in a file that is small enough to be committed.

Weights, and what rules keep beside them, are rounded to as many bits as fit, from 16 down to 4, in units of the largest value
of their array. What units hold at the end of an epoch is left out; units begin there with 0. A run that goes on from such a
file is thus not the same in its last digits as one that was not stopped. One that goes on from its own checkpoint is.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recircuit.atomic_files import make_folder, write_whole
from recircuit.circuits.saving.arrays import packed, read_packed
from recircuit.models.experiments.framework.saved_runs import ABOUT
from recircuit.models.training.run_files import WEIGHTS

__all__ = ["LIMIT", "epochs_of", "pack", "unpack"]

#: Bytes of a file.
LIMIT = 5_000_000
BITS = (16, 12, 10, 8, 7, 6, 5, 4)
#: Arrays of at most so many elements are kept as they are.
SMALL = 1000

Arrays = Mapping[str, NDArray[Any]]


def pack(folder: Path, limit: int = LIMIT) -> bytes | None:
    """Return the content of a file for the run in a folder; None if it has no weights, or they do not fit."""
    if not (folder / WEIGHTS).is_file() or not (folder / ABOUT).is_file():
        return None
    text, arrays = read_packed(folder / WEIGHTS, "checkpoint")
    units = {name for name, array in arrays.items() if _of_units(name, array, text)}
    empty = {f"zeros {arrays[name].dtype} {name}": np.array(arrays[name].shape) for name in units}
    arrays = {name: array for name, array in arrays.items() if name not in units} | empty
    for bits in BITS:
        content = _packed(arrays, bits, {"checkpoint": text, "about": (folder / ABOUT).read_text(encoding="utf-8")})
        if len(content) <= limit:
            return content
    return None


def unpack(content: bytes, folder: Path) -> None:
    """Write the weights of a packed run into a folder, from which it goes on.

    Raises
    ------
    ValueError
        If the content is no packed run.
    """
    with _opened(content) as file:
        header = json.loads(bytes(file["header"]))
        arrays = dict(_unpacked(name, file[name], header["scales"]) for name in file.files if name != "header")
    make_folder(folder)
    write_whole(folder / ABOUT, header["about"].encode())
    write_whole(folder / WEIGHTS, packed(arrays, header["checkpoint"]))


def epochs_of(content: bytes) -> int:
    """Return the number of epochs of a packed run.

    Raises
    ------
    ValueError
        If the content is no packed run.
    """
    with _opened(content) as file:
        return json.loads(json.loads(bytes(file["header"]))["checkpoint"])["epoch"]


def _opened(content: bytes) -> Any:
    return np.load(io.BytesIO(zlib.decompress(content)), allow_pickle=False)


def _of_units(name: str, array: NDArray[Any], text: str) -> bool:
    """Return whether a variable is one of a population's units; a synapse's variables have the name of its projection."""
    population = f"population {name.split('.')[0]}"
    return array.size > SMALL and array.dtype.kind == "f" and population in json.loads(text)["network"]


def _packed(arrays: Arrays, bits: int, texts: Mapping[str, str]) -> bytes:
    scales: dict[str, float] = {}
    kept: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        if array.size <= SMALL or array.dtype.kind != "f":
            kept[name] = array
            continue
        scales[name] = float(np.abs(array).max()) / (2 ** (bits - 1) - 1) or 1.0
        kept[name] = np.round(array / scales[name]).astype(np.int8 if bits <= 8 else np.int16)
    header = json.dumps({**texts, "scales": scales, "bits": bits}).encode()
    file = io.BytesIO()
    np.savez(file, header=np.frombuffer(header, np.uint8), **kept)
    return zlib.compress(file.getvalue(), 6)


def _unpacked(name: str, array: NDArray[Any], scales: Mapping[str, float]) -> tuple[str, NDArray[Any]]:
    if name.startswith("zeros "):
        _, dtype, name = name.split(" ", 2)
        return name, np.zeros(tuple(array), dtype)
    return name, (array * np.float32(scales[name])).astype(np.float32) if name in scales else array
