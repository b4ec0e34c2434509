"""The gallery: each example as a module."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Protocol

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class Example(Protocol):
    """What the fixture `example` gives."""

    def __call__(self, name: str) -> ModuleType: ...


@pytest.fixture(scope="session")
def example() -> Example:
    """Load an example by its name."""

    def loaded(name: str) -> ModuleType:
        found = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        assert found is not None and found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module

    return loaded
