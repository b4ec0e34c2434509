"""Lillicrap et al. 2016, Supplementary Note 14, Theorem 2: with one stimulus and A = W = 0 at first, B acts as W^+ does.

100 linear networks of 6-5-3, each with its own x, y* and B, are shown their one stimulus again and again; eta_A = eta_W/
(x.x). From the second presentation on W = s_w y* (B y*)^T, and B e is a positive multiple of W^+ e, at every step:

    s B e = W^+ e,  s = 1/(s_w |B y*|^2)

Eq. 47 and 49 leave out s_w and print |B y*|^2 for its inverse. W^T e is a multiple of B e just as well here, as W has
rank 1; it takes a second stimulus to tell the two apart (lillicrap-pseudoinverse).
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ...analysis.expected_learning import Flow
from ...networks.independent_networks import Networks, gather, side_by_side
from ..framework.experiment import Experiment, Report, Settings, checks
from ..framework.figure_style import BLUE, GREY, ORANGE, letter, new_figure
from ..theory.averaged_equations import Array

SIZES = (6, 5, 3)
COUNT, RATE, STEPS = 100, 0.05, 120
SQUARE = 2.0  # x.x


def run(settings: Settings) -> Report:
    """Run all networks, looked at after every presentation."""
    settings.show_progress("lillicrap-theorem2")
    n_i, n_h, n_o = SIZES
    rng = settings.rng(4)
    x = rng.standard_normal((COUNT, n_i))
    x *= np.sqrt(SQUARE) / np.linalg.norm(x, axis=1, keepdims=True)
    y, B = rng.standard_normal((COUNT, n_o)), rng.uniform(-1, 1, (COUNT, n_h, n_o))
    networks = Networks([np.zeros((COUNT, n_h, n_i)), np.zeros((COUNT, n_o, n_h))], [B])
    flow = Flow(
        side_by_side(networks, batch_size=1), {"x": x.reshape(1, -1), "target": y.reshape(1, -1)}, settings.backend
    )
    trajectory = flow.run(RATE, RATE * np.arange(STEPS + 1), {"W1": 1 / SQUARE})
    flow.close()
    A, W = (np.stack([gather(w, COUNT) for w in trajectory.weights[f"{name}.w"]]) for name in ("W1", "W2"))
    e = y - (W @ A @ x[..., None])[..., 0]
    seen = (np.arange(STEPS + 1)[:, None] >= 2) & (np.linalg.norm(e, axis=-1) > 1e-6)
    sent, pseudo = (B @ e[..., None])[..., 0], (np.linalg.pinv(W, rcond=1e-9) @ e[..., None])[..., 0]
    By = (B @ y[..., None])[..., 0]
    s_w = (y[:, None] @ W @ By[..., None])[..., 0, 0] / (np.sum(y**2, axis=1) * np.sum(By**2, axis=1))
    sizes = np.linalg.norm(W, axis=(-2, -1), keepdims=True)
    straight = W - s_w[..., None, None] * (y[:, :, None] * By[:, None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.sum(sent * pseudo, axis=-1) / np.linalg.norm(sent, axis=-1) / np.linalg.norm(pseudo, axis=-1)
        straight = straight[2:] / sizes[2:]
        s = np.linalg.norm(pseudo, axis=-1) / np.linalg.norm(sent, axis=-1)
        s[s == 0] = np.nan  # W is still 0
        predicted = 1 / (s_w * np.sum(By**2, axis=1))
    about = f"{COUNT} networks, {STEPS} presentations: "
    found = checks(
        about,
        [
            (
                "W from a multiple of y* (B y*)^T, relative, the largest part",
                float(np.abs(straight).max()),
                "<=",
                1e-12,
            ),
            (
                "cosine of B e and W^+ e, from the second presentation on, the least",
                float(cosine[seen].min()),
                ">=",
                1 - 1e-9,
                "Theorem 2: a positive multiple",
            ),
            ("s from 1/(s_w |B y*|^2), relative, the worst", float(np.abs(s / predicted - 1)[seen].max()), "<=", 1e-6),
            (
                "s from |B y*|^2, as Eq. 49 has it, relative, the median",
                float(np.median(np.abs(s / np.sum(By**2, axis=1) - 1)[seen])),
                ">",
                0.5,
            ),
            (
                "|e| at the end, over |y*|, the worst",
                float((np.linalg.norm(e[-1], axis=1) / np.linalg.norm(y, axis=1)).max()),
                "<=",
                0.5,
            ),
        ],
    )
    return Report(found, _draw(np.where(seen, cosine, np.nan), np.where(seen, s * s_w, np.nan), By))


def _draw(cosine: Array, scaled: Array, By: Array) -> Figure:
    figure = new_figure(5.6, 2.6)
    left, right = figure.subplots(1, 2)
    left.semilogy(np.maximum(np.degrees(np.arccos(np.clip(cosine, -1, 1))), 1e-8), color=BLUE, linewidth=0.5)
    left.set(title="angle of $Be$ to $W^+e$", xlabel="presentation", ylabel="degrees", ylim=(1e-9, 90), xlim=(0, STEPS))
    sizes = np.sum(By**2, axis=1)
    right.loglog(sizes, scaled[10], ".", color=ORANGE, markersize=4, label="circuits")
    grid = np.geomspace(sizes.min(), sizes.max(), 20)
    right.loglog(grid, 1 / grid, color=GREY, linewidth=0.8, label="$1/|By^*|^2$")
    right.loglog(grid, grid, color=GREY, linewidth=0.8, linestyle="--", label="$|By^*|^2$, printed")
    right.set(title="the scale of $W^+e$", xlabel="$|By^*|^2$", ylabel="$s\\,s_w$")
    right.legend()
    letter([left, right])
    return figure


EXPERIMENT = Experiment(
    "lillicrap-theorem2",
    "Lillicrap et al. 2016, Note 14, Theorem 2",
    "With one stimulus and zero weights at first, the feedback acts as a pseudoinverse (Theorem 2).",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="100 networks",
)
