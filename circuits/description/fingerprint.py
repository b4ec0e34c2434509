"""What a circuit is, part by part, in words: for people, and to tell whether two circuits are the same.

There are two of them. `described` says everything that was declared, but for what weights and units begin with; a training run
is resumed only by a circuit of which it says the same. `fingerprint` leaves out the numbers that lie in memory, not in the
code; circuits of which it says the same can share a program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units import Quantity

from .network import Network
from .neurons.neuron import Neuron
from .projections.projection import Projection, Transposed

__all__ = ["described", "fingerprint"]


def described(network: Network) -> dict[str, str]:
    """Return what a circuit is, by part, as ``"population h1"``, with the values of all parameters."""
    return _parts(network, numbers=True)


def fingerprint(network: Network) -> dict[str, str]:
    """Return what the code of a circuit depends on, by part."""
    return _parts(network, numbers=False) | {"optimise": str(network.optimise)}


def _parts(network: Network, *, numbers: bool) -> dict[str, str]:
    found = {f"population {p.name}": f"{p.size} units: {_neuron(p.neuron, numbers)}, {p.clamp}, {sorted(p.spread)}"
             for p in network.populations.values()}  # fmt: skip
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
    """The equations; with the time constants in any case, since one that equals dt makes an equation an assignment."""
    return f"{neuron.text}\n{neuron.method}, {_values(neuron.parameters, numbers)}"


def _values(parameters: Mapping[str, Any], numbers: bool) -> str:
    said = {k: repr(v) if numbers or isinstance(v, Quantity) else "a number" for k, v in parameters.items()}
    return ", ".join(f"{k} = {v}" for k, v in said.items())


def _projection(p: Projection, numbers: bool) -> str:
    text = (
        f"{p.pre.size} to {p.post.size}, {p.pre.name}.{p.sends} into {p.post.name}.{p.into}, {p.connectivity}, {_read(p)} "
        f"weights, during {p.during!r}, {p.closed} when closed, delays {np.asarray(p.delay).tolist()}"
    )
    if p.equation is None:
        return text
    values = {**p.equation.parameters, **(p.equation.state if numbers else {})}
    said = _values(values, True) if numbers else ", ".join(sorted(values))
    return f"{text}: {p.equation}\nduring {p.learns!r}, {said}"


def _read(projection: Projection) -> str:
    """Whose weights it has."""
    weights = projection.weights
    if not isinstance(weights, Transposed):
        return "own"
    scale = "" if weights.scale == 1 else f"{weights.scale!r} times "
    return f"{scale}{weights.of.name}.{weights.variable}{' transposed' if weights.flipped else ''}"
