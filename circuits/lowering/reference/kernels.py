"""What Brian2's own Synapses compute, as data: the kinds of kernel that only the reference form has."""

from __future__ import annotations

from dataclasses import dataclass

from ..kernels import Kernel


@dataclass(frozen=True)
class Summed(Kernel):
    """A variable of the post unit is the sum over its synapses of an expression in NAME_pre, NAME_post and ``w``.

    Parameters
    ----------
    synapses : the projection or broadcast whose synapses these are
    variable : of the post unit
    expression : what each synapse adds
    """

    synapses: str
    variable: str
    expression: str


@dataclass(frozen=True)
class PerSynapse(Kernel):
    """Code for every synapse of a projection.

    Parameters
    ----------
    weights : names in the code that are arrays or parameters of the projection's weights, which synapses share
    """

    projection: str
    code: str
    weights: tuple[str, ...] = ()


@dataclass(frozen=True)
class PerWeight(Kernel):
    """Code for every weight of a projection, where several synapses have one; ``once``: for its single values."""

    projection: str
    code: str
    once: bool = False
