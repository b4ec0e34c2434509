"""The kernels of the cpp backend. They are the same for all circuits, so each is compiled once and linked where needed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from ....waiting import as_completed
from ..compiled.build import Compilers, Recipe
from ..compiled.cache import built
from ..compiled.sources import SOURCE, copy_sources
from .compiler import compiler, flags, toolchain

OURS = Path(__file__).parent / "source"
#: Options for files without loops that take time: they are optimised less, so that they compile faster.
LESS = {"worker": ("-O1",)}


def kernels(code: Iterable[str], real: str, include: str) -> list[Path]:
    """Return the compiled files that a circuit is linked to, from the cache, or compiled into it now.

    Parameters
    ----------
    code : Iterable[str]
        The circuit's sources, which show the kernels that it calls.
    real : str
        The width of its numbers, ``float`` or ``double``.
    include : str
        The folder of the matrix library's headers.
    """
    called = {name for text in code for name in re.findall(r"recircuit::(\w+)\(", text)}
    needed = sorted({home for name, home in _homes().items() if name in called})
    files = [*([home] for home in needed), ["machine", "worker"]]
    options = [*((f"-DREAL={real}",) for _ in needed), ()]
    with ThreadPoolExecutor() as pool, Compilers() as compilers:
        found = [pool.submit(_objects, *what, include, compilers) for what in zip(files, options, strict=True)]
        for future in as_completed(found):
            future.result()  # the error of the first that fails
        return [file for future in found for file in future.result()]


@cache
def _homes() -> dict[str, str]:
    """Return for each kernel the file that has its instances."""
    files = {file.stem: file.read_text() for file in sorted(OURS.glob("*.cpp"))}
    return {name: home for home, text in files.items() for name in re.findall(r"^template void (\w+)\(", text, re.M)}


def _objects(names: list[str], options: tuple[str, ...], include: str, compilers: Compilers) -> list[Path]:
    made = tuple(f"{name}.o" for name in names)

    def write(folder: Path) -> Recipe:
        copy_sources(folder, SOURCE, OURS)
        call = (*compiler(), "-c", *flags(), *options, "-I", include)
        return Recipe(tuple((*call, *LESS.get(name, ()), f"{name}.cpp", "-o", f"{name}.o") for name in names), made)

    home = built("cpp", write, toolchain(), compilers)
    return [home / name for name in made]
