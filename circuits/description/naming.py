"""Names and sizes of the parts of a circuit."""

from __future__ import annotations

from collections.abc import Collection
from keyword import iskeyword
from typing import Any

import numpy as np

from ...errors import RecircuitError
from ...plasticity.names import split_side
from ...plasticity.reserved import why_reserved

__all__ = ["check_name", "checked_mode", "checked_size"]


def check_name(name: Any, used: Collection[str]) -> None:
    """Refuse what cannot be the name of a population, projection or broadcast.

    Raises RecircuitError: with what is wrong with it.
    """
    if isinstance(name, str) and not name.isascii():
        raise RecircuitError(f"circuit: {name!a} cannot be a name: {why_reserved(name)}.")
    if not isinstance(name, str) or not name.isidentifier() or iskeyword(name) or name.startswith("_"):
        raise RecircuitError(f"circuit: a name is a word such as 'hidden'; got {name!r}.")
    if split_side(f"x_{name}"):
        raise RecircuitError(
            f"circuit: {name!r} cannot be a name, since rules read NAME_pre and NAME_post; choose another."
        )
    if name in used:
        raise RecircuitError(f"circuit: the name {name!r} is used already; there are {sorted(used)}.")


def checked_mode(mode: Any) -> str:
    """The name of a mode; the unnamed one is "".

    Raises RecircuitError: it is no name.
    """
    if not isinstance(mode, str) or (mode and not mode.isidentifier()):
        raise RecircuitError(f"phases: a mode is a word such as 'sleep'; got {mode!r}.")
    return mode


def checked_size(name: str, size: Any) -> int:
    """How many units there are.

    Raises RecircuitError: it is no whole number above 0.
    """
    if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
        raise RecircuitError(f"population {name!r}: the size is a whole number, at least 1; got {size!r}.")
    return int(size)
