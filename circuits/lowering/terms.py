"""The base class of kernels: the expressions of one unit that they read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Self


@dataclass(frozen=True)
class Term:
    """An expression of the variables of one unit, which another kernel reads as a factor or a signal.

    Parameters
    ----------
    population : str
        The population of the unit.
    expression : str
        The expression, in the names of that population.
    scalars : tuple of str
        Parameters of a rule that it also reads; they belong to the projection ``of``.
    variable : str
        The stored variable that holds its value; empty until the pass ``factors`` has found or made one.
    """

    population: str
    expression: str
    scalars: tuple[str, ...] = ()
    of: str = ""
    variable: str = ""

    @property
    def key(self) -> str:
        """The key of the variable that stores its value, such as ``"h.rate"``."""
        return f"{self.population}.{self.variable}"


@dataclass(frozen=True)
class Kernel:
    """The base class of kernels, with the terms that they read."""

    def terms(self) -> list[Term]:
        """Return all terms, in the order of the fields."""
        return [value for f in fields(self) if isinstance(value := getattr(self, f.name), Term)]

    def with_terms(self, change: Callable[[Term], Term]) -> Self:
        """Return a copy with every term changed."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{name: change(value) for name, value in found.items() if isinstance(value, Term)})
