"""Amit 2019, Eq. 12-18, Theorems 1 and 2: circuits whose weights follow the scalar systems of the theory.

For k = 2, 3 and 4 layers a linear circuit starts at W_i(0) = 0 and R_i(0) = U_i L_{R,i} U_{i+1}^T, where it falls
apart into one scalar system per singular value of T. It is run at three rates and held against those systems as
SciPy integrates them: a circuit at rate r is their Euler method with step r, so that its distance, and the drift of
what Eq. 17 conserves, halve with the rate.

With k = 3, half of the modes meet Theorem 2's condition, lambda_{R,2} > (1 + sqrt(1 + eps))/2 lambda_{R,3}, and half
do not. Theorem 2's "lambda_3 increases with eps" cannot be: the product of all three tends to lambda_T whatever
eps. It is sqrt(eps) lambda_3 that does, and that Eq. 18 needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .amit_theory_figure import draw
from .experiment import Check, Experiment, Report, Settings
from .linear import Array, learn, urfb_epsilon
from .theory import Decoupled, conserved, decay, decoupled, matrix_solution, scalar_solution, theorem_2_holds

EPSILONS = (0.0, 0.25, 0.5, 1.0)
EXTRA = 4  # units beyond the modes, in every layer but the output
ROUNDING = 1e-12

LAM_T = np.linspace(0.5, 0.95, 6)
MODES = {
    2: (np.array([[0.05, 0.08, 0.10, 0.12, 0.15, 0.20]]), LAM_T),
    3: (
        np.array(
            [
                [0.20, 0.22, 0.24, 0.26, 0.28, 0.30, 0.06, 0.08, 0.10, 0.12, 0.10, 0.08],
                [0.10, 0.12, 0.14, 0.15, 0.16, 0.12, 0.30, 0.35, 0.30, 0.25, 0.20, 0.25],
            ]
        ),
        np.tile(LAM_T, 2),
    ),
    4: (
        np.array(
            [
                [0.30, 0.33, 0.35, 0.31, 0.34, 0.32],
                [0.25, 0.31, 0.22, 0.27, 0.30, 0.24],
                [0.21, 0.24, 0.20, 0.22, 0.25, 0.23],
            ]
        ),
        LAM_T,
    ),
}
"""k -> lambda_{R,i}, (k-1, modes), and lambda_T, (modes,)."""


@dataclass(frozen=True)
class Course:
    """One circuit, at one rate and epsilon, at times 0, rate, 2 rate, ...

    Parameters
    ----------
    times : (times,)
    lam : (times, k, modes)
    e : (times, modes), as the output units showed it
    outside : the largest part of a weight matrix that is not in its modes
    """

    times: Array
    lam: Array
    e: Array
    outside: float


@dataclass(frozen=True)
class Depth:
    """All that was run for one k: circuits by (epsilon, rate), coarsest rate first, and SciPy's solutions by epsilon."""

    system: Decoupled
    rates: tuple[float, ...]
    courses: dict[tuple[float, float], Course]
    times: Array
    exact: dict[float, Array]

    @property
    def finest(self) -> list[Course]:
        """The circuits at the smallest rate, by growing epsilon."""
        return [self.courses[e, self.rates[-1]] for e in EPSILONS]

    def gaps(self, epsilon: float) -> list[float]:
        """By rate: the largest distance of a lambda from the exact one."""
        found = []
        for rate in self.rates:
            at = np.round(self.times / rate).astype(int)
            found.append(float(np.abs(self.courses[epsilon, rate].lam[at] - self.exact[epsilon]).max()))
        return found

    def drifts(self, epsilon: float) -> list[float]:
        """By rate: the largest drift of what Eq. 17 conserves."""
        lam = [self.courses[epsilon, rate].lam for rate in self.rates]
        return [float(np.abs(conserved(path, self.system.lam_r, epsilon)).max()) for path in lam]

    def decay_gaps(self, epsilon: float) -> list[float]:
        """By rate: the largest distance of -log(e_{n+1}/e_n)/rate from D of Eq. 18, relative to the mode's largest D,
        while e > 1e-6."""
        found = []
        for rate in self.rates:
            course = self.courses[epsilon, rate]
            seen = np.minimum(course.e[:-1], course.e[1:]) > 1e-6
            ratio = np.where(seen, course.e[1:] / np.where(seen, course.e[:-1], 1), 1)
            wanted = decay((course.lam[1:] + course.lam[:-1]) / 2, epsilon)
            gap = np.where(seen, np.abs(-np.log(ratio) / rate - wanted), 0) / wanted.max(axis=0)
            found.append(float(gap.max()))
        return found


def run(settings: Settings) -> Report:
    """Circuits of every depth, epsilon and rate."""
    horizon = {2: 100, 3: 100} if settings.quick else {2: 200, 3: 240, 4: 300}
    depths = {k: _depth(k, end, settings) for k, end in horizon.items()}
    checks = [check for k, depth in depths.items() for check in _checks(k, depth, settings)]
    return Report(checks + _theorem_2(depths[3]), draw(depths, EPSILONS))


def studied(settings: Settings) -> tuple[float, ...]:
    """The values of epsilon that are run at every rate; the others at the finest."""
    return EPSILONS[-1:] if settings.quick else (EPSILONS[0], EPSILONS[-1])


def _depth(k: int, end: int, settings: Settings) -> Depth:
    rates = (0.4, 0.2, 0.1) if settings.quick else (0.1, 0.05, 0.025)
    system = decoupled(*MODES[k], EXTRA, np.random.default_rng(k))
    times = np.linspace(0, end, 51)
    courses, exact = {}, {}
    for epsilon in EPSILONS:
        for rate in rates if epsilon in studied(settings) else rates[-1:]:
            settings.tell(f"amit-theory: k = {k}, epsilon = {epsilon:g}, rate = {rate:g}")
            courses[epsilon, rate] = _course(system, epsilon, rate, end, settings.backend)
        exact[epsilon] = scalar_solution(system.lam_r, system.lam_t, epsilon, times)
    return Depth(system, rates, courses, times, exact)


def _course(system: Decoupled, epsilon: float, rate: float, end: float, backend: str) -> Course:
    """A circuit from 0 to ``end``, in units of 1/rate presentations."""
    iterations = round(end / rate) + 1
    rule = urfb_epsilon.with_parameters(rate=rate, epsilon=epsilon)
    path = learn(system.problem, rule, iterations, backend, course=True)
    inside = system.lambdas(path.course)
    lam = np.einsum("tkmm->tkm", inside)
    spilt = [w - b @ (np.einsum("tm,nm->tmn", d, a)) for w, a, b, d in _parts(system, path.course, lam)]
    outside = max(float(np.abs(s).max()) for s in spilt)
    begun = np.concatenate([np.zeros_like(lam[:1]), lam[:-1]])
    return Course(rate * np.arange(iterations), begun, system.errors(path.residual), outside)


def _parts(system: Decoupled, course: list[Array], lam: Array) -> list[tuple[Array, Array, Array, Array]]:
    """For every layer W_i, U_i, U_{i+1} and its lambdas in time."""
    return [(w, system.bases[i], system.bases[i + 1], lam[:, i]) for i, w in enumerate(course)]


# ---- what is held against what -------------------------------------------------------------------------------------


def _checks(k: int, depth: Depth, settings: Settings) -> list[Check]:
    chosen = studied(settings)
    gaps = [depth.gaps(e) for e in chosen]
    drifts = [depth.drifts(e) for e in chosen]
    decays = [depth.decay_gaps(e) for e in chosen]
    finest = depth.rates[-1]
    exact = max(float(np.abs(conserved(depth.exact[e], depth.system.lam_r, e)).max()) for e in EPSILONS)
    first_order = (1.8, 2.2)
    rows: list[tuple[str, float, str, float | tuple[float, float]]] = [
        ("matrix system against scalar systems (SciPy), largest distance of a lambda", _systems(depth, chosen), "<=", 1e-9),
        ("circuit: largest part of a weight outside of the modes", max(c.outside for c in depth.finest), "<=", ROUNDING),
        (f"circuit against SciPy: largest distance of a lambda, rate {finest:g}", max(g[-1] for g in gaps), "<=", finest),
        ("the same, as it shrinks when the rate is halved, least", _least_ratio(gaps), "within", first_order),
        ("the same, extrapolated to rate 0 from the last two rates", _extrapolated(depth, chosen), "<=", 2 * finest**2),
        (f"Eq. 17 in the circuit: largest drift, rate {finest:g}", max(d[-1] for d in drifts), "<=", finest / 10),
        ("the same, as it shrinks when the rate is halved, least", _least_ratio(drifts), "within", first_order),
        ("Eq. 17 in the scalar systems (SciPy): largest drift", exact, "<=", 1e-9),
        (f"Eq. 18: circuit's decay of e against D, largest relative distance, rate {finest:g}",
         max(d[-1] for d in decays), "<=", 4 * finest),
        ("the same, as it shrinks when the rate is halved, least", _least_ratio(decays), "within", first_order),
        ("e as epsilon grows: largest rise at any time, in any mode", _rise(depth), "<=", ROUNDING),
    ]
    return [Check(f"k = {k}: {what}", value, relation, target) for what, value, relation, target in rows]


def _systems(depth: Depth, chosen: tuple[float, ...]) -> float:
    """SciPy's matrix system, in its bases, against its scalar ones."""
    worst = 0.0
    for epsilon in chosen:
        path = matrix_solution(depth.system.problem, epsilon, depth.times)
        inside = depth.system.lambdas(path)
        wanted = np.einsum("tkm,mn->tkmn", depth.exact[epsilon], np.eye(inside.shape[-1]))
        worst = max(worst, float(np.abs(inside - wanted).max()))
    return worst


def _least_ratio(by_epsilon: list[list[float]]) -> float:
    """The ratio, coarser to finer rate, that is farthest from 2."""
    ratios = [a / b for values in by_epsilon for a, b in zip(values, values[1:])]
    return max(ratios, key=lambda ratio: abs(ratio - 2))


def _extrapolated(depth: Depth, chosen: tuple[float, ...]) -> float:
    """Richardson: twice the finer minus the coarser is exact to second order in the rate."""
    coarse, fine = depth.rates[-2:]
    worst = 0.0
    for epsilon in chosen:
        a, b = (depth.courses[epsilon, r].lam[np.round(depth.times / r).astype(int)] for r in (coarse, fine))
        worst = max(worst, float(np.abs(2 * b - a - depth.exact[epsilon]).max()))
    return worst


def _rise(depth: Depth, modes: Array | slice = slice(None)) -> float:
    """The largest rise of e, at any time, from one epsilon to the next larger one."""
    e = np.stack([course.e[:, modes] for course in depth.finest])
    return float(np.diff(e, axis=0).max())


def _theorem_2(depth: Depth) -> list[Check]:
    """What grows with epsilon where the condition holds, and where it does not."""
    holds = np.all([theorem_2_holds(depth.system.lam_r, e) for e in EPSILONS], axis=0)
    broken = ~np.any([theorem_2_holds(depth.system.lam_r, e) for e in EPSILONS], axis=0)
    lam = np.stack([course.lam for course in depth.finest])  # (epsilon, time, k, mode)
    scaled = np.sqrt(EPSILONS)[:, None, None] * lam[:, :, 2]
    met, not_met = f"condition holds ({holds.sum()} modes)", f"condition broken ({broken.sum()} modes)"
    falls = np.diff(lam[:, :, 1], axis=0).min(axis=(0, 1))[broken]
    third = np.diff(lam[:, -1, 2], axis=0)[:, holds]
    rows: list[tuple[str, float, str, float]] = [
        (f"{met}: lambda_1, least growth at any time", _growth(lam[:, :, 0], holds), ">=", -ROUNDING),
        (f"{met}: lambda_2, least growth at any time", _growth(lam[:, :, 1], holds), ">=", -ROUNDING),
        (f"{met}: sqrt(eps) lambda_3, least growth at any time", _growth(scaled, holds), ">=", -ROUNDING),
        (f"{met}: lambda_3 itself, which the theorem says grows: largest growth at the end", third.max(), "<", 0),
        (f"{met}: e, largest rise at any time", _rise(depth, holds), "<=", ROUNDING),
        (f"{not_met}: lambda_2 falls somewhere as epsilon grows, modes", int((falls < -1e-3).sum()), ">=", 1),
        (f"{not_met}: lambda_2, largest fall", float(-falls.min()), ">=", 1e-3),
        (f"{not_met}: e falls faster all the same, largest rise at any time", _rise(depth, broken), "<=", ROUNDING),
    ]
    return [Check(f"Theorem 2, {what}", value, relation, target) for what, value, relation, target in rows]


def _growth(by_epsilon: Array, modes: Array) -> float:
    """The least growth, at any time, from one epsilon to the next: (epsilon, time, mode)."""
    return float(np.diff(by_epsilon[:, :, modes], axis=0).min())


EXPERIMENT = Experiment("amit-theory", "Amit 2019, Eq. 12-18, Theorems 1 and 2", run, seeds=0, quick_seeds=0)
