"""Descriptions of a circuit as text, part by part, for people to read and for comparing two circuits.

There are two such descriptions. `described` contains everything that was declared, except the initial values of weights and
units; a training run is resumed only by a circuit with the same description. `fingerprint` leaves out the numbers that are in
memory and not in the code; circuits with the same fingerprint can share a program.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
from brian2.units import Quantity

from .network import Network
from .neurons.neuron import Neuron
from .populations.population import Population
from .projections.projection import Projection, Transposed

__all__ = ["described", "fingerprint"]


def described(network: Network) -> dict[str, str]:
    """Return a description of each part of a circuit, such as ``"population h1"``, with all parameters."""
    return _parts(network, numbers=True)


def fingerprint(network: Network) -> dict[str, str]:
    """Return, for each part of a circuit, a description of what its code depends on."""
    return _parts(network, numbers=False) | {"optimise": str(network.optimise)}


def _parts(network: Network, *, numbers: bool) -> dict[str, str]:
    found = {
        f"population {p.name}": f"{p.size} units: {_neuron(p.neuron, numbers)}, {p.clamp}, {_spread(p, numbers)}"
        for p in network.populations.values()
    }
    found |= {f"projection {p.name}": _projection(p, numbers) for p in network.projections.values()}
    found |= {
        f"broadcast {n}": f"from {sent.source.name}, {sent.during!r}" + ", zero when closed" * (sent.closed == "zero")
        for n, sent in network.broadcasts.items()
    }
    found |= {f"phases{mode and f' of the mode {mode}'}": str(schedule) for mode, schedule in network.modes.items()}
    return found | {
        "precision": network.dtype.name,
        "batch_size": str(network.batch_size),
        "dt": str(network.dt),
        "lowering": network.lowering,
        "matmul": network.matmul,
    }


def _neuron(neuron: Neuron, numbers: bool) -> str:
    """Return the equations, always with the time constants, since one that equals dt makes an equation an assignment."""
    return f"{neuron.text}\n{neuron.method}, {_values(neuron.parameters, numbers)}"


def _spread(population: Population, numbers: bool) -> list[str]:
    """Return the names of the parameters of which each unit has its own value; with their ``numbers``, a hash of these too."""
    names = sorted(population.spread)
    if not numbers:
        return names
    return [f"{name} {sha256(population.spread[name].tobytes()).hexdigest()[:12]}" for name in names]


def _values(parameters: Mapping[str, Any], numbers: bool) -> str:
    shown = {k: repr(v) if numbers or isinstance(v, Quantity) else "a number" for k, v in parameters.items()}
    return ", ".join(f"{k} = {v}" for k, v in shown.items())


def _projection(p: Projection, numbers: bool) -> str:
    text = (
        f"{p.pre.size} to {p.post.size}, {p.pre.name}.{p.sends} into {p.post.name}.{p.into}, {p.connectivity}, {_weights(p)} "
        f"weights, during {p.during!r}, {p.closed} when closed, delays {np.asarray(p.delay).tolist()}"
    )
    if p.equation is None:
        return text
    parameters, state, traces = p.equation.parameters, p.equation.state, p.equation.traces
    if numbers:
        shown, kept = _values({**parameters, **state}, True), f"; traces {_values(traces, True)}" if traces else ""
    else:
        shown, kept = ", ".join(sorted(parameters)), f"; state {sorted(state)}, traces {sorted(traces)}"
    return f"{text}: {p.equation}\nduring {p.learns!r}, {shown}{kept}"


def _weights(projection: Projection) -> str:
    """Return a description of the weights that a projection reads: its own, or those of another projection."""
    weights = projection.weights
    if not isinstance(weights, Transposed):
        return "own"
    scale = "" if weights.scale == 1 else f"{weights.scale!r} times "
    return f"{scale}{weights.of.name}.{weights.variable}{' transposed' if weights.flipped else ''}"
