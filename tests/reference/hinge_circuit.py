"""Amit 2019, section 2.3: the circuit of o, t and s that computes the hinge's error (Eq. 8-9).

    H = h + 2 M s - 2 M t,   o = sigma_o(H),   t = sigma_t(o)

Step-by-step mode: at step n, o_n and t_n are computed from h, s_n, o_{n-1} and t_{n-1}, both at once;
step 0 is rest (o = t = s = 0), and s is clamped from step 1 on. With time constants, Euler:
o_n = o_{n-1} + (dt/tau) (sigma_o(H) - o_{n-1}), and t_n alike; dt = tau is step-by-step mode.

Eq. 9's branches overlap at +-M, where no choice works for every case (here +-M belong to the outer
branches); so |h| < M is required. The text before Eq. 8 has h_c > -1 where -S is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

REPAIRS = (None, "delay", "hysteresis")


class Trace(NamedTuple):
    """o, t and s at steps 0..n, (n + 1, ...); step 0 is rest."""

    o: Array
    t: Array
    s: Array


class Cycle(NamedTuple):
    """The mean, lowest and highest value of o over whole cycles, and its period (in tau; nan: no cycle)."""

    mean: float
    low: float
    high: float
    period: float


@dataclass(frozen=True)
class HingeCircuit:
    """M: bound of |h|. S: threshold, S < M. mu: weight of the other classes. epsilon: e > 0."""

    M: float = 10.0
    S: float = 1.0
    mu: float = 0.1
    epsilon: float = 0.1

    def sigma_o(self, H: ArrayLike) -> Array:
        """Return sigma_o of Eq. 9, left: 1+e above 2M+S, 1 from M on, 0 between, -mu up to -M, -mu-e below -2M-S."""
        H = np.asarray(H, float)
        far = 2 * self.M + self.S
        tests = [far < H, self.M <= H, -self.M < H, -far <= H]
        return np.select(tests, [1 + self.epsilon, 1, 0, -self.mu], -self.mu - self.epsilon)

    def sigma_t(self, o: ArrayLike) -> Array:
        """Return sigma_t of Eq. 9, right: 1 above 1, -1 below -mu, 0 between."""
        o = np.asarray(o, float)
        return 1.0 * (o > 1) - 1.0 * (o < -self.mu)

    def field(self, h: ArrayLike, s: ArrayLike, t: ArrayLike) -> Array:
        """Return the field of Eq. 8: H = h + 2 M s - 2 M t."""
        return np.asarray(h) + 2 * self.M * np.asarray(s) - 2 * self.M * np.asarray(t)

    def fits(self, h: ArrayLike) -> NDArray[np.bool_]:
        """Return whether |h| < M, which the circuit presupposes."""
        return np.abs(h) < self.M

    def wanted(self, h: ArrayLike, s: ArrayLike) -> Array:
        """Return what Eq. 5, corrected, wants: 1 where s = 1 and h <= S, -mu where s = -1 and h >= -S, else 0."""
        h, s = np.asarray(h), np.asarray(s)
        return np.where(s > 0, 1.0 * (h <= self.S), -self.mu * (h >= -self.S))

    def cycle_of_four(self, h: float, s: float) -> Array:
        """Return o at steps 1..4 from rest, as section 2.3 says it: constant, or 1+e, 1+e, 0, 0."""
        if self.wanted(h, s) != 0:
            return np.full(4, float(self.wanted(h, s)))
        peak = 1 + self.epsilon if s > 0 else -self.mu - self.epsilon
        return np.array([peak, peak, 0, 0])

    def step_by_step(self, h: ArrayLike, s: ArrayLike, steps: int) -> Trace:
        """Simulate steps 0..steps with dt = tau; h and s broadcast against each other."""
        return self.relax(h, s, steps, ratio=1)

    def relax(
        self,
        h: ArrayLike,
        s: ArrayLike,
        steps: int,
        ratio: int,
        repair: str | None = None,
        delay: float = 4.0,
        off: float = 0.05,
    ) -> Trace:
        """Simulate by Euler's method with ratio = tau/dt, steps 0..steps, as printed, or with one of two repairs.

        "delay": t listens to o as it was `delay` tau earlier; o and t relax.
        "hysteresis": t is a switch that sits beside a relaxing o: it turns on (to s) once o is
        above 1 + e/2 (or below -mu - e/2), and off once |o| is below `off`. With off = e/2 the two
        thresholds lie symmetrically, and the mean of o is (1+e)/2, or -(mu+e)/2, for every ratio.
        """
        if repair not in REPAIRS:
            raise ValueError(f"repair {repair!r}: expected one of {REPAIRS}")
        h, s = np.broadcast_arrays(np.asarray(h, float), np.asarray(s, float))
        o, t = np.zeros((2, steps + 1, *h.shape))
        lag = round(delay * ratio) if repair == "delay" else 0
        for n in range(1, steps + 1):
            before = o[n - 1]
            target = self.sigma_o(self.field(h, s, t[n - 1]))
            o[n] = target if ratio == 1 else before + (target - before) / ratio
            if repair == "hysteresis":
                t[n] = self._switch(before, t[n - 1], off)
                continue
            arriving = self.sigma_t(o[max(n - 1 - lag, 0)])
            t[n] = arriving if ratio == 1 else t[n - 1] + (arriving - t[n - 1]) / ratio
        return Trace(o, t, np.concatenate([np.zeros((1, *s.shape)), np.tile(s, (steps,) + (1,) * s.ndim)]))

    def _switch(self, o: Array, t: Array, off: float) -> Array:
        """Return t with hysteresis: +1 or -1 beyond the outer thresholds, 0 near 0, else as it was."""
        half = self.epsilon / 2
        tests = [o > 1 + half, o < -self.mu - half, np.abs(o) < off]
        return np.select(tests, [1.0, -1.0, 0.0], t)


def cycle(o: Array, ratio: int = 1) -> Cycle:
    """Return the mean, extremes and period of a trace's second half, (n,), cut to whole cycles.

    A cycle runs from one crossing of the middle, away from 0, to the next.
    """
    tail = np.abs(o[len(o) // 2 :])
    sign = np.sign(o[np.abs(o).argmax()])
    above = tail > (tail.min() + tail.max()) / 2
    starts = np.flatnonzero(above[1:] & ~above[:-1]) + 1
    if len(starts) < 2:
        return Cycle(sign * tail.mean(), *np.sort([sign * tail.min(), sign * tail.max()]), np.nan)
    whole = sign * tail[starts[0] : starts[-1]]
    period = (starts[-1] - starts[0]) / (len(starts) - 1) / ratio
    return Cycle(whole.mean(), whole.min(), whole.max(), period)
