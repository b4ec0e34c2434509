"""The arrows between folders: which may import from which, no cycles, and nothing private of another folder; and sizes.

The imports are read from the files, those for type checkers and those inside functions too.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: Import name -> folder, as they are installed.
FOLDERS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-dir"]

EXPERIMENTS = "recircuit.models.experiments"
#: From the lowest to the highest. A module imports from its own folder and from lower layers; folders of one layer do not
#: import from each other. A name stands for a module, or for a folder with all that is in it and is not named itself.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("recircuit.errors",),
    (
        "recircuit.annotations",
        "recircuit.uncaught",
        "recircuit.brian_import",
        "recircuit.brian_logs",
        "recircuit.brian_objects",
        "recircuit.atomic_files",
        "recircuit.paths",
        "recircuit.processes",
        "recircuit.processor",
        "recircuit.registry",
        "recircuit.terminal",
        "recircuit.waiting",
        "recircuit.foreign_text",
        "recircuit.tables",
        "recircuit.optional",
        "recircuit.other_libraries",
    ),
    ("recircuit.folder_lock", "recircuit.arguments", "recircuit.callables", "recircuit.json_models"),
    ("recircuit.plasticity",),
    ("recircuit.circuits.connectivity",),
    ("recircuit.circuits.description",),
    ("recircuit.circuits.lowering",),
    ("recircuit.circuits.library",),
    ("recircuit.circuits.backends",),
    ("recircuit.circuits.inspection",),
    ("recircuit.circuits.inputs", "recircuit.circuits.saving", "recircuit.circuits.state"),
    ("recircuit.circuits.running",),
    ("recircuit.circuits.answers",),
    ("recircuit.circuits.methods",),
    ("recircuit.circuits.circuit",),
    ("recircuit.circuits",),
    ("recircuit.models.data", "recircuit.models.networks"),
    ("recircuit.models.analysis",),
    ("recircuit.models.training",),
    ("recircuit.models.runs",),
    (f"{EXPERIMENTS}.framework",),
    (f"{EXPERIMENTS}.theory",),
    tuple(f"{EXPERIMENTS}.{paper}" for paper in ("amit2019", "baldi2018", "cameron", "lansdell2020", "lillicrap2016")),
    (EXPERIMENTS,),
    ("recircuit.models.sweeps",),
    ("recircuit.models",),
    ("recircuit.report",),
    ("recircuit.registries",),
    ("recircuit.testing",),
    ("recircuit",),
    ("recircuit.cli",),
)
HEIGHT = {place: height for height, places in enumerate(LAYERS) for place in places}


@dataclass(frozen=True)
class Import:
    """What a line of a module imports: ``name`` of the module ``target``; empty: the module itself."""

    module: str
    line: int
    target: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.module}, line {self.line}: {self.target}{f', {self.name}' if self.name else ''}"


@cache
def modules() -> dict[str, Path]:
    """Return every module of the project, by import name."""
    found: dict[str, Path] = {}
    for name, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join((name, *parts)).removesuffix(".__init__")] = path
    return found


def package(module: str) -> str:
    """Return the package that a module is in; a package is in itself."""
    return module if modules()[module].name == "__init__.py" else module.rpartition(".")[0]


def imports(module: str) -> Iterator[Import]:
    """Yield all imports from the project."""
    for node in ast.walk(ast.parse(modules()[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "recircuit":
                    yield Import(module, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            yield from _from(module, node)


def _from(module: str, node: ast.ImportFrom) -> Iterator[Import]:
    base = package(module).split(".")
    above = base[: len(base) - node.level + 1] if node.level else []
    source = ".".join([*above, *([node.module] if node.module else [])])
    if source.split(".")[0] == "recircuit":
        for alias in node.names:
            whole = f"{source}.{alias.name}"
            yield (
                Import(module, node.lineno, whole)
                if whole in modules()
                else Import(module, node.lineno, source, alias.name)
            )


@cache
def all_imports() -> tuple[Import, ...]:
    """Return the imports of all modules."""
    return tuple(found for module in modules() for found in imports(module))


def place(module: str) -> str:
    """Return the entry of the table that a module belongs to: the longest that begins its name."""
    parts = module.split(".")
    names = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next(name for name in names if name in HEIGHT)


def height(module: str) -> int:
    """Return the layer of a module."""
    return HEIGHT[place(module)]


def test_every_name_of_the_table_is_a_module() -> None:
    assert set(HEIGHT) <= set(modules())


def test_a_module_imports_from_lower_layers_and_its_own_folder() -> None:
    wrong = [
        str(found)
        for found in all_imports()
        if place(found.module) != place(found.target) and height(found.module) <= height(found.target)
    ]
    assert wrong == []


@pytest.mark.parametrize("within", FOLDERS)
def test_imports_have_no_cycle(within: str) -> None:
    """There is none among the modules of a package, and those of ``recircuit`` are all modules."""
    graph: dict[str, set[str]] = {}
    for found in all_imports():
        if found.module != found.target and all(m.startswith(within) for m in (found.module, found.target)):
            graph.setdefault(found.module, set()).add(found.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        pytest.fail(f"modules that import each other: {' <- '.join(cycle.args[1])}")


def test_nothing_private_is_imported_from_another_folder() -> None:
    wrong = [
        str(found)
        for found in all_imports()
        if package(found.module) != package(found.target)
        and any(part.startswith("_") and not part.startswith("__") for part in (*found.target.split("."), found.name))
    ]
    assert wrong == []


# --- sizes ------------------------------------------------------------------------------------------------------------


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method in a file, also those inside of others."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function's body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_files_have_at_most_300_lines() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules().values()
    }
    assert {name: size for name, size in sizes.items() if size > 300} == {}


def test_examples_have_at_most_150_lines() -> None:
    sizes = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "examples").glob("*.py")}
    assert sizes and {name: size for name, size in sizes.items() if size > 150} == {}


@pytest.mark.parametrize("folder", FOLDERS.values())
def test_functions_are_short(folder: str) -> None:
    """They have at most 8 lines in the median and 30 at the 90th percentile, in each of the folders."""
    sizes = sorted(lines(f) for path in modules().values() if (ROOT / folder) in path.parents for f in functions(path))
    assert sizes[len(sizes) // 2] <= 8
    assert sizes[len(sizes) * 9 // 10] <= 30


def test_the_interpreter_shows_how_small_a_backend_is() -> None:
    """It has all kinds of kernel, noise, series and the loop around them in 250 lines that are not blank."""
    files = (ROOT / "circuits" / "backends" / "interpreter").glob("*.py")
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 250


def test_no_public_function_takes_more_than_ten_parameters() -> None:
    """This includes constructors, except those of dataclasses, which are records.

    Not counted are the commands of the command line, whose parameters are its options, and the estimators, of which
    scikit-learn asks that each setting is a parameter of the constructor.
    """
    wrong = []
    for module, path in modules().items():
        if place(module) == "recircuit.cli" or module.startswith("recircuit.sklearn."):
            continue
        for node in functions(path):
            if node.name == "__init__" or not node.name.startswith("_"):
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                if len([one for one in given if one.arg not in ("self", "cls")]) > 10:
                    wrong.append(f"{module}.{node.name}")
    assert not wrong
