"""The phases in which something is open, as a user names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....errors import RecircuitError

__all__ = ["During", "checked_phase_name"]


@dataclass(frozen=True)
class During:
    """The phases in which a pathway, an equation or a rule is open.

    Parameters
    ----------
    phases : tuple of str
        The names of the phases; no names stand for every step.
    strict : bool
        Whether the user named the phases, so that each of them must exist. Otherwise they are the usual phases of a
        role; in a circuit that has none of these phases, the pathway is always open.
    last : bool
        Whether it is open only in the last step of each phase.
    """

    phases: tuple[str, ...] = ()
    strict: bool = False
    last: bool = False

    @classmethod
    def of(cls, names: str | Sequence[str] | None, default: str = "") -> During:
        """Read what a user wrote: a name, ``"a and b"``, a list or set, or None for the usual phase of the role.

        Raises
        ------
        RecircuitError
            If it is something else, or names no phase.
        """
        if names is None:
            return cls((default,) if default else ())
        if isinstance(names, set | frozenset) and all(isinstance(n, str) for n in names):
            names = sorted(names)  # in the same order in each process
        many = isinstance(names, list | tuple) or (isinstance(names, np.ndarray) and names.ndim == 1)
        listed = many and all(isinstance(n, str) for n in names)
        if not isinstance(names, str) and not listed:
            raise RecircuitError(f"phases: expected a name such as 'feedforward', 'a and b', or a list; got {names!r}.")
        words = names.replace(",", " and ").split(" and ") if isinstance(names, str) else list(names)
        if not (phases := tuple(dict.fromkeys(w.strip() for w in words if w.strip()))):
            raise RecircuitError(
                f"phases: expected the names of phases; got {names!r}, which names none. Leave it out for the usual phases."
            )
        return cls(phases, strict=True)

    def __str__(self) -> str:
        return " and ".join(self.phases) or "always"


def checked_phase_name(name: object) -> str:
    """Return the name of a phase; refuse one by which `During.of` would not find the phase.

    Raises
    ------
    RecircuitError
        If it is not a text, is empty, or reads as the names of several phases.
    """
    if not isinstance(name, str):
        raise RecircuitError(f"phases: expected the name of a phase, got {name!r}.")
    if not name or name != name.strip() or "," in name or " and " in name:
        raise RecircuitError(
            f"phases: {name!r} cannot be the name of a phase, since 'a and b' are two phases. Choose a word such as 'error'."
        )
    return name
