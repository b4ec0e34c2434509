"""The text that says what the code of a circuit depends on. Circuits with the same text can share a program."""

from __future__ import annotations

import numpy as np
from brian2.units import Quantity

from .network import Network
from .neuron import Neuron
from .projection import Projection, Transposed


def fingerprint(network: Network) -> tuple[str, ...]:
    """Return all that the code of a circuit depends on, in words."""
    schedule = network.schedule
    return (
        f"{network.batch_size} batch elements, dt {network.dt!r}, {network.dtype}, {network.lowering}, {network.optimise}, "
        f"products {network.matmul}",
        *(f"phase {name} {window}" for name, window in (schedule.windows if schedule else {}).items()),
        *(f"mode {mode} {schedule}" for mode, schedule in network.modes.items() if len(network.modes) > 1),
        f"evaluation {schedule.evaluation if schedule else ()}",
        *(
            f"{p.name}: {p.size} units, {p.clamp}, {_equations(p.neuron)}, {sorted(p.spread)}"
            for p in network.populations.values()
        ),
        *(f"{p.name}: {_wiring(p)}" for p in network.projections.values()),
        *(f"broadcast {n} from {source.name}, {when}" for n, (source, when) in network.broadcasts.items()),
    )


def _equations(neuron: Neuron) -> str:
    """Return the equations with the time constants, since one that equals dt makes an equation an assignment."""
    parameters = {k: repr(v) if isinstance(v, Quantity) else "a number" for k, v in neuron.parameters.items()}
    return f"{neuron.text}, {neuron.method}, {parameters}"


def _wiring(p: Projection) -> str:
    read = "own"
    if isinstance(p.weights, Transposed):
        read = f"{p.weights.of.name}.{p.weights.variable}{' transposed' if p.weights.flipped else ''}"
    parameters = sorted(p.equation.parameters) if p.equation is not None else ()
    return (
        f"{p.pre.name}.{p.sends} into {p.post.name}.{p.into}, {p.connectivity}, {read} weights, during {p.during}, "
        f"{p.equation} during {p.learns}, {parameters}, {p.closed} when closed, delays {np.asarray(p.delay).tolist()}"
    )
