"""One equation of a neuron that changes what it stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from brian2.utils.stringtools import get_identifiers

from ..schedules.schedule import During


@dataclass(frozen=True)
class StateEquation:
    """One stored variable and how it changes; ``shared``: each unit has one value, which is the mean over batch elements."""

    variable: str
    expression: str
    during: During
    differential: bool
    shared: bool = False

    @property
    def of_each(self) -> str:
        """The variable that holds what each batch element would make of a shared variable, before the mean is taken."""
        return f"each_{self.variable}"


def noises(expression: str) -> set[str]:
    """The white noises that an expression reads: ``xi``, which each equation has for itself, and ``xi_NAME``."""
    return {n for n in get_identifiers(expression) if n == "xi" or n.startswith("xi_")}


def remembered(states: Iterable[StateEquation], expressions: Mapping[str, str]) -> set[str]:
    """Return the states whose new value is made of their old one, as that of a count or a running mean.

    A state may read its old value through expressions and through other states that are assigned, as with ``a = b`` and
    ``b = a + 1``. The rate is not among them, and neither are states in continuous time, for which time passes, nor
    shared ones.

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
    """What a name reads, and what that reads, and so on."""
    found: set[str] = set()
    todo = {name}
    while todo:
        todo = set().union(*(reads[n] for n in todo if n in reads)) - found
        found |= todo
    return found
