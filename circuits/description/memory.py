"""How much memory a circuit takes, said before it is built."""

from __future__ import annotations

from math import prod
from pathlib import Path

from ...errors import RecircuitError
from .delays import delay_lines, synapse_delays
from .network import Network
from .projection import Projection, Transposed

GIB = 2**30


def needed(network: Network) -> dict[str, int]:
    """Bytes of each population and projection: states, fields and weights, and what rules keep in the synapses."""
    size = network.dtype.itemsize
    found = {
        p.name: size * network.batch_size * p.size * len([*p.neuron.stored, *p.spread])
        for p in network.populations.values()
    }
    for population in network.populations.values():
        found[population.name] += size * population.size * len(population.neuron.shared)
    for projection in network.projections.values():
        fields = 1 + len(projection.totals())
        found[projection.post.name] += size * network.batch_size * projection.post.size * fields
        found[projection.name] = size * _per_synapse(projection, network.batch_size) * prod(projection.shape)
        if synapse_delays(projection) is not None:
            found[projection.name] += 3 * 4 * projection.synapses  # which has which delay
    for line in delay_lines(network):
        found[line.population.name] += line.bytes(network.batch_size, size)
    return found


def check_memory(network: Network, free: int | None = None) -> None:
    """Refuse a circuit that does not fit.

    Raises
    ------
    RecircuitError
        If there is not enough memory. The message says what is needed, what there is, and which parts are the largest.
    """
    parts = needed(network)
    free = available() if free is None else free
    total = sum(parts.values())
    if free is None or total <= free:
        return
    largest = sorted(parts, key=lambda name: -parts[name])[:3]
    shares = ", ".join(f"{name} {parts[name] / GIB:.2f}" for name in largest)
    raise RecircuitError(
        f"circuit: it needs {total / GIB:.2f} GiB for its weights, and for states and traces of {network.batch_size} batch "
        f"elements, and {free / GIB:.2f} GiB are free (the largest parts: {shares}). Use a smaller batch_size, smaller or "
        "tied layers, or float32."
    )


def available() -> int | None:
    """Bytes that are free on this machine; None where it does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _per_synapse(projection: Projection, batch_size: int) -> int:
    """Numbers that are kept for each weight; of a trace, one for each batch element."""
    if isinstance(projection.weights, Transposed):
        return 0
    equation = projection.equation
    states = 0
    if equation is not None and equation.plastic:
        states = len(equation.state) + batch_size * len(equation.traces)
    return 1 + states + projection.connectivity.masked
