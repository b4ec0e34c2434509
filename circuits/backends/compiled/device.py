"""Additions to a Brian2 device, by which it writes programs that are kept in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from brian2.core.variables import Subexpression
from brian2.devices.device import reset_device, set_device

#: The most characters in a name of generated code. Files are named after it, and file systems take 255 with the ending.
LONGEST = 100


def bounded(name: str) -> str:
    """Return a name that a file may have. A long name is cut, and a hash of all of it is added."""
    if len(name) <= LONGEST:
        return name
    star = "*" if name.endswith("*") else ""  # Brian2 puts a number in its place
    return f"{name[: LONGEST - 18].rstrip('_')}_{hashlib.sha256(name.encode()).hexdigest()[:16]}{star}"


class _Sorted(frozenset[str]):
    """A set whose iteration is in sorted order."""

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(super().__iter__()))


class KeptDevice:
    """A mixin for standalone devices, one for each circuit."""

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Make this Brian2's device for a while."""
        set_device(self, build_on_run=False)
        try:
            yield
        finally:
            reset_device()

    def code_object(
        self, owner: Any, name: str, abstract_code: Any, variables: Mapping[str, Any], *given: Any, **options: Any
    ) -> Any:
        """Sort the variables, which Brian2 gives in the order of a set, so that a circuit always gives the same sources."""
        name = bounded(name)
        ordered = dict(sorted(variables.items()))
        for variable in ordered.values():
            if isinstance(variable, Subexpression):
                variable.identifiers = _Sorted(variable.identifiers)
        return super().code_object(owner, name, abstract_code, ordered, *given, **options)  # type: ignore[misc]
