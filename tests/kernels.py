"""The kernels of the cache that is in use, for a test that has a cache of its own and need not compile them again."""

from __future__ import annotations

import shutil
from pathlib import Path

from recircuit.circuits.backends.compiled.cache import cache_folder


def copy_kernels(to: Path) -> None:
    """Copy them into the cache in the folder ``to``, without any program of a circuit.

    Other tests, and earlier versions, write to the cache in use as well, so that a link in it may lead nowhere.
    """
    to.mkdir(parents=True)
    there = cache_folder()
    for entry in there.iterdir() if there.is_dir() else ():
        if any(entry.glob("*.o")) and not (entry / "main").exists() and not entry.name.startswith("building-"):
            shutil.copytree(entry, to / entry.name, symlinks=True)
