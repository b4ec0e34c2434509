"""The choice of how a presentation is launched: as a graph of launches, or as few launches that walk through several steps."""

from __future__ import annotations

import os

from ....errors import RecircuitError

__all__ = ["walks"]

#: The environment variable for this choice, and its values; "auto" takes a graph until both have been measured on a GPU.
VARIABLE, WAYS = "RECIRCUIT_CUDA_PRESENTATION", ("auto", "graph", "persistent")


def walks() -> bool:
    """Return whether a circuit's program has a kernel that walks through several steps of a presentation.

    Raises
    ------
    RecircuitError
        If the environment variable has another value.
    """
    chosen = os.environ.get(VARIABLE, "auto")
    if chosen not in WAYS:
        raise RecircuitError(
            f"{VARIABLE}: expected one of {', '.join(WAYS)}; got {chosen!r}. Set one of these, or unset it."
        )
    return chosen == "persistent"
