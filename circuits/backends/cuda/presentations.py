"""How a presentation is launched: as a graph of launches, or with stretches of it as one launch, which walks through them."""

from __future__ import annotations

import os

from ....errors import RecircuitError
from ...lowering.lowered import Lowered
from ...lowering.memory import Need

__all__ = ["walks"]

#: The environment variable that chooses, and its values.
VARIABLE, WAYS = "RECIRCUIT_CUDA_PRESENTATION", ("auto", "graph", "persistent")
#: Bytes of the largest circuit that is walked through with "auto": what the second-level cache of a large GPU holds besides
#: the rows. This is an estimate, which the check on a GPU is to replace by a measurement.
LARGEST = 32 << 20


def walks(lowered: Lowered) -> bool:
    """Return whether a circuit's program has a kernel that walks through several steps of a presentation.

    Raises
    ------
    RecircuitError
        If the environment variable has another value.
    """
    way = os.environ.get(VARIABLE, "auto")
    if way not in WAYS:
        raise RecircuitError(
            f"{VARIABLE}: expected one of {', '.join(WAYS)}; got {way!r}. Set one of these, or unset it."
        )
    return way == "persistent" or (
        way == "auto" and Need.of(lowered.network, lowered.variables.values()).total <= LARGEST
    )
