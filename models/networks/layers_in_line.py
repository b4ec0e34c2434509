"""Layers of units one above the other, and the teacher of the last one, as several networks begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...circuits import Circuit, Neuron, OneToOne, Population

__all__ = ["add_layers", "add_teacher"]


def add_layers(
    net: Circuit, sizes: Sequence[int], hidden: Neuron, output: Neuron, *stimulus: Neuron, clamps: str = "rate"
) -> list[Population]:
    """Add the stimulus ``x``, the hidden layers ``h1``, ``h2``, ... and the output ``o``, and return them in this order.

    Parameters
    ----------
    net : Circuit
        The circuit.
    sizes : Sequence[int]
        The numbers of units of the layers, stimulus first.
    hidden, output : Neuron
        The units of the hidden layers and of the output.
    *stimulus : Neuron
        The units of the stimulus, if they have more than a rate.
    clamps : str
        The variable of the stimulus that is clamped to the sample.
    """
    layers = [net.stimulus("x", sizes[0], *stimulus, clamps=clamps)]
    layers += [net.population(f"h{k}", size, hidden) for k, size in enumerate(sizes[1:-1], 1)]
    return [*layers, net.population("o", sizes[-1], output)]


def add_teacher(net: Circuit, output: Population, into: str, **during: Any) -> Population:
    """Add the supervisor ``s``, which sends 1 for the class that is presented and 0 for others, and return it.

    Parameters
    ----------
    net : Circuit
        The circuit.
    output : Population
        The output, of which each unit receives its target.
    into : str
        The compartment that receives it.
    **during : Any
        ``during``, the phases in which the supervisor presents and sends.
    """
    s = net.supervisor("s", output.size, on=1, off=0, **during)
    net.connect(s, output, into=into, weights=1.0, connectivity=OneToOne(), **during)
    return s
