"""The presentation loop and the worker. They are the same for all circuits, so they are compiled once and linked to each."""

from __future__ import annotations

from pathlib import Path

from ..compiled.build import Compilers, Recipe
from ..compiled.cache import built
from ..compiled.sources import SOURCE, copy_sources
from .toolchain import toolchain
from .toolkit import FLAGS, Toolkit

OURS = Path(__file__).parent / "source"
FILES = ("machine.cu", "worker.cpp")
OBJECTS = tuple(f"{Path(file).stem}.o" for file in FILES)


def compiled_loop(toolkit: Toolkit, architecture: tuple[str, ...]) -> Path:
    """Return the folder of the files that are linked to every circuit: from the cache, or compiled into it now."""
    recipe = recipe_of_loop(toolkit, architecture)

    def write(folder: Path) -> Recipe:
        copy_sources(folder, SOURCE, OURS)
        toolkit.link_into(folder)
        return recipe

    with Compilers() as compilers:
        return built("cuda", write, toolchain(toolkit, architecture), compilers)


def recipe_of_loop(toolkit: Toolkit, architecture: tuple[str, ...]) -> Recipe:
    """Return how the loop is compiled, in a folder with its sources and the links to cuBLAS."""
    call = compiles(toolkit, architecture)
    return Recipe(tuple((*call, a, "-o", b) for a, b in zip(FILES, OBJECTS)), OBJECTS)


def compiles(toolkit: Toolkit, architecture: tuple[str, ...], *options: str) -> tuple[str, ...]:
    """Return the call that compiles a file: C++17 without relocatable device code, since no file needs another's."""
    return (str(toolkit.nvcc), *architecture, "-I.", *options, *toolkit.include_options, *FLAGS, "-c")
