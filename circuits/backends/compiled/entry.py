"""A list of the programs of a cache entry with their sizes and hashes. It shows that the entry is complete."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from ....atomic_files import read_file
from ....foreign_text import json_value
from .build import Recipe

RECORD = "entry.json"


def record(folder: Path, recipe: Recipe) -> None:
    """Write the list of the files that were made."""
    (folder / RECORD).write_text(json.dumps({name: seen(folder / name) for name in recipe.makes}))


def is_whole(folder: Path, recipe: Recipe) -> bool:
    """Say whether an entry has all its files, unchanged since they were made."""
    try:
        made = json_value(read_file(folder / RECORD))
        return all(made[name] == seen(folder / name) and usable(folder / name) for name in recipe.makes)
    except (OSError, ValueError, LookupError, TypeError):
        return False


def seen(file: Path) -> list[int | str]:
    """Return the size of a file, and a hash of what is in it."""
    content = read_file(file)
    return [len(content), hashlib.sha256(content).hexdigest()]


def usable(file: Path) -> bool:
    """Say whether a file may be used: whether a program may be run, and another file may be read."""
    return file.suffix == ".o" or os.access(file, os.X_OK)
