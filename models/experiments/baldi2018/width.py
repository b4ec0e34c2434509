"""Baldi, Sadowski and Lu 2018, sections 7.5 and 7.6: A[1, N, 1] (Theorem 5) and A[N, 1, N] (Lemma 1, Theorem 6).

In A[1, N, 1] b_i = a_i^2/(2 c_i) + C_i and a_i = (c_i/c_1) a_1 + K_i, so that a_1 ends at a root of a cubic. In A[N, 1, N],
an autoencoder of white data, CB = |A|^2/2 + K (Eq. 66). A goes to beta C, where beta is the positive root of 1 - (t^2
|C|^2/2 + K) t (Eq. 77; there is but one), B goes to C^T/(beta |C|^2), and P = BA to C^T C/|C|^2. The paper prints a P
without the quotient; with |C|^2 as a factor it would be off by |C|^4. There are 128 random starts of each, with N = 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.polynomial import Polynomial

from ...networks.independent_networks import Networks
from ..framework.experiment import Check, Experiment, Report, Settings, checks
from ..framework.figure_style import BLUE, ORANGE, RED, letter, new_figure
from ..theory.convergence import Convergence, LinearNetworks, Stages, converge, draw_convergence
from .chain_fixed_points import Array, next_root

N, COUNT = 4, 128
STAGES: Stages = ((5e-5, 0.4), (5e-4, 4.0), (5e-3, 40.0))
QUICK: Stages = ((1e-3, 0.5), (1e-2, 20.0))


@dataclass(frozen=True)
class Width:
    """What one of the architectures did: ends and predictions, (count, weights), and how many began unstable."""

    end: Array
    predicted: Array
    unstable: np.ndarray
    convergence: Convergence

    @property
    def end_distance(self) -> Array:
        """Relative distance, (count,)."""
        return np.linalg.norm(self.end - self.predicted, axis=1) / np.linalg.norm(self.predicted, axis=1)


def run(settings: Settings) -> Report:
    """Run both architectures."""
    settings.show_progress("baldi-width: A[1, N, 1]")
    wide = expansive(settings)
    settings.show_progress("baldi-width: A[N, 1, N]")
    narrow, product, C = compressive(settings)
    limit = 1e-2 if settings.quick else 1e-3
    made = [
        *_checks(
            "A[1, N, 1], Theorem 5: ", wide, "in the unstable region, sum of a_i^2 + b_i c_i < 0", limit, settings
        ),
        *_checks("A[N, 1, N], Theorem 6: ", narrow, "where K < 0", limit, settings),
    ]
    size = np.sum(C**2, axis=(1, 2))[:, None, None]
    wanted = C.mT @ C / size
    made += checks(
        "A[N, 1, N], Theorem 6: ",
        [
            ("distance of P from C^T C/|C|^2, the worst start", float(np.abs(product - wanted).max()), "<=", limit),
            (
                "starts whose P is nearer to C^T C/|C|^2 than to C^T C |C|^2",
                int((_norms(product - wanted) < _norms(product - wanted * size**2)).sum()),
                "==",
                len(C),
            ),
        ],
    )
    return Report(made, _draw(wide, narrow))


def _norms(matrices: Array) -> Array:
    return np.linalg.norm(matrices, axis=(1, 2))


def _count(settings: Settings) -> int:
    return COUNT // 4 if settings.quick else COUNT


def expansive(settings: Settings) -> Width:
    """Run networks A[1, N, 1]."""
    rng, count = settings.rng(5), _count(settings)
    a, b = rng.uniform(-1.5, 1.5, (2, count, N))
    c = rng.choice([-1, 1], (count, N)) * rng.uniform(0.5, 1.5, (count, N))
    alpha, beta = rng.choice([-1, 1], count) * rng.uniform(0.5, 1.5, count), rng.uniform(0.5, 1.5, count)
    linear = LinearNetworks(
        Networks([a[:, :, None], b[:, None, :]], [c[:, :, None]]),
        beta[:, None, None],
        alpha[:, None, None],
        settings.backend,
    )
    W1, W2 = linear.settle(QUICK if settings.quick else STAGES)
    known = {"b_i - a_i^2/(2 c_i)": lambda w: w[1][..., 0, :] - w[0][..., 0] ** 2 / (2 * c)}
    convergence = converge(linear, _rates(settings), np.linspace(0, 0.6, 7), known)
    linear.close()
    predicted = np.array([_cubic(*of) for of in zip(a, b, c, alpha, beta, strict=True)])
    unstable = np.sum(a**2 + b * c, axis=1) < 0
    return Width(np.concatenate([W1[..., 0], W2[:, 0]], axis=1), predicted, unstable, convergence)


def _cubic(a: Array, b: Array, c: Array, alpha: float, beta: float) -> Array:
    """Return where A[1, N, 1] ends: a_1..a_N, b_1..b_N."""
    x = Polynomial([0.0, 1.0])
    lower = [c[i] / c[0] * (x - a[0]) + a[i] for i in range(N)]
    upper = [(lower[i] ** 2 - a[i] ** 2) / (2 * c[i]) + b[i] for i in range(N)]
    P = sum((low * up for low, up in zip(lower, upper, strict=True)), start=Polynomial([0.0]))
    end = next_root(c[0] * (alpha - beta * P), a[0])
    return np.array([one(end) for one in [*lower, *upper]])


def compressive(settings: Settings) -> tuple[Width, Array, Array]:
    """Run networks A[N, 1, N]; and P where it ends, (count, N, N), and C, (count, 1, N)."""
    rng, count = settings.rng(6), _count(settings)
    A, C = rng.uniform(-1.5, 1.5, (2, count, 1, N))
    B = rng.uniform(-1.5, 1.5, (count, N, 1))
    white = np.tile(np.eye(N), (count, 1, 1))
    linear = LinearNetworks(Networks([A, B], [C]), white, white, settings.backend)
    A_end, B_end = linear.settle(QUICK if settings.quick else STAGES)

    def lemma_1(w: Sequence[Array]) -> Array:
        W1, W2 = w
        return (C @ W2)[..., 0, 0] - np.sum(W1**2, axis=(-1, -2)) / 2

    convergence = converge(linear, _rates(settings), np.linspace(0, 0.6, 7), {"Lemma 1, CB - |A|^2/2": lemma_1})
    linear.close()
    K, size = lemma_1((A, B)), np.sum(C**2, axis=(1, 2))
    beta = np.array([_positive_root(k, s) for k, s in zip(K, size, strict=True)])[:, None]
    predicted = np.concatenate([beta * C[:, 0], C[:, 0] / (beta * size[:, None])], axis=1)
    end = np.concatenate([A_end[:, 0], B_end[..., 0]], axis=1)
    return Width(end, predicted, K < 0, convergence), B_end @ A_end, C


def _positive_root(K: float, size: float) -> float:
    """Return the positive root of Eq. 77."""
    return next_root(Polynomial([1.0, -K, 0.0, -size / 2]), 0.0)


def _rates(settings: Settings) -> list[float]:
    return [r * (5e-4 if settings.quick else 5e-5) for r in (4.0, 2.0, 1.0)]


def _checks(about: str, one: Width, unstable: str, limit: float, settings: Settings) -> list[Check]:
    """Check where networks end; ``unstable`` says in words which of them begin unstable."""
    rows = [
        ("random starts", len(one.end), ">=", _count(settings)),
        (f"random starts {unstable}", int(one.unstable.sum()), ">=", 1),
        (
            "the end, all weights, from the predicted root, relative, the worst start",
            float(one.end_distance.max()),
            "<=",
            limit,
        ),
        (
            f"the end, all weights, from the predicted root, relative, the worst start {unstable}",
            float(one.end_distance[one.unstable].max()),
            "<=",
            limit,
        ),
    ]
    return checks(about, rows) + one.convergence.checks(about)


def _draw(wide: Width, narrow: Width) -> Figure:
    figure = new_figure(7.6, 2.9)
    one, other, rates = figure.subplots(1, 3)
    _draw_ends(one, wide, "A[1, 4, 1]: the cubic", ("in the unstable region", "elsewhere"))
    _draw_ends(other, narrow, "A[4, 1, 4]: A to βC", ("K < 0", "K ≥ 0"))
    draw_convergence(rates, {"A[1, 4, 1]": wide.convergence, "A[4, 1, 4]": narrow.convergence}, [BLUE, ORANGE])
    letter([one, other, rates])
    return figure


def _draw_ends(ax: Axes, one: Width, title: str, names: tuple[str, str]) -> None:
    ax.axline((0, 0), slope=1, color="black", linewidth=0.5, zorder=0)
    for chosen, colour, name in ((~one.unstable, BLUE, names[1]), (one.unstable, RED, names[0])):
        ax.plot(one.predicted[chosen].ravel(), one.end[chosen].ravel(), ".", color=colour, markersize=3, label=name)
    ax.set(title=title, xlabel="a weight, as predicted", ylabel="where it ends")
    ax.legend(loc="upper left", handlelength=0.8)


EXPERIMENT = Experiment(
    "baldi-width",
    "Baldi, Sadowski and Lu 2018, Theorems 5, 6, Lemma 1",
    "Linear networks with a wide or a narrow middle end where Theorems 5 and 6 say.",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="256 networks",
)
