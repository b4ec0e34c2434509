"""Lillicrap et al. 2016, Supp. Fig. 5: receptive fields of hidden units, before and after learning MNIST.

The network has 784-1000-10 units and the conditions of `image_training`, except that W begins a fifth as wide, so that the
figure shows what was learned and not what was drawn. The figure shows 100 units drawn at random, the same in each panel; a
pixel is white where the weight from it is strong and positive, and black where it is strong and negative. The supplement
does not say how sparse its sparse feedback is: here each synapse of W and of B between the hidden layer and the output is
there with probability 1/2. A field has become a feature where neighbouring pixels have similar weights: the measure is the
correlation between the weights of horizontal neighbours, over pixels that are not the same in all images. The quick run is
on 8x8 digits, with 100 units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ....circuits import Circuit
from ....circuits.description.first_values import first_values
from ...data import Dataset
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks, many
from ..framework.figure_style import letter, new_figure
from ..framework.saved_runs import at_end, kept
from .image_training import LearningCurve, Plan, trained

Array = NDArray[np.floating]

FA = Plan("frfb", (1000,), epochs=30, rate=0.03, spread=0.2)
PLANS = {
    "Backprop": FA.with_(rule="bp"),
    "Feedback Alignment": FA,
    "Sparse Feedback Alignment": FA.with_(connectivity=0.5),
}
INITIAL = "Initial"
WEIGHTS = "x_to_h1.w"
#: Units that the figure shows.
DRAWN = 100
#: Their weights are kept as whole multiples of this.
STEP = 1e-4


@dataclass(frozen=True)
class Learned:
    """What became of the weights of hidden units, (units, pixels), and the errors on the way.

    Parameters
    ----------
    smooth : mapping of str to float
        The `smoothness` of the weights ``before`` and ``after`` learning, and of their ``change``.
    before, after : array, shape (DRAWN, pixels)
        The weights of the units that the figure shows; empty for all seeds but the first.
    curve : LearningCurve
        The errors.
    """

    smooth: Mapping[str, float]
    before: Array
    after: Array
    curve: LearningCurve


def run(settings: Settings) -> Report:
    """Run the three methods from each seed's weights."""
    data = settings.dataset("digits" if settings.quick else "mnist").standardised()
    found: dict[str, list[Learned]] = {}
    for name, plan in PLANS.items():
        plan = plan.with_(hidden=(100,), epochs=10, batch_size=20, rate=0.03) if settings.quick else plan
        found[name] = [learned("lillicrap-fields", name, plan, data, seed, settings) for seed in settings.seeds]
    return Report(_checks(found, settings.quick), _draw(found, data))


def learned(about: str, name: str, plan: Plan, data: Dataset, seed: int, settings: Settings) -> Learned:
    """Return how the lowest weights of a network changed by learning. A run that is finished is kept."""
    pictured = seed == settings.seeds[0]

    def run() -> dict[str, Any]:
        net = plan.circuit(data, seed)
        before = drawn_weights(net)
        curve = trained(net, plan, data, seed, settings, label=f"{about}: {name}", name=name)
        after = net[WEIGHTS]
        net.close()
        looked = {"before": before, "after": after, "change": after - before}
        fields = np.rint(after[shown(len(after))] / STEP).astype(int).tolist() if pictured else []
        return {"course": curve, "smooth": {k: smoothness(w, data) for k, w in looked.items()}, "after": fields}

    depends = {**asdict(plan), "data": data.fingerprint(), "seed": seed, "pictured": pictured}
    found = kept(settings, f"{name}-{seed}", depends, run)
    after = STEP * np.array(found["after"])
    before = drawn_weights(plan.circuit(data, seed))[shown(plan.hidden[0])] if pictured else after
    return Learned(found["smooth"], before, after, found["course"])


def drawn_weights(net: Circuit) -> Array:
    """Return the lowest weights as they are drawn, (hidden, pixels). No program is built for that."""
    return first_values(net)[WEIGHTS].astype(net.dtype)


def shown(count: int) -> NDArray[np.integer]:
    """Return which of so many units the figure shows: some at random, the same in each panel."""
    return np.random.default_rng(0).choice(count, DRAWN, replace=count < DRAWN)


def smoothness(weights: Array, data: Dataset) -> float:
    """Return the mean over units of the correlation between weights of horizontal neighbours, both of which vary."""
    height, width = data.shape[:2]
    fields = weights.reshape(-1, height, width)
    varies = np.ptp(data.x_train, axis=0).reshape(height, width) > 0
    both = varies[:, 1:] & varies[:, :-1]
    left, right = fields[:, :, :-1][:, both], fields[:, :, 1:][:, both]
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(left, right, strict=True)]))


def _checks(found: dict[str, list[Learned]], quick: bool) -> list[Check]:
    rows: list[Row] = []
    begin = float(np.mean([one.smooth["before"] for runs in found.values() for one in runs]))
    rows.append(("initial: correlation of neighbouring weights, absolute", abs(begin), "<=", 0.1))
    for name, runs in found.items():
        now = float(np.mean([one.smooth["after"] for one in runs]))
        rows.append(
            (
                f"{name}: correlation of neighbouring weights after learning, above the initial one by",
                now - begin,
                ">=",
                0.02 if quick else 0.1,
            )
        )
        rows.append((f"{name}: test error (%)", at_end([one.curve for one in runs]), "<=", 8.0 if quick else 3.5))
    return checks(f"{many(found['Backprop'])}, ", rows)


def _draw(found: dict[str, list[Learned]], data: Dataset) -> Figure:
    figure = new_figure(6.6, 6.8)
    axes = figure.subplots(2, 2).ravel()
    first = {name: runs[0] for name, runs in found.items()}
    weights = {INITIAL: first["Feedback Alignment"].before} | {name: one.after for name, one in first.items()}
    for ax, (name, w) in zip(axes, weights.items(), strict=True):
        mosaic(ax, w.reshape(-1, *data.shape[:2]))
        ax.set_title(name)
    letter(list(axes))
    return figure


def mosaic(ax: Axes, fields: Array) -> None:
    """Draw ten by ten fields, each scaled by its largest weight."""
    count, height, width = fields.shape
    scaled = fields / np.abs(fields).reshape(count, -1).max(axis=1)[:, None, None]
    framed = np.pad(scaled, ((0, 0), (0, 1), (0, 1)), constant_values=np.nan)
    rows = framed.reshape(10, 10, height + 1, width + 1).transpose(0, 2, 1, 3)
    ax.imshow(rows.reshape(10 * (height + 1), -1), cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
    ax.axis("off")


EXPERIMENT = Experiment(
    "lillicrap-fields",
    "Lillicrap et al. 2016, Supp. Fig. 5",
    "Receptive fields of hidden units are shown before and after learning MNIST.",
    run,
    data=("mnist",),
    keeps=True,
)
