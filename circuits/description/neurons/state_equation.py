"""An equation of a neuron that changes a stored variable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from brian2.utils.stringtools import get_identifiers

from ..schedules.during import During


@dataclass(frozen=True)
class StateEquation:
    """A stored variable and its equation; if it is ``shared``, each unit has one value, the mean over batch elements."""

    variable: str
    expression: str
    during: During
    differential: bool
    shared: bool = False

    @property
    def of_each(self) -> str:
        """The variable that holds the new value of a shared variable in each batch element, before the mean is taken."""
        return f"each_{self.variable}"


def noises(expression: str) -> set[str]:
    """Return the white noises that an expression reads: ``xi``, which each equation has for itself, and ``xi_NAME``."""
    return {n for n in get_identifiers(expression) if n == "xi" or n.startswith("xi_")}


def remembered(states: Iterable[StateEquation], expressions: Mapping[str, str]) -> set[str]:
    """Return the states whose new value depends on the old one, such as a count or a running mean.

    A state may read its old value through expressions and through other states that are assigned, as with ``a = b`` and
    ``b = a + 1``. The rate, states in continuous time and shared states are not among them.

    Parameters
    ----------
    states : iterable of StateEquation
        The equations of all states of a neuron.
    expressions : mapping of str to str
        The neuron's expressions, which are computed where they are read.
    """
    assigned = {s.variable: s.expression for s in states if not (s.differential or s.shared or s.variable == "rate")}
    reads = {name: get_identifiers(text) for name, text in {**expressions, **assigned}.items()}
    return {name for name in assigned if name in _reached(name, reads)}


def _reached(name: str, reads: Mapping[str, set[str]]) -> set[str]:
    """Return all names that a name reads, directly or through others."""
    found: set[str] = set()
    todo = {name}
    while todo:
        todo = set().union(*(reads[n] for n in todo if n in reads)) - found
        found |= todo
    return found
