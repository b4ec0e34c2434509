"""Amit 2019, Eq. 12-18, Theorems 1 and 2: circuits whose weights follow the scalar systems of the theory.

For k = 2, 3 and 4 layers a linear circuit starts at W_i(0) = 0 and R_i(0) = U_i L_{R,i} U_{i+1}^T, where it falls apart
into one scalar system per singular value of T. It is run at three rates, and compared with those systems as SciPy
integrates them. A circuit at rate r is their Euler method with step r, so that its distance, and the drift of what Eq. 17
conserves, halve with the rate.

With k = 3, half of the modes meet Theorem 2's condition, lambda_{R,2} > (1 + sqrt(1 + eps))/2 lambda_{R,3}, and half do
not. Theorem 2's "lambda_3 increases with eps" cannot be true: the product of all three tends to lambda_T, whatever eps is.
It is sqrt(eps) lambda_3 that increases, and Eq. 18 needs this.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Settings, checks
from .linear_circuits import Array, learn, urfb_epsilon
from .linear_theory import Decoupled, conserved, decay, decoupled, matrix_solution, scalar_solution, theorem_2_holds
from .theory_figure import draw
from .theory_runs import EPSILONS, Depth, Trajectory

EXTRA = 4  # units beyond the modes, in every layer but the output
ROUNDING = 1e-12

Mask = NDArray[np.bool_]

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


def run(settings: Settings) -> Report:
    """Run circuits of every depth, epsilon and rate."""
    horizon = {2: 48, 3: 80} if settings.quick else {2: 80, 3: 120, 4: 120}
    depths = {k: _depth(k, end, settings) for k, end in horizon.items()}
    found = [check for k, depth in depths.items() for check in _checks(k, depth, settings)]
    return Report(found + _theorem_2(depths[3]), draw(depths, EPSILONS))


def studied(settings: Settings) -> tuple[float, ...]:
    """Return the values of epsilon that are run at every rate; the others at the finest."""
    return EPSILONS[-1:] if settings.quick else (EPSILONS[0], EPSILONS[-1])


def _depth(k: int, end: int, settings: Settings) -> Depth:
    rates = (0.4, 0.2, 0.1) if settings.quick else (0.05, 0.025, 0.0125)
    system = decoupled(MODES[k][0], MODES[k][1], EXTRA, settings.rng(k))
    times = np.arange(0, end + 0.01, 1.6 if settings.quick else 0.8)
    trajectories, exact = {}, {}
    for epsilon in EPSILONS:
        for rate in rates if epsilon in studied(settings) else rates[-1:]:
            settings.show_progress(f"amit-theory: k = {k}, epsilon = {epsilon:g}, rate = {rate:g}")
            trajectories[epsilon, rate] = _trajectory(system, epsilon, rate, end, settings.backend)
        exact[epsilon] = scalar_solution(system.lam_r, system.lam_t, epsilon, times)
    return Depth(system, rates, trajectories, times, exact)


def _trajectory(system: Decoupled, epsilon: float, rate: float, end: float, backend: str) -> Trajectory:
    """Return a circuit from 0 to ``end``, in units of 1/rate presentations."""
    iterations = round(end / rate) + 1
    rule = urfb_epsilon.with_parameters(rate=rate, epsilon=epsilon)
    path = learn(system.problem, rule, iterations, backend, trajectory=True)
    inside = system.lambdas(path.trajectory)
    lam = np.einsum("tkmm->tkm", inside)
    spilt = [w - b @ (np.einsum("tm,nm->tmn", d, a)) for w, a, b, d in _parts(system, path.trajectory, lam)]
    outside = max(float(np.abs(s).max()) for s in spilt)
    before = np.concatenate([np.zeros_like(lam[:1]), lam[:-1]])
    return Trajectory(rate * np.arange(iterations), before, system.errors(path.residual), outside)


def _parts(system: Decoupled, trajectory: list[Array], lam: Array) -> list[tuple[Array, Array, Array, Array]]:
    """Return W_i, U_i, U_{i+1} of every layer, and its lambdas in time."""
    return [(w, system.bases[i], system.bases[i + 1], lam[:, i]) for i, w in enumerate(trajectory)]


# ---- what is held against what -------------------------------------------------------------------------------------


def _checks(k: int, depth: Depth, settings: Settings) -> list[Check]:
    chosen = studied(settings)
    gaps = [depth.gaps(e) for e in chosen]
    drifts = [depth.drifts(e) for e in chosen]
    finest = depth.rates[-1]
    exact = max(float(np.abs(conserved(depth.exact[e], depth.system.lam_r, e)).max()) for e in EPSILONS)
    outside = max(c.outside for c in depth.finest)

    def worst(by_epsilon: list[list[float]]) -> float:
        return max(values[-1] for values in by_epsilon)

    halved = "ratio of its values at a rate and at half of that rate, the one farthest from 2"
    return checks(
        f"k = {k}, ",
        [
            ("SciPy, matrix system against scalar systems: largest distance", _systems(depth, chosen), "<=", 1e-9),
            ("SciPy, Eq. 17: largest drift", exact, "<=", 1e-9),
            ("circuit: largest part of a weight outside of the modes", outside, "<=", ROUNDING),
            (f"circuit, rate {finest:g}: largest distance of a lambda from SciPy", worst(gaps), "<=", 2 * finest),
            (f"circuit: largest distance of a lambda from SciPy; {halved}", _ratio(gaps), "within", (1.8, 2.2)),
            (
                "circuit: largest distance of a lambda from SciPy, extrapolated from the last two rates to 0",
                _extrapolated(depth, chosen),
                "<=",
                4 * finest**2,
            ),
            (
                f"circuit, rate {finest:g}, Eq. 17: largest drift",
                of_learned(worst(drifts), _error_left(depth)),
                "<=",
                finest / 10,
            ),
            (f"circuit, Eq. 17: largest drift; {halved}", _ratio(drifts), "within", (1.8, 2.2)),
            (f"circuit, rate {finest:g}, Eq. 18: decay of e against D, relative", _decay_gap(depth), "<=", 4 * finest),
            (
                "circuit: largest rise of e, at any time in any mode, as epsilon grows",
                _largest_rise(depth),
                "<=",
                ROUNDING,
            ),
        ],
    )


def _systems(depth: Depth, chosen: tuple[float, ...]) -> float:
    """Compare SciPy's matrix system, in its bases, with its scalar ones."""
    worst = 0.0
    for epsilon in chosen:
        path = matrix_solution(depth.system.problem, epsilon, depth.times)
        inside = depth.system.lambdas(path)
        wanted = np.einsum("tkm,mn->tkmn", depth.exact[epsilon], np.eye(inside.shape[-1]))
        worst = max(worst, float(np.abs(inside - wanted).max()))
    return worst


def _ratio(by_epsilon: list[list[float]]) -> float:
    """Return the ratio, coarser to finer rate, that is farthest from 2."""
    ratios = [a / b if b else float("inf") for values in by_epsilon for a, b in pairwise(values)]
    return max(ratios, key=lambda ratio: abs(ratio - 2))


def _extrapolated(depth: Depth, chosen: tuple[float, ...]) -> float:
    """Extrapolate by Richardson's rule: twice the finer minus the coarser is exact to second order in the rate."""
    coarse, fine = depth.rates[-2:]
    worst = 0.0
    for epsilon in chosen:
        a, b = (depth.trajectories[epsilon, r].lam[np.round(depth.times / r).astype(int)] for r in (coarse, fine))
        worst = max(worst, float(np.abs(2 * b - a - depth.exact[epsilon]).max()))
    return worst


def _decay_gap(depth: Depth) -> float:
    """Compare -log(e_{n+1}/e_n)/rate with D of Eq. 18, relative to the largest D of the mode, while e > 1e-6."""
    worst = 0.0
    for epsilon, trajectory in zip(EPSILONS, depth.finest, strict=True):
        seen = np.minimum(trajectory.e[:-1], trajectory.e[1:]) > 1e-6
        ratio = np.where(seen, trajectory.e[1:] / np.where(seen, trajectory.e[:-1], 1), 1)
        wanted = decay((trajectory.lam[1:] + trajectory.lam[:-1]) / 2, epsilon)
        gap = np.where(seen, np.abs(-np.log(ratio) / depth.rates[-1] - wanted), 0) / wanted.max(axis=0)
        worst = max(worst, float(gap.max()))
    return worst


def _largest_rise(depth: Depth, modes: Mask | slice = slice(None)) -> float:
    """Return the largest rise of e, at any time, from one epsilon to the next larger one."""
    e = np.stack([trajectory.e[:, modes] for trajectory in depth.finest])
    return of_learned(float(np.diff(e, axis=0).max()), _error_left(depth))


def _error_left(depth: Depth) -> float:
    """Return the error at the end as a share of that at the start, the largest of all epsilon."""
    return max(float(trajectory.e[-1].sum() / trajectory.e[0].sum()) for trajectory in depth.finest)


def _theorem_2(depth: Depth) -> list[Check]:
    """Return what grows with epsilon where the condition holds, and where it does not."""
    holds = np.all([theorem_2_holds(depth.system.lam_r, e) for e in EPSILONS], axis=0)
    broken = ~np.any([theorem_2_holds(depth.system.lam_r, e) for e in EPSILONS], axis=0)
    lam = np.stack([trajectory.lam for trajectory in depth.finest])  # (epsilon, time, k, mode)
    scaled = np.sqrt(EPSILONS)[:, None, None] * lam[:, :, 2]
    met, not_met = f"condition holds ({holds.sum()} modes)", f"condition broken ({broken.sum()} modes)"
    falls = np.diff(lam[:, :, 1], axis=0).min(axis=(0, 1))[broken]
    third = np.diff(lam[:, -1, 2], axis=0)[:, holds]
    first, second = _least_growth(lam[:, :, 0], holds), _least_growth(lam[:, :, 1], holds)
    return checks(
        "Theorem 2, ",
        [
            (f"{met}: lambda_1, least growth at any time", first, ">=", -ROUNDING),
            (f"{met}: lambda_2, least growth at any time", second, ">=", -ROUNDING),
            (f"{met}: sqrt(eps) lambda_3, least growth at any time", _least_growth(scaled, holds), ">=", -ROUNDING),
            (
                f"{met}: lambda_3, which the theorem says grows: its largest growth at the end",
                float(third.max()),
                "<",
                0.0,
            ),
            (f"{met}: e, largest rise at any time", _largest_rise(depth, holds), "<=", ROUNDING),
            (f"{not_met}: modes in which lambda_2 falls as epsilon grows", int((falls < -1e-3).sum()), ">=", 1),
            (f"{not_met}: lambda_2, largest fall", float(-falls.min()), ">=", 1e-3),
            (
                f"{not_met}: e, which falls faster nevertheless: largest rise",
                _largest_rise(depth, broken),
                "<=",
                ROUNDING,
            ),
        ],
    )


def _least_growth(by_epsilon: Array, modes: Mask) -> float:
    """Return the least growth, at any time, from one epsilon to the next; NaN if nothing moves: (epsilon, time, mode)."""
    grown = np.diff(by_epsilon[:, :, modes], axis=0)
    return float(grown.min()) if grown.any() else float("nan")


EXPERIMENT = Experiment(
    "amit-theory",
    "Amit 2019, Eq. 12-18, Theorems 1 and 2",
    "The weights of circuits follow the scalar equations of the linear theory.",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="the bases of 3 networks",
)
