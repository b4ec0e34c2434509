"""The cache entry that holds the program of a circuit, found without generating code.

A circuit is identified by the hash of everything that its code depends on. The file of that name in the cache says which
entry it is, what its program must be, byte for byte, and which types the circuit's variables have in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....atomic_files import read_file, write_whole
from ....errors import RecircuitError
from ....foreign_text import json_value
from .cache import cache_folder
from .entry import seen, usable

PROGRAM = "main"


@dataclass(frozen=True)
class Known:
    """A compiled circuit: the folder of its program, and the types of its variables by name."""

    folder: Path
    types: Mapping[str, np.dtype]


def find(depends: str) -> Known | None:
    """Return the compiled circuit with this hash, if it is in the cache, unchanged since it was made."""
    if not depends:
        return None
    try:
        said = json_value(read_file(_place(depends)))
        folder = cache_folder() / Path(said["entry"]).name
        program = folder / PROGRAM
        if said["program"] != seen(program) or not usable(program):
            return None
        return Known(folder, {key: np.dtype(name) for key, name in said["types"].items()})
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def remember(depends: str, known: Known) -> None:
    """Write down which entry was found or made for a circuit. If that fails, the entry is looked for again next time."""
    if not depends:
        return
    with suppress(OSError, RecircuitError):
        types = {key: dtype.name for key, dtype in known.types.items()}
        said = {"entry": known.folder.name, "program": seen(known.folder / PROGRAM), "types": types}
        write_whole(_place(depends), json.dumps(said).encode())


def _place(depends: str) -> Path:
    return cache_folder() / f"{depends}.known"
