"""Baldi, Sadowski and Lu 2018, sections 3, 6.1 and 7: where algorithms are the same, and what their equations conserve.

Two algorithms are equal in some networks: RBP is SRBP in networks with one hidden layer, and in linear networks with layers
of one size (with C_1 C_2 in the place of SRBP's C_1). A narrow layer limits the rank of what RBP brings to the layers below
it, and not that of SRBP; with upper derivatives the two differ. By Eq. 20, noise on the backward weights of BP, drawn again
at every update, averages to BP, and noise that stays does not. Under gradient descent a_(i+1)^2 - a_i^2 stays in chains
(Eq. 54), and A_(i+1)^T A_(i+1) - A_i A_i^T in general (from Eq. 85, whose left side is A_(i+1)^T dA_(i+1)/dt); with powers
(Eq. 119) a_1^2 - mu a_2^2 stays. By Theorem 1 chains A[1, 1, 1] go to the next root of their cubic. By Eq. 103 and 105 A_2
grows no faster than |S_TI| |A_1|, and the integral of |C A_2 A_1 - C S_TI S_II^-1|^2 is finite. With mu = 1/3, which
Theorem 12 leaves out, learning ends at a root of Eq. 117 as well. Theorem 9 assumes that the solutions of Eq. 110 are isolated.
This holds where networks of two of the three shapes end, and both matrices come to rest there (see `equivalence_discrete`).

Networks start at random, and the limits of the checks are ours, written down before the first run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure

from ....plasticity import bp, frfb
from ...analysis.expected_learning import Flow
from ..framework.experiment import Experiment, Report, Row, Settings, checks
from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, letter, new_figure
from ..theory.convergence import SMALL
from .equivalence_circuits import Array, chain, forward_weights, noisy, powers, skipping
from .equivalence_discrete import discrete, on_discrete
from .equivalence_limits import THIRD, bounded, cubic, on_bounds, on_roots, third
from .nonlinear import INPUTS


@dataclass(frozen=True)
class Drawn:
    """A network A[sizes] as it begins, a channel for each kind of path, and rows to learn."""

    weights: list[Array]
    down: list[Array]
    straight: list[Array]
    x: Array
    target: Array


def run(settings: Settings) -> Report:
    """Run every statement in its own circuits."""
    settings.show_progress("baldi-equivalence: RBP and SRBP")
    rows = _equal(settings)
    settings.show_progress("baldi-equivalence: Eq. 20")
    averaged = _averaging(6400, settings)
    settings.show_progress("baldi-equivalence: gradient descent")
    kept = _conserved(settings)
    settings.show_progress("baldi-equivalence: Theorem 1, and powers")
    ends, roots, gaps, places = cubic(64 if settings.quick else 256, settings)
    rows += [*_check_averages(averaged), *_check_conserved(kept), *on_roots(gaps, places), *third(settings)]
    settings.show_progress("baldi-equivalence: Eq. 103 and 105")
    limits = bounded(40.0 if settings.quick else 200.0, settings)
    settings.show_progress("baldi-equivalence: Theorem 9")
    rows += [*on_bounds(limits), *on_discrete(discrete(100.0 if settings.quick else 400.0, settings), settings.quick)]
    return Report(checks("", rows), _draw(averaged, kept, (ends, roots), limits))


# ---- RBP and SRBP --------------------------------------------------------------------------------------------------


def _drawn(sizes: tuple[int, ...], key: int, settings: Settings) -> Drawn:
    """Return weights, C_i from layer to layer and straight ones that are their products, and 12 rows."""
    rng = settings.rng(key)
    pairs = list(zip(sizes[1:], sizes, strict=False))
    weights: list[Array] = [rng.normal(0, 0.7 / np.sqrt(pre), (post, pre)) for post, pre in pairs]
    down: list[Array] = [rng.normal(0, 1 / np.sqrt(post), (pre, post)) for post, pre in pairs[1:]]
    straight: list[Array] = [down[-1]]
    for c in down[-2::-1]:
        straight.insert(0, c @ straight[0])
    return Drawn(weights, down, straight, rng.normal(size=(12, sizes[0])), rng.normal(size=(12, sizes[-1])))


def _last_weights(flow: Flow, until: float = 2.0) -> list[Array]:
    """Return W_1, ..., W_L at a time, at the rate .02."""
    found = [w[-1] for w in forward_weights(flow, 0.02, [0.0, until])]
    flow.close()
    return found


def _gap(one: Drawn, transfer: str, straight: list[Array] | None = None) -> float:
    """Return the largest difference of the weights that RBP and SRBP learn, divided by the largest change of a weight."""
    a = _last_weights(chain(one.weights, one.x, one.target, frfb, one.down, transfer))
    b = _last_weights(skipping(one.weights, one.x, one.target, straight or one.straight, transfer))
    gap = max(float(np.abs(v - w).max()) for v, w in zip(a, b, strict=True))
    largest_change = max(float(np.abs(v - w).max()) for v, w in zip(a, one.weights, strict=True))
    return gap / largest_change if largest_change else float("nan")


def _ranks(one: Drawn, settings: Settings) -> tuple[int, int]:
    """Return the rank of what W_1 learned by RBP, and by SRBP with matrices of full rank."""
    rng = settings.rng(1)
    full = [rng.normal(size=c.shape) for c in one.straight]
    ends = (
        _last_weights(chain(one.weights, one.x, one.target, frfb, one.down)),
        _last_weights(skipping(one.weights, one.x, one.target, full)),
    )
    rbp, srbp = (int(np.linalg.matrix_rank(w[0] - one.weights[0], tol=1e-8)) for w in ends)
    return rbp, srbp


def _equal(settings: Settings) -> list[Row]:
    same = "RBP is equivalent to SRBP"
    rbp, srbp = _ranks(_drawn((6, 5, 2, 4), 3, settings), settings)
    over = "RBP and SRBP, difference of their weights over the largest change of a weight"
    return [
        (f"A[5, 4, 3], tanh: {over}", _gap(_drawn((5, 4, 3), 0, settings), "tanh"), "<=", 1e-10, same),
        (f"A[4, 4, 4, 4], linear: {over}", _gap(_drawn((4, 4, 4, 4), 1, settings), "linear"), "<=", 1e-10, same),
        (
            f"A[4, 4, 4, 4], tanh: {over}",
            _gap(_drawn((4, 4, 4, 4), 2, settings), "tanh"),
            ">=",
            1e-3,
            "upper derivatives",
        ),
        ("A[6, 5, 2, 4], linear: rank of what W_1 learns, RBP", rbp, "==", 2, "layer sizes introduce rank constraints"),
        ("A[6, 5, 2, 4], linear: rank of what W_1 learns, SRBP", srbp, "==", 4),
    ]


# ---- Eq. 20 --------------------------------------------------------------------------------------------------------


def _averaging(presentations: int, settings: Settings) -> dict[str, Array]:
    """Return |mean update - BP's update| over |BP's update| after 25, 100, ... presentations, with W as good as still."""
    looks = 25.0 * 4.0 ** np.arange(int(np.log2(presentations / 25) // 2) + 1)
    found: dict[str, list[Array]] = {"drawn anew": [], "fixed": []}
    for key in range(3):
        one, rng = _drawn((5, 6, 4, 3), 10 + key, settings), settings.rng(key)
        exact = _updates(chain(one.weights, one.x, one.target, bp, transfer="tanh"), [1])[0]
        fixed = [w.T + 0.3 * rng.standard_normal(w.T.shape) for w in one.weights[1:]]
        anew = chain(one.weights, one.x, one.target, noisy, transfer="tanh")
        for i in (2, 3):
            anew.net[f"W{i}.sd"] = 0.3
        for name, flow in (
            ("drawn anew", anew),
            ("fixed", chain(one.weights, one.x, one.target, frfb, fixed, "tanh")),
        ):
            means = _updates(flow, looks)
            found[name].append(np.array([np.linalg.norm(m - exact) / np.linalg.norm(exact) for m in means]))
    return {"presentations": looks, **{name: np.mean(runs, axis=0) for name, runs in found.items()}}


def _updates(flow: Flow, looks: Array | list[int]) -> Array:
    """Return the mean update of W_1 over so many presentations, at a rate at which W stays as good as it is.

    The first presentation is left out: the noise is drawn at the end of each.
    """
    rate = 1e-7
    w = forward_weights(flow, rate, rate * np.array([0, 1, *(1 + np.asarray(looks))]))[0]
    flow.close()
    return np.stack([(a - w[1]) / (rate * n) for a, n in zip(w[2:], looks, strict=True)])


def _check_averages(found: dict[str, Array]) -> list[Row]:
    anew, fixed, n = found["drawn anew"], found["fixed"], found["presentations"]
    slope = float(np.polyfit(np.log(n), np.log(anew), 1)[0]) if np.isfinite(anew).all() else float("nan")
    what = "Eq. 20, the mean update of W_1 from that of BP, relative"
    return [
        (f"{what}: slope over the number of updates, noise drawn anew", slope, "within", (-0.65, -0.35), "1/sqrt(n)"),
        (
            f"{what}: noise drawn anew, after {n[-1]:g} updates",
            float(anew[-1]),
            "<=",
            2 / np.sqrt(n[-1]),
            "exactly given by BP",
        ),
        (f"{what}: noise that stays", float(fixed[-1]), ">=", 0.1, "instead of averaging"),
    ]


# ---- gradient descent ----------------------------------------------------------------------------------------------


def _conserved(settings: Settings) -> dict[str, Array]:
    """Return drifts of what gradient descent conserves, divided by the largest change of a weight, at the rates .004,
    .002 and .001.

    A fourth value is that of RBP at the last rate; powers have none.
    """
    found = {}
    for name, sizes in (("chain, Eq. 54", (1, 1, 1, 1)), ("A[4, 3, 3, 2], Eq. 85", (4, 3, 3, 2))):
        one = _drawn(sizes, 20, settings)
        if sizes[0] == 1:
            one = replace(one, weights=[np.full((1, 1), a) for a in (0.4, 0.9, 0.6)], target=1.5 * one.x)
        runs = [(chain(one.weights, one.x, one.target, bp), rate) for rate in (4e-3, 2e-3, 1e-3)]
        runs.append((chain(one.weights, one.x, one.target, frfb, one.down), 1e-3))
        found[name] = np.array([_drift(flow, rate, _matrix_invariants) for flow, rate in runs])
    rng = settings.rng(4)
    start, x = rng.uniform(0.4, 1.2, (2, 16)), INPUTS
    targets = x[:, None] * rng.uniform(0.5, 1.2, 16)
    for mu in (THIRD, 2.0):
        drifts = [_drift(powers(start, x, targets, mu), rate, _power_invariant(mu)) for rate in (4e-3, 2e-3, 1e-3)]
        found[f"power {mu:.2g}, Eq. 119"] = np.array(drifts)
    return found


def _matrix_invariants(w: list[Array]) -> list[Array]:
    return [b.mT @ b - a @ a.mT for a, b in zip(w, w[1:], strict=False)]


def _power_invariant(mu: float) -> Callable[[list[Array]], list[Array]]:
    return lambda w: [w[0] ** 2 - mu * w[1] ** 2]


def _drift(flow: Flow, rate: float, of: Callable[[list[Array]], list[Array]]) -> float:
    w = forward_weights(flow, rate, np.linspace(0, 4, 9))
    flow.close()
    largest_change = max(float(np.abs(a - a[0]).max()) for a in w)
    drift = max(float(np.abs(a - a[0]).max()) for a in of(w))
    return drift / largest_change if largest_change else float("nan")


def _check_conserved(kept: dict[str, Array]) -> list[Row]:
    rows: list[Row] = []
    for name, drifts in kept.items():
        ratios = drifts[:2] / drifts[1:3]
        farthest = float(ratios[np.argmax(np.abs(ratios - 2))])
        rows += [
            (
                f"gradient descent, {name}: drift over the largest change of a weight, rate .001",
                float(drifts[2]),
                "<=",
                SMALL,
            ),
            (
                f"gradient descent, {name}: drift at a rate over the drift at half of that rate",
                farthest,
                "within",
                (1.8, 2.2),
            ),
        ]
        if len(drifts) > 3:
            rows.append(
                (
                    f"RBP, {name}: drift of what gradient descent conserves, over the largest change of a weight",
                    float(drifts[3]),
                    ">=",
                    0.1,
                )
            )
    return rows


# ---- figure --------------------------------------------------------------------------------------------------------


def _draw(
    averaged: dict[str, Array], kept: dict[str, Array], cubic: tuple[Array, Array], limits: dict[str, Array]
) -> Figure:
    figure = new_figure(9.0, 2.7)
    noise, drift, root, integral = axes = figure.subplots(1, 4)
    for name, colour in (("drawn anew", GREEN), ("fixed", ORANGE)):
        noise.loglog(averaged["presentations"], averaged[name], "o-", color=colour, markersize=3, label=f"noise {name}")
    noise.set(title="Eq. 20", xlabel="updates", ylabel="mean update from that of BP")
    for (name, values), colour in zip(kept.items(), (BLUE, GREEN, ORANGE, GREY), strict=True):
        drift.loglog([4e-3, 2e-3, 1e-3], values[:3], "o-", color=colour, markersize=3, label=name)
    drift.set(title="gradient descent", xlabel="rate", ylabel="drift over way")
    drift.set_xticks((1e-3, 2e-3, 4e-3), ("0.001", "0.002", "0.004"))
    drift.minorticks_off()
    root.plot(cubic[1], cubic[0], ".", color=BLUE, markersize=3)
    root.set(title="Theorem 1", xlabel="next root of the cubic", ylabel=r"$a_1$ at the end")
    integral.plot(limits["times"], limits["integral"], color=BLUE, linewidth=0.6)
    integral.set(title="Eq. 105", xlabel="t = rate × presentations", ylabel="integral up to t")
    for ax in (noise, drift):
        ax.legend(fontsize=6)
    letter(list(axes))
    return figure


EXPERIMENT = Experiment(
    "baldi-equivalence",
    "Baldi, Sadowski and Lu 2018, sections 3, 6.1 and 7",
    "RBP equals SRBP where it should, noise on symmetric weights averages to backpropagation, and bounds and couplings hold.",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="1 to 256 networks for each statement",
)
