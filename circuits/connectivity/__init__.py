"""Connectivities say which units a projection connects, and which synapses share a weight. Each has a file."""

from __future__ import annotations

from ...registry import Registry, a_subclass_of
from .base import Connectivity, Matrix, Shape, Synapses
from .blocks import Blocks
from .convolution import Convolution
from .dense import Dense
from .given import Given, NoAutapses
from .local import Local
from .masked import Masked
from .one_to_one import OneToOne
from .pooling import MaxPool

__all__ = [
    "CONNECTIVITIES",
    "Blocks",
    "Connectivity",
    "Convolution",
    "Dense",
    "Given",
    "Local",
    "Masked",
    "Matrix",
    "MaxPool",
    "NoAutapses",
    "OneToOne",
    "Shape",
    "Synapses",
]

CONNECTIVITIES: Registry[type[Connectivity]] = Registry(
    "connectivity",
    {kind.__name__: kind for kind in (Dense, Masked, Given, NoAutapses, Blocks, OneToOne, Local, Convolution, MaxPool)},
    group="recircuit.connectivities",
    check=a_subclass_of(Connectivity),
)
"""The connectivities by the name of their class."""
