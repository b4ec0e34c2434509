"""Delay lines: which signals are kept for later, for how many steps, and for which projections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..network import Network
from ..populations.population import Population
from .projection import Projection, Transposed

__all__ = ["DelayLine", "delay_line", "delay_lines", "sent_by", "synapse_delays", "synapse_tables"]


@dataclass(frozen=True)
class DelayLine:
    """The signals of a population in the last steps, for projections with a delay.

    Parameters
    ----------
    population : Population
        The population that sends.
    sends : str
        The expression of its variables that is sent.
    number : int
        The number of this delay line in the circuit.
    length : int
        The number of steps that are kept.
    taps
        For every delay that all synapses of a projection share, the number of steps and the variable with the signal.
    """

    population: Population
    sends: str
    number: int
    length: int
    taps: tuple[tuple[int, str], ...]

    @property
    def name(self) -> str:
        """The variable that holds the signals, of shape (length, batch, units)."""
        return _line_name(self.number)

    def tap(self, steps: int) -> str:
        """Return the variable that holds the signal from this number of steps ago."""
        return dict(self.taps)[steps]


def _line_name(number: int) -> str:
    return f"delayed_{number}"


def sent_by(projection: Projection) -> str:
    """Return the expression that each pre unit sends: a variable, multiplied by the factor of a transpose if it has one."""
    scale = projection.weights.scale if isinstance(projection.weights, Transposed) else 1.0
    return projection.sends if scale == 1 else f"{scale!r}*{projection.sends}"


def delay_lines(network: Network) -> list[DelayLine]:
    """Return all delay lines of a circuit; each signal is kept once, for as long as its longest delay."""
    wanted: dict[tuple[str, str], list[Projection]] = {}
    for projection in network.projections.values():
        if _arrives_late(projection):
            wanted.setdefault((projection.pre.name, sent_by(projection)), []).append(projection)
    found = []
    for number, ((_, sends), projections) in enumerate(wanted.items()):
        plain = network.lowering == "reference"
        single = [p.delay for p in projections if isinstance(p.delay, int)]
        each = [p.delay for p in projections if not isinstance(p.delay, int)]
        read = [p.delay for p in projections if plain or (p.equation is not None and p.equation.reads_arriving)]
        tapped = {*single, *(int(d) for delays in read for d in np.unique(delays) if d)}
        length = max([*single, *(int(delays.max()) + 1 for delays in each)])  # these read it after it moved
        taps = tuple((steps, f"{_line_name(number)}_by_{steps}") for steps in sorted(tapped))
        found.append(DelayLine(projections[0].pre, sends, number, length, taps))
    return found


def _arrives_late(projection: Projection) -> bool:
    delay = projection.delay
    return bool(delay if isinstance(delay, int) else delay.any())


def delay_line(network: Network, projection: Projection) -> DelayLine | None:
    """Return the delay line that a projection reads; None if its signals arrive at once."""
    if not _arrives_late(projection):
        return None
    lines = delay_lines(network)
    return next(line for line in lines if line.population is projection.pre and line.sends == sent_by(projection))


def synapse_delays(projection: Projection) -> np.ndarray | None:
    """Return delays in steps, in the layout of the weights; None if all synapses have the same delay."""
    if isinstance(projection.delay, int) or not projection.delay.any():
        return None
    weights = projection.weights
    return projection.delay.T if isinstance(weights, Transposed) and weights.flipped else projection.delay


def synapse_tables(projection: Projection) -> dict[str, np.ndarray]:
    """Return synapses with delays of their own, ordered by post unit: their beginnings, pre units, weights and delays."""
    delays, owner = synapse_delays(projection), projection.owner
    if delays is None:
        return {}
    pre, post = projection.pre.size, projection.post.size
    if isinstance(projection.weights, Transposed) and projection.weights.flipped:
        posts, pres, weight = owner.connectivity.indices(post, pre)
    else:
        pres, posts, weight = owner.connectivity.indices(pre, post)
    order = np.argsort(posts, kind="stable")
    start = np.searchsorted(np.asarray(posts)[order], np.arange(post + 1))
    tables = {
        "delay_start": start,
        "delay_pre": np.asarray(pres)[order],
        "delay_weight": np.asarray(weight)[order],
        "delay_steps": delays.reshape(-1)[np.asarray(weight)[order]],
    }
    return {name: np.ascontiguousarray(values, dtype=np.int32) for name, values in tables.items()}
