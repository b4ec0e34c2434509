"""Which entry of the cache is the program of which circuit, so that no code is generated to find it.

A circuit is known by the hash of all that its code depends on. The file of that name in the cache says which entry it is,
what its program must be, byte for byte, and of which types the circuit's variables are in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....atomic_files import write_whole
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
    """Return the compiled circuit that depends on this, if it is in the cache, as it was when it was made."""
    if not depends:
        return None
    try:
        said = json_value(_place(depends).read_text())
        folder = cache_folder() / Path(said["entry"]).name
        program = folder / PROGRAM
        if said["program"] != seen(program) or not usable(program):
            return None
        return Known(folder, {key: np.dtype(name) for key, name in said["types"].items()})
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def remember(depends: str, known: Known) -> None:
    """Write down which entry was found or made for a circuit. Where that is not possible, it is looked for again."""
    if not depends:
        return
    with suppress(OSError, RecircuitError):
        types = {key: dtype.name for key, dtype in known.types.items()}
        said = {"entry": known.folder.name, "program": seen(known.folder / PROGRAM), "types": types}
        write_whole(_place(depends), json.dumps(said).encode())


def _place(depends: str) -> Path:
    return cache_folder() / f"{depends}.known"
