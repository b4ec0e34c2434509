"""Lillicrap et al. 2016, Supplementary Note 15: pseudobackprop moves the hidden units as Gauss and Newton would, nearly.

Networks of 8-6-4 units with tanh hidden units and a linear output are shown one stimulus, once. Their feedback weights are
W^+, which Python sets before that presentation, as the paper gives no rule by which they would be learned (cameron-newton
has one). Afterwards the change of h is measured. To first order in the rate each element is

    Delta h_j = eta D_j^2 (x.x) delta_GN_j,    delta_GN = W^+ e     (Eq. 59)

so that the step has the signs of the Gauss-Newton step but is parallel to it only where all D_j are equal: "exactly
Gauss-Newton" takes a rate of each unit's own. D is f' at the preactivation (not at h, as after Eq. 56), and where there
are more hidden units than outputs e_h^T e_h in Eq. 53 has no inverse: e_h^+ is meant. 100 networks beside each other. The
rates are so small that the step is of first order where W is nearly singular, too: at ten times these rates one draw of
eight has a network in which it is not.
"""

from __future__ import annotations

import numpy as np
from brian2.units import ms
from matplotlib.figure import Figure

from ....circuits import pyramidal
from ...analysis.expected_learning import Flow
from ...networks.independent_networks import Networks, gather, side_by_side
from ..framework.experiment import Experiment, Report, Settings, checks
from ..framework.figure_style import BLUE, GREY, ORANGE, letter, new_figure
from ..theory.averaged_equations import Array

SIZES, COUNT = (8, 6, 4), 100
RATES = (4e-4, 2e-4, 1e-4)


def run(settings: Settings) -> Report:
    """Make one presentation at three rates; with weights as they are drawn, and so small that all D_j are nearly 1."""
    rng = settings.rng(6)
    n_i, n_h, n_o = SIZES
    A, W = rng.normal(0, 0.4, (COUNT, n_h, n_i)), rng.normal(0, 0.6, (COUNT, n_o, n_h))
    x, y = rng.standard_normal((COUNT, n_i)), rng.standard_normal((COUNT, n_o))
    settings.show_progress("lillicrap-gauss-newton")
    gaps, trajectories, moved, wanted, newton = [], [], A, A, A
    for rate in RATES:
        moved, wanted, newton = step(A, W, x, y, rate, settings.backend)
        trajectories.append(moved / rate)
        gaps.append(float((np.linalg.norm(moved - wanted, axis=1) / np.linalg.norm(wanted, axis=1)).max()))
    newton_angles = angles(moved, newton)
    alike = angles(*step(1e-3 * A, W, x, y, RATES[-1], settings.backend)[::2])
    limit = 2 * trajectories[-1] - trajectories[-2] - wanted / RATES[-1]
    off = np.linalg.norm(limit, axis=1) / np.linalg.norm(wanted / RATES[-1], axis=1)
    ratios = [a / b for a, b in zip(gaps, gaps[1:], strict=False)]
    rows = checks(
        f"{COUNT} networks: ",
        [
            (
                "relative distance of Delta h over the rate, extrapolated to rate 0, from D^2 (x.x) delta_GN, the worst",
                float(off.max()),
                "<=",
                0.01,
                "Eq. 59",
            ),
            (
                "distance of Delta h over the rate from D^2 (x.x) delta_GN: its ratio at a rate and at half of that rate, "
                "the one farthest from 2",
                max(ratios, key=lambda r: abs(r - 2)),
                "within",
                (1.8, 2.2),
            ),
            (
                "share of the elements of Delta h that have the sign of delta_GN",
                float((np.sign(moved) == np.sign(newton)).mean()),
                ">=",
                0.999,
            ),
            ("angle of Delta h to delta_GN, degrees, mean", float(newton_angles.mean()), ">", 3.0),
            (
                "angle of Delta h to delta_GN where all D_j are nearly 1, degrees, the largest",
                float(alike.max()),
                "<=",
                0.1,
            ),
        ],
    )
    return Report(rows, _draw(moved, wanted, newton_angles, gaps))


def step(A: Array, W: Array, x: Array, y: Array, rate: float, backend: str) -> tuple[Array, Array, Array]:
    """Return how far the circuits' h moved in one presentation, Eq. 59, and delta_GN: (count, n_h) each."""
    networks = Networks([A, W], [np.linalg.pinv(W)])
    net = side_by_side(networks, batch_size=1, hidden=pyramidal("tanh", 1 * ms))
    flow = Flow(net, {"x": x.reshape(1, -1), "target": y.reshape(1, -1)}, backend)
    trajectory = flow.run(rate, [0, rate], {"W2": 0.0})
    flow.close()
    before, after = (np.tanh((gather(w, COUNT) @ x[..., None])[..., 0]) for w in trajectory.weights["W1.w"])
    newton = (np.linalg.pinv(W) @ (y - (W @ before[..., None])[..., 0])[..., None])[..., 0]
    D = 1 - before**2
    return after - before, rate * D**2 * np.sum(x**2, axis=1)[:, None] * newton, newton


def angles(a: Array, b: Array) -> Array:
    """Return the angles in degrees, network by network."""
    cosine = np.sum(a * b, axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def _draw(moved: Array, wanted: Array, newton_angles: Array, gaps: list[float]) -> Figure:
    figure = new_figure(7.4, 2.6)
    left, middle, right = figure.subplots(1, 3)
    left.axline((0, 0), slope=1, color="black", linewidth=0.5)
    left.plot(1e4 * wanted.ravel(), 1e4 * moved.ravel(), ".", color=BLUE, markersize=2)
    left.set(
        title="every element, rate .0001",
        xlabel=r"$10^4\,\eta D_j^2\,x{\cdot}x\;\delta^{GN}_j$",
        ylabel=r"$10^4\,\Delta h_j$, circuit",
    )
    middle.hist(newton_angles[np.isfinite(newton_angles)], bins=20, color=ORANGE)
    middle.set(title=r"angle of $\Delta h$ to $\delta_{GN}$", xlabel="degrees", ylabel="networks")
    right.loglog(RATES, gaps, "o-", color=BLUE, markersize=4)
    right.loglog(RATES, np.array(RATES) * gaps[-1] / RATES[-1] / 2, "--", color=GREY, linewidth=0.8, label="slope 1")
    right.set_xticks(RATES, [f"{r:g}" for r in RATES])
    right.minorticks_off()
    right.set(title=r"first order as the rate $\to$ 0", xlabel="rate", ylabel="relative distance, worst")
    right.legend()
    letter([left, middle, right])
    return figure


EXPERIMENT = Experiment(
    "lillicrap-gauss-newton",
    "Lillicrap et al. 2016, Note 15",
    "Pseudobackpropagation moves the hidden units nearly as the Gauss-Newton method does.",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="100 networks",
)
