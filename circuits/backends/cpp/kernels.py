"""The kernels of the cpp backend: the same for all circuits, so compiled once, and linked to every circuit that calls them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from ..compiled.cache import built
from ..compiled.sources import SOURCE, copy_sources
from .compiler import FLAGS, compiler, toolchain

OURS = Path(__file__).parent / "source"
ARCHIVE = "kernels.a"


def archives(code: Iterable[str], real: str, include: str) -> list[Path]:
    """The compiled files that a circuit is linked to, from the cache, or compiled into it now.

    Parameters
    ----------
    code : the circuit's sources, by which it is known what it calls
    real : the width of its numbers, ``float`` or ``double``
    include : where the matrix library's headers are
    """
    called = {name for text in code for name in re.findall(r"recircuit::(\w+)\(", text)}
    needed = sorted({home for name, home in _homes().items() if name in called})
    files = [*([home] for home in needed), ["machine", "worker"]]
    widths = [*(f"-DREAL={real}" for _ in needed), ""]
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda names, width: _archive(names, width, include), files, widths))


@cache
def _homes() -> dict[str, str]:
    """Which file has the instances of a kernel."""
    files = {file.stem: file.read_text() for file in sorted(OURS.glob("*.cpp"))}
    return {name: home for home, text in files.items() for name in re.findall(r"^template void (\w+)\(", text, re.M)}


def _archive(names: list[str], width: str, include: str) -> Path:
    def write(folder: Path) -> None:
        copy_sources(folder, SOURCE, OURS)
        objects = " ".join(f"{name}.o" for name in names)
        flags = " ".join([*FLAGS, width])
        (folder / "makefile").write_text(
            f"{ARCHIVE}: {objects}\n\tar rcs $@ {objects}\n\n"
            f'%.o: %.cpp\n\t{compiler()} -c {flags} -I"{include}" $< -o $@\n'
        )

    return built("cpp", write, toolchain(), ARCHIVE) / ARCHIVE
