"""What networks of `baldi-equivalence` end at, and how fast they may grow: Theorem 1, Eq. 103 and 105, and mu = 1/3."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import Polynomial

from ...networks.independent_networks import Networks
from ..framework.experiment import Row, Settings
from ..theory.convergence import SMALL, Array, LinearNetworks, Stages
from .chain_fixed_points import next_root
from .nonlinear import INPUTS, Powers

THIRD = 1 / 3
STAGES: Stages = ((2e-4, 0.4), (1e-3, 3.0), (5e-3, 40.0))


def cubic(count: int, settings: Settings) -> tuple[Array, Array, Array, Array]:
    """Return where chains A[1, 1, 1] end and begin.

    Return a_1 at the end, the next root of its cubic, the distance of the two over the way from the start to the root, and
    where it began: -1 below all roots, 1 above them, 0 between them.
    """
    rng = settings.rng(5)
    start, c = rng.uniform(-1.8, 1.8, (2, count)), rng.uniform(0.5, 1.5, count)
    alpha, beta = rng.uniform(0.5, 1.5, (2, count))
    networks = Networks(list(start[..., None, None]), [c[:, None, None]])
    linear = LinearNetworks(networks, beta[:, None, None], alpha[:, None, None], settings.backend)
    ends = linear.settle(STAGES)[0][:, 0, 0]
    linear.close()
    K = start[1] - start[0] ** 2 / (2 * c)
    cubics = [Polynomial([ci * a, -ci * b * k, 0, -b / 2]) for ci, a, b, k in zip(c, alpha, beta, K, strict=True)]
    roots = np.array([next_root(Q, a) for Q, a in zip(cubics, start[0], strict=True)])
    real = [Q.roots().real[np.abs(Q.roots().imag) < 1e-9] for Q in cubics]
    places = np.array([int(a > r.max()) - int(a < r.min()) for a, r in zip(start[0], real, strict=True)])
    gaps = np.where(ends == start[0], np.inf, np.abs(ends - roots) / np.abs(start[0] - roots))
    return ends, roots, gaps, places


def on_roots(gaps: Array, places: Array) -> list[Row]:
    """Check where chains end, by where they begin."""
    names = {-1: "below the smallest root", 0: "between roots", 1: "above the largest root"}
    rows: list[Row] = []
    for place, name in names.items():
        there = places == place
        close = float((gaps <= SMALL)[there].mean()) if there.any() else float("nan")
        rows.append((f"Theorem 1, start {name} ({there.sum()}): share that ends at the next root", close, ">=", 0.98))
    return rows


def third(settings: Settings) -> list[Row]:
    """Run mu = 1/3 by RBP, with f' (Eq. 114 to 117)."""
    rng, count = settings.rng(6), 32
    targets = INPUTS[:, None] ** THIRD * rng.uniform(0.6, 1.2, count) + rng.uniform(0, 0.2, (len(INPUTS), count))
    one = Powers(THIRD, rng.uniform(0.5, 1.2, (2, count)), rng.uniform(0.5, 1.5, count), targets)
    flow = one.flow(True, settings.backend)
    trajectory = flow.run(1e-3, [0, 1, 5, 20])
    flow.close()
    a = np.stack([trajectory.weights[f"W{i}.w"].reshape(4, count) for i in (1, 2)], axis=1)
    moved = np.abs(a[-1] - a[0]).max()
    gap = float(np.abs(a[-1] - one.roots()).max() / moved) if moved else float("nan")
    drift = float(np.abs(one.invariant(a) - one.invariant(a[0])).max() / moved) if moved else float("nan")
    return [
        (
            "mu = 1/3, RBP: distance from the root of Eq. 117 over the largest change of a weight, the worst of 32",
            gap,
            "<=",
            SMALL,
        ),
        ("mu = 1/3, RBP: drift of Eq. 115 over the largest change of a weight, the worst of 32", drift, "<=", SMALL),
    ]


def bounded(until: float, settings: Settings) -> dict[str, Array]:
    """Run 20 networks A[4, 3, 2]: growth of |A_2| over its bound, and the integral of Eq. 105, by time."""
    rng, count = settings.rng(7), 20
    A1, A2 = rng.normal(0, 0.6, (count, 3, 4)), rng.normal(0, 0.6, (count, 2, 3))
    C, S_TI = rng.normal(0, 1, (count, 3, 2)), rng.normal(0, 0.6, (count, 2, 4))
    basis = np.linalg.qr(rng.standard_normal((count, 4, 4)))[0]
    S_II = (basis * rng.uniform(0.5, 1.5, (count, 1, 4))) @ basis.transpose(0, 2, 1)
    linear = LinearNetworks(Networks([A1, A2], [C]), S_II, S_TI, settings.backend)
    times = np.linspace(0, until, 401)
    low, high = linear.trajectory(1e-2, np.round(times / 1e-2) * 1e-2)
    linear.close()
    sizes = np.linalg.norm(low, axis=(2, 3)), np.linalg.norm(high, axis=(2, 3))
    bound = np.linalg.norm(S_TI, axis=(1, 2)) * sizes[0].max(axis=0)
    left = np.linalg.norm(C @ high @ low - C @ S_TI @ np.linalg.inv(S_II), axis=(2, 3)) ** 2
    growth = np.diff(sizes[1], axis=0) / np.diff(times)[:, None] / bound
    return {"times": times, "growth": growth, "integral": np.cumsum(left, axis=0) * times[1], "size": sizes[1]}


def on_bounds(found: dict[str, Array]) -> list[Row]:
    """Check the growth of A_2, and that the integral comes to an end."""
    integral, half = found["integral"], len(found["times"]) // 2
    later = float(((integral[-1] - integral[half]) / integral[-1]).max())
    return [
        (
            "Eq. 103: growth of |A_2| over |S_TI| max |A_1|, the largest",
            float(found["growth"].max()),
            "within",
            (0.01, 1.0),
        ),
        ("Eq. 105: share of the integral that comes after half of the time, the largest", later, "<=", 0.02, "finite"),
    ]
