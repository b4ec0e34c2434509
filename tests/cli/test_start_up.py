"""What the start imports: help and version need no Brian2, and a public name is imported when it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import recircuit
from recircuit.cli.on_demand import COMMANDS

HEAVY = ("brian2", "matplotlib", "scipy", "scipy.linalg", "sklearn", "sympy", "numpy")


def imported_by(code: str) -> set[str]:
    """Return what of `HEAVY` is loaded after this code in a new process."""
    ask = f"{code}\nimport sys; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("option", ["--help", "--version", "nosuch"])
def test_help_version_and_typos_import_nothing_heavy(option: str) -> None:
    code = f"from recircuit.cli import main\ntry: main([{option!r}])\nexcept SystemExit: pass"
    assert imported_by(code) == set()


def test_the_package_imports_nothing_heavy_until_a_name_is_used() -> None:
    assert imported_by("import recircuit; dir(recircuit)") == set()
    found = imported_by("from recircuit import Circuit")
    assert "brian2" in found and not {"scipy.linalg", "sklearn"} & found
    assert "brian2" in imported_by("import recircuit; recircuit.circuits.Circuit")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_a_function_of_its_module(name: str) -> None:
    function = getattr(import_module(f"recircuit.cli.{name}"), name)
    assert function.__doc__
    assert COMMANDS[name][0].isupper() and COMMANDS[name].endswith(".")


def test_public_names_are_those_that_type_checkers_see() -> None:
    tree = ast.parse(Path(str(recircuit.__file__)).read_text(encoding="utf-8"))
    (seen,) = (node for node in tree.body if isinstance(node, ast.If))
    imported = {
        alias.name: node.module for node in seen.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert sorted(recircuit.__all__) == sorted(imported)
    for name, module in imported.items():
        assert getattr(recircuit, name) is getattr(import_module(str(module)), name)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nosuch'"):
        _ = recircuit.nosuch
