"""The kinds of kernel that only the reference form has: the computations of Brian2's own Synapses, as data."""

from __future__ import annotations

from dataclasses import dataclass

from ..kernels import Kernel


@dataclass(frozen=True)
class Summed(Kernel):
    """The kernel of a variable of units that is the sum over their synapses of an expression of both units and ``w``.

    Parameters
    ----------
    synapses : str
        The projection or broadcast whose synapses these are.
    variable : str
        The variable of the unit that sums.
    expression : str
        The expression that each synapse adds, in NAME_pre, NAME_post and ``w``.
    side : str
        Which of the two units of a synapse sums, ``"post"`` or ``"pre"``.
    """

    synapses: str
    variable: str
    expression: str
    side: str = "post"


@dataclass(frozen=True)
class PerSynapse(Kernel):
    """Code for every synapse of a projection.

    Parameters
    ----------
    weights : tuple of str
        The names, in the code, of arrays or parameters of the weights, which several synapses share.
    """

    projection: str
    code: str
    weights: tuple[str, ...] = ()


@dataclass(frozen=True)
class PerWeight(Kernel):
    """Code for every weight that synapses of a projection share; with ``once``, code for its single values."""

    projection: str
    code: str
    once: bool = False
