"""Straight lines with tables; without tables while units of a population differ in the parameters that tables depend on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .step_tables import NotUniform
from .writing import StraightLines

__all__ = ["Tabled"]


class Tabled:
    """A function of some steps, with tables wherever they hold for all units.

    Parameters
    ----------
    make : function
        A function that returns the lines, with tables or without.

    Attributes
    ----------
    lines : StraightLines
        The lines in use; they can be called after `prepare`.
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
        """Compute values that stay the same within a run again."""
        self.lines = self._first
        try:
            self.lines.prepare()
        except NotUniform:
            self._without = self.lines = self._without or self._make(False)
            self.lines.prepare()

    def given(self, calls: list[Any]) -> Callable[[], None]:
        """Return the function with the calls of a run, in the order in which they occur; a loop's calls are one item."""
        return lambda: self.lines.run(calls)
