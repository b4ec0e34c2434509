"""Deleting Brian2's objects. Brian2 warns of one that was never in a network.

It looks up a preference for each object that is deleted, also where there is nothing to warn of. A Ctrl-C that comes meanwhile
is lost, since Python ignores exceptions in ``__del__``. So the preference is looked up only if an object was in no network.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from brian2.core.base import BrianObject

__all__ = ["never_warn_of"]

_warn: Callable[[Any], None] = BrianObject.__del__


def _deleted(self: Any) -> None:
    if getattr(self, "_network", "") is None:
        _warn(self)


def never_warn_of(clock: Any) -> None:
    """Let no object with this clock be warned of: what uses it is given up.

    Parameters
    ----------
    clock : Clock
        The clock of a circuit that could not be made.
    """
    for one in gc.get_objects():
        if issubclass(type(one), BrianObject) and one.__dict__.get("_clock") is clock:
            one._network = "given up"


BrianObject.__del__ = _deleted
