"""One equation of a neuron that changes what it stores."""

from __future__ import annotations

from dataclasses import dataclass

from brian2.utils.stringtools import get_identifiers

from .schedule import During


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
        """Where a shared variable is, before its mean is taken: what each batch element would make of it."""
        return f"each_{self.variable}"


def noises(expression: str) -> set[str]:
    """The white noises that an expression reads: ``xi``, which each equation has for itself, and ``xi_NAME``."""
    return {n for n in get_identifiers(expression) if n == "xi" or n.startswith("xi_")}
