"""Options of layers that many networks have: the synapses between two layers, and the time that a layer settles."""

from __future__ import annotations

import math

from brian2.units import Quantity

from ...circuits import Connectivity, Dense, Masked

__all__ = ["settling_steps", "with_probability"]


def with_probability(probability: float) -> Connectivity:
    """Return the connectivity in which each synapse exists with a probability; at 1 all of them do, and none is drawn."""
    return Dense() if probability == 1 else Masked(probability)


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
    return 1 if abs(ratio - 1) < 1e-9 else max(1, math.ceil(settling * ratio))
