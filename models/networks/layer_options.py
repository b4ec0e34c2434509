"""Options of layers that many networks have: the synapses between two layers, and the time that a layer settles."""

from __future__ import annotations

import math
from collections.abc import Sequence

from brian2.units import Quantity

from ...circuits import Connectivity, Dense, Masked
from ...errors import UsageError

__all__ = ["settling_steps", "three_or_more", "with_probability"]


def with_probability(probability: float) -> Connectivity:
    """Return the connectivity in which each synapse exists with a probability; at 1 all of them do, and none is drawn."""
    return Dense() if probability == 1 else Masked(probability)


def three_or_more(sizes: Sequence[int], network: str) -> None:
    """Check that a network has a hidden layer.

    Raises
    ------
    UsageError
        If there are fewer than three sizes.
    """
    if len(sizes) < 3:
        raise UsageError(f"{network}: expected three sizes or more, stimulus first; got {list(sizes)}.")


def settling_steps(tau: Quantity | None, dt: Quantity, settling: float) -> int:
    """Return the number of steps that a layer needs, which is one in step-by-step mode.

    Parameters
    ----------
    tau : Quantity or None
        The time constant of the rates; None stands for ``dt``.
    dt : Quantity
        The time step.
    settling : float
        With tau above dt, the time of a layer in units of tau.
    """
    ratio = 1.0 if tau is None else float(tau / dt)
    if not math.isfinite(settling * ratio):
        raise UsageError(f"tau and settling are finite, so that layers settle; got tau={tau} and settling={settling}.")
    return 1 if abs(ratio - 1) < 1e-9 else max(1, math.ceil(settling * ratio))
