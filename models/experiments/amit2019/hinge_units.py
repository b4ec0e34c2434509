"""The hinge output circuit by itself (Amit 2019, section 2.3): two units, one that is to be on and one that is not.

Their fields h are shown by a stimulus, one to one. Unit 0 has s = +1, unit 1 has s = -1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from brian2.units import ms
from numpy.typing import NDArray

from ....circuits import Circuit, HingeOutput, OneToOne, Trace

Array = NDArray[np.floating]
Mask = NDArray[np.bool_]

M, S, MU, E = 10.0, 1.0, 0.1, 0.1
PEAK = {+1: 1 + E, -1: -MU - E}
WANTED = {+1: 1.0, -1: -MU}


@dataclass(frozen=True)
class Run:
    """o and t of both units, (steps, 2), from rest: step 0 is rest. ratio: tau/dt."""

    o: Array
    t: Array
    ratio: int = 1

    @cached_property
    def cycles(self) -> dict[int, Cycle]:
        """The cycles by the sign of s."""
        return {s: cycle(self.o[:, unit], PEAK[s], self.ratio) for unit, s in enumerate((+1, -1))}


@dataclass(frozen=True)
class Cycle:
    """What is measured in the second half of a run, in whole cycles and as shares of the peak (1+e or -mu-e).

    Parameters
    ----------
    mean, low : float
        Mean of o, and where it comes closest to 0.
    period : float
        In units of tau; NaN where o does not cycle.
    """

    mean: float
    low: float
    period: float


def cycle(o: Array, peak: float, ratio: int) -> Cycle:
    """Return the cycle of o, (steps,): from one crossing of its middle, upwards, to the next."""
    tail = o[len(o) // 2 :] / peak
    above = tail > (tail.min() + tail.max()) / 2
    starts = np.flatnonzero(above[1:] & ~above[:-1]) + 1
    if len(starts) < 2:
        return Cycle(float(tail.mean()), float(tail.min()), float("nan"))
    whole = tail[starts[0] : starts[-1]]
    return Cycle(float(whole.mean()), float(whole.min()), (starts[-1] - starts[0]) / (len(starts) - 1) / ratio)


def expected(h: float, s: int) -> Array:
    """Return section 2.3, o at steps 1..4 from rest: constant, or 1+e, 1+e, 0, 0 and its mirror."""
    learns = h <= S if s > 0 else h >= -S
    return np.full(4, WANTED[s]) if learns else np.array([PEAK[s], PEAK[s], 0, 0])


def sigma_t(o: Array) -> Array:
    """Return the right side of Eq. 9."""
    return 1.0 * (o > 1) - 1.0 * (o < -MU)


def output_circuit(ratio: int = 1, repair: str = "") -> Circuit:
    """Return a circuit in which h projects to o, one to one; o has its t and s. Of the two units, the label 0 makes s =
    +1 and -1.
    """
    net = Circuit(dt=1 * ms)
    h = net.stimulus("h", 2)
    o = net.population("o", 2, HingeOutput(M=M, S=S, mu=MU, epsilon=E, tau=ratio * ms, repair=repair))
    net.connect(h, o, weights=1.0, connectivity=OneToOne())
    return net


def from_rest(h: Sequence[float], steps: int, ratio: int, repair: str, backend: str) -> Run:
    """Let o and t start from rest, for that many steps in which all is open; they come in pieces of 4 tau without a gap."""
    net = output_circuit(ratio, repair)
    net.phases("error", 4 * ratio * ms)
    data = {"h": np.array([h]), "s": np.array([0])}
    trace = _run(net, data, steps // (4 * ratio), ["o.rate", "t.rate"], backend)
    net.close()
    resting = np.zeros((1, 2))
    return Run(np.concatenate([resting, trace["o.rate"]]), np.concatenate([resting, trace["t.rate"]]), ratio)


@dataclass(frozen=True)
class Grid:
    """What the circuit holds at the end of a presentation, for many fields one after the other, in step-by-step mode.

    Parameters
    ----------
    h : Array
        (fields,).
    steps : Array
        o in the phase ``error``, of two cycles, (fields, 8, 2).
    held : Array
        o in the phase ``plasticity``, (fields, 2): the error that is read out.
    beyond : Array
        How often each unit met |h| >= M, as the circuit counted, (2,).
    """

    h: Array
    steps: Array
    held: Array
    beyond: Array

    @property
    def inside(self) -> Mask:
        """|h| < M."""
        return np.abs(self.h) < M

    def eq5(self) -> Array:
        """Return Eq. 5, mended: 1 where s = 1 and h <= S, -mu where s = -1 and h >= -S; (fields, 2)."""
        return np.stack([1.0 * (self.h <= S), -MU * (self.h >= -S)], axis=1)

    def eq4(self) -> Array:
        """Return Eq. 4, which is strict: no update at the thresholds; (fields, 2)."""
        return np.stack([1.0 * (self.h < S), -MU * (self.h > -S)], axis=1)


def read_out(fields: Array, backend: str) -> Grid:
    """Make one run through all fields, each shown to both units: h, two cycles of the error, and its read-out."""
    net = output_circuit()
    net.phases("feedforward", 1 * ms, "error", 8 * ms, "plasticity", 1 * ms)
    data = {"h": np.stack([fields, fields], axis=1), "s": np.zeros(len(fields), int)}
    trace = _run(net, data, len(fields), ["o.rate"], backend)
    steps = trace["o.rate"].reshape(len(fields), 10, 2)
    beyond = net["o.beyond"][0]
    net.close()
    return Grid(fields, steps[:, 1:9], steps[:, 9], beyond)


def _run(net: Circuit, data: dict[str, Array], presentations: int, record: list[str], backend: str) -> Trace:
    trace = net.run(data, presentations, record=record, backend=backend)
    if len(trace.rows) < presentations:
        raise KeyboardInterrupt
    return trace
