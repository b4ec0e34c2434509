"""Every public name has a docstring in NumPy style, which describes all parameters."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

import recircuit as rc
from recircuit.registries import REGISTRIES
from recircuit.registry import Registry, summary

HEADING = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
#: What people write by habit in place of a section.
OTHER_STYLES = re.compile(
    r"^\s*(Args|Arguments|Returns|Raises|Yields|Attributes|Example|Examples|Note|Notes):\s*$|:param ", re.M
)


def own(method: object) -> bool:
    """Return whether a function is of recircuit, and not of a class of Python's that it inherits from."""
    return inspect.isroutine(method) and (getattr(method, "__module__", None) or "").startswith("recircuit")


def documented(name: str, member: Any) -> Iterator[tuple[str, Callable[..., Any], list[str]]]:
    """Yield a function, or a class with its public methods, each with its own docstring and those that it overrides."""
    yield name, member, [inspect.getdoc(member) or ""]
    if isinstance(member, type):
        for method, found in inspect.getmembers(member, own):
            if not method.startswith("_"):
                bases = [vars(c)[method] for c in member.__mro__ if method in vars(c)]
                yield f"{name}.{method}", found, [inspect.getdoc(getattr(b, "__func__", b)) or "" for b in bases]


def public() -> dict[str, tuple[Callable[..., Any], list[str]]]:
    """Return every function, class and method of the facade, and those that a registry gives to users under a name."""
    members = [(name, getattr(rc, name)) for name in rc.__all__]
    members += [
        (f"{r.kind} {name}", r[name]) for r in REGISTRIES for name in r if getattr(r[name], "__name__", "_")[0] != "_"
    ]
    named = [(name, m) for name, m in members if isinstance(m, type) or inspect.isroutine(m)]
    return {name: (found, docs) for each in named for name, found, docs in documented(*each)}


PUBLIC = public()


def described(doc: str) -> set[str]:
    """Return the names in the section Parameters that have an indented description."""
    parts = HEADING.split(doc)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    items = re.findall(r"^(\S.*)\n    \S", sections.get("Parameters", ""), re.MULTILINE)
    return {name.strip(" *") for item in items for name in item.split(" : ")[0].split(",")}


@pytest.mark.parametrize("name", PUBLIC)
def test_the_docstring_describes_every_parameter(name: str) -> None:
    found, docs = PUBLIC[name]
    try:
        parameters = set(inspect.signature(found).parameters) - {"self", "cls"}
    except ValueError:  # of a class of Python's own
        parameters = set()
    absent = parameters - set().union(*map(described, docs))
    assert not absent, f"{name}: the docstring does not describe {sorted(absent)}."


@pytest.mark.parametrize("name", PUBLIC)
def test_the_docstring_begins_with_a_sentence(name: str) -> None:
    doc = PUBLIC[name][1][0]
    first = doc.split("\n\n")[0].strip()
    assert first.endswith((".", ":", "::")) and first[0] == first[0].upper(), f"{name}: {first!r}"
    assert not OTHER_STYLES.search(doc), name


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.kind)
def test_every_member_of_a_registry_says_what_it_is(registry: Registry[Any]) -> None:
    for name in registry:
        assert summary(registry[name]).endswith("."), f"{registry.kind} {name}"


@pytest.mark.parametrize("module", sorted({inspect.unwrap(found).__module__ for found, _ in PUBLIC.values()}))
def test_examples_in_docstrings_do_what_they_say(module: str) -> None:
    assert doctest.testmod(import_module(module)).failed == 0
