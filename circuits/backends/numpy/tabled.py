"""Straight lines with tables, and without them while the units of a population differ in what the tables are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .step_tables import NotUniform
from .writing import StraightLines

__all__ = ["Tabled"]


class Tabled:
    """A function of some steps, as it is shorter.

    Parameters
    ----------
    make : function
        Makes the lines, with tables or without.

    Attributes
    ----------
    lines : StraightLines
        The lines that are done; they can be after `prepare`.
    """

    def __init__(self, make: Callable[[bool], StraightLines]) -> None:
        self._make = make
        self.lines = self._first = make(True)
        self._without: StraightLines | None = None

    @property
    def source(self) -> str:
        """The text of the lines."""
        return self.lines.source

    def prepare(self) -> None:
        """Compute anew what does not change within a run."""
        self.lines = self._first
        try:
            self.lines.prepare()
        except NotUniform:
            self._without = self.lines = self._without or self._make(False)
            self.lines.prepare()

    def given(self, calls: list[Any]) -> Callable[[], None]:
        """The function with the calls of a run, in the order in which they occur; those of a loop are one."""
        return lambda: self.lines.run(calls)
