"""What the experiments of Cameron et al. share: networks that learn by learned pseudoinverse feedback, and controls.

Widths, non-linearity and rates are not in the paper. Here hidden layers narrow, units are tanh, and the output is linear
with half the squared error (the paper's loss), without biases. Weights begin as by Glorot and Bengio, and learn in
minibatches with one rate for all methods, rate/(1 + decay*updates). "Layers" are layers of weights. RF is the paper's
method (B begins at 0 and follows W by noise, after each minibatch) with f' in the error. "RF, no f'" is the poster's rule
as it is printed, without it. BP has the transpose of W, and FA has B fixed, drawn as W^T is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ....circuits import Circuit
from ....plasticity import bp, frfb
from ....plasticity.rules import recirculated_feedback
from ...data import Dataset
from ...networks.layered import layered
from ...networks.recirculation import recirculating
from ..framework.accuracy_curves import draw_mean
from ..framework.claims import of_learned
from ..framework.experiment import Check, Report, Row, Settings, checks, many
from ..framework.figure_style import BLUE, GREY, ORANGE, SKY, STEPS, letter, new_figure, plain_decades
from ..framework.saved_runs import each
from ..framework.training_runs import or_guess, trained

POSTER = "RF, no f'"
METHODS = ("BP", "RF", POSTER, "FA")
COLOURS = {"BP": GREY, "RF": BLUE, POSTER: SKY, "FA": ORANGE}
#: By name what each epoch measured; and, where a variable became NaN or infinite, its name as ``diverged``. After that
#: the errors are those of guessing, and other measures are NaN.
LearningCurve = dict[str, Any]
LearningCurves = Mapping[str, Sequence[LearningCurve]]


@dataclass(frozen=True)
class Protocol:
    """Which data, which hidden layers, how fast, how long.

    Parameters
    ----------
    data : str
        Name of the data set; a quick run takes digits.
    hidden : tuple[int, ...]
        Units of the hidden layers.
    rate, decay : float
        The learning rate and decay of W; after n updates rate/(1 + decay n).
    feedback_rate : float
        The feedback rate of B.
    batch_size, epochs : int
        Size of a minibatch, and how often all samples are shown.
    """

    data: str
    hidden: tuple[int, ...]
    rate: float
    decay: float
    epochs: int
    feedback_rate: float = 0.1
    batch_size: int = 100


def reproduced(settings: Settings, full: Protocol, quick: Protocol, *, worst: float) -> Report:
    """Train BP, RF with f' and without, and FA from each seed's initial weights.

    Parameters
    ----------
    settings : Settings
        The settings of the experiment.
    full, quick : Protocol
        What is learned in a full run, and in a quick run.
    worst : float
        The test error of BP in percent that shows that it has learned in a full run.
    """
    protocol = quick if settings.quick else full
    curves = learn(protocol, centred(settings.dataset(protocol.data)), settings)
    limits = dict(margin=3.0, worst=12.0) if settings.quick else dict(margin=1.0, worst=worst)
    return Report(compared(curves, **limits), draw(curves))


def learn(protocol: Protocol, data: Dataset, settings: Settings) -> LearningCurves:
    """Train every method from each seed's start: by method and seed what each epoch measured, by name.

    A run that is finished is kept in the folder of the settings (a quick one is not).

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed.
    """
    fixed = {"protocol": vars(protocol), "data": data.fingerprint()}
    return each(
        settings, {method: method for method in METHODS}, lambda method: {"method": method, **fixed},
        lambda _, method, seed: _trained(method, seed, protocol, data, settings),
    )  # fmt: skip


def _trained(method: str, seed: int, protocol: Protocol, data: Dataset, settings: Settings) -> LearningCurve:
    net = build(method, (data.n_features, *protocol.hidden, data.classes), protocol, seed)
    label = f"{protocol.data}: {method}, seed {seed}"
    rows, diverged = or_guess(
        lambda: trained(settings, net, data, protocol.epochs, label=label, measures=("gradient", "pseudoinverse")),
        protocol.epochs, data.classes,
    )  # fmt: skip
    net.close()
    found: LearningCurve = {name: [row.get(name, float("nan")) for row in rows] for name in rows[0]}
    return found | ({"diverged": diverged} if diverged else {})


def build(method: str, sizes: Sequence[int], protocol: Protocol, seed: int) -> Circuit:
    """Return the circuit of a method; all begin with the same W."""
    rules = {"BP": bp, "RF": recirculated_feedback, POSTER: recirculated_feedback, "FA": frfb}
    rule = rules[method].with_parameters(rate=protocol.rate).with_rate_decay(protocol.decay)
    if method in ("RF", POSTER):
        rule = rule.with_parameters(feedback_rate=protocol.feedback_rate)
        return recirculating(sizes, rule, gated=method == "RF", batch_size=protocol.batch_size, seed=seed)
    return layered(sizes, rule, loss="mse", transfer="tanh", batch_size=protocol.batch_size, seed=seed)


def centred(data: Dataset) -> Dataset:
    """Return the same samples less the mean of the training samples, pixel by pixel."""
    train, test = (x.astype(np.float32) * np.float32(data.scale) for x in (data.x_train, data.x_test))
    mean = train.mean(axis=0, dtype=np.float64).astype(np.float32)
    return Dataset.from_arrays(data.name, train - mean, data.y_train, test - mean, data.y_test, classes=data.classes)


def compared(curves: LearningCurves, *, margin: float, worst: float) -> list[Check]:
    """Close to BP at the end, faster than FA, and by way of the pseudoinverse.

    Parameters
    ----------
    curves : LearningCurves
        What the runs of each method found.
    margin : float
        The points by which RF may end above BP.
    worst : float
        The largest test error of BP, in percent, that shows that it has learned.
    """
    epochs = len(curves["BP"][0]["test_error"])
    end = {method: 100 * np.mean([run["test_error"][-1] for run in runs]) for method, runs in curves.items()}
    behind = {m: of_learned(round(value - end["BP"], 3), end["BP"] / GUESS) for m, value in end.items()}
    tenth = max(1, epochs // 10)
    early = {m: 100 * np.mean([run["train_error"][:tenth] for run in runs]) for m, runs in curves.items()}
    guessed = end["FA"] / GUESS
    reached = [_first(rf, fa["test_error"][-1]) for rf, fa in zip(curves["RF"], curves["FA"], strict=True)]
    far = {m: [max(_layers(run, "pseudoinverse"), default=np.nan) for run in curves[m]] for m in ("RF", "FA")}
    rows: list[Row] = [
        ("BP: test error (%)", round(end["BP"], 3), "<=", worst),
        ("RF: test error (%), above BP's by", behind["RF"], "<=", margin, SIMILAR),
        ("RF: test error (%), above FA's by", round(end["RF"] - end["FA"], 3), "<", 0.0, SOONER),
        (
            "RF reaches FA's last test error in this share of the epochs",
            of_learned(float(np.mean(reached) / epochs), guessed),
            "<=",
            0.5,
            SOONER,
        ),
        (f"RF: training error (%) in the first {_epochs(tenth)}, above FA's by", early["RF"] - early["FA"], "<", 0.0),
        ("RF: |B - W^+|/|W^+| at the end, the worst layer and run", float(np.max(far["RF"])), "<=", 0.4),
        ("FA: |B - W^+|/|W^+| at the end, the best run", of_learned(float(np.min(far["FA"])), guessed), ">=", 0.8),
    ]
    if POSTER in curves:
        rows += [
            (f"{POSTER}: test error (%), above BP's by", behind[POSTER], "<=", margin, SIMILAR),
            (f"{POSTER}: test error (%), above FA's by", round(end[POSTER] - end["FA"], 3), "<", 0.0, SOONER),
        ]
    return checks(f"{epochs} epochs, {many(curves['BP'])}: ", rows)


GUESS = 90.0  # percent wrong, of ten classes
SIMILAR, SOONER = "similar to backpropagation's", "faster than feedback alignment"


def _epochs(count: int) -> str:
    return "epoch" if count == 1 else f"{count} epochs"


def _first(run: LearningCurve, error: float) -> int:
    """Return the first epoch after which the test error is no larger."""
    below = np.flatnonzero(np.array(run["test_error"]) <= error)
    return int(below[0]) + 1 if below.size else len(run["test_error"]) + 1


def _layers(run: LearningCurve, measure: str) -> list[float]:
    """Return what a measure was at the end, layer by layer."""
    return [values[-1] for name, values in run.items() if name.endswith(f"_{measure}")]


def draw(curves: LearningCurves) -> Figure:
    """Draw errors by epoch; how far B is from W^+, and what it brings from the gradient, layer by layer."""
    figure = new_figure(8.6, 2.9)
    axes = figure.subplots(1, 4)
    for ax, name, title in zip(axes, ("train_error", "test_error"), ("training", "test"), strict=False):
        for method, runs in curves.items():
            label = f"{method} (diverges)" if any("diverged" in run for run in runs) else method
            draw_mean(ax, [[100 * error for error in run[name]] for run in runs], COLOURS[method], label)
        ax.set(title=f"{title} error (%)", yscale="log")
        plain_decades(ax)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(curves) + 1)
    for ax, measure, title in zip(
        axes[2:], ("pseudoinverse", "gradient"), ("|B − W⁺|/|W⁺|", "angle to gradient (°)"), strict=True
    ):
        _draw_layers(ax, curves, measure)
        ax.set(title=title, ylim=(0, None))
    for ax in axes:
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[2].legend(title="RF", fontsize=7)
    letter(axes)
    return figure


def _draw_layers(ax: Any, curves: LearningCurves, measure: str) -> None:
    """Draw RF in blues, the lowest layer the lightest, with FA's mean over layers beside it; of runs that have any measures."""
    learned, fixed = ([run for run in curves[method] if _layers(run, measure)] for method in ("RF", "FA"))
    names = [name for name in learned[0] if name.endswith(f"_{measure}")] if learned else []
    for name, colour in zip(names, STEPS, strict=False):
        draw_mean(ax, [run[name] for run in learned], colour, f"into {name.split('_')[0]}")
    if names and fixed:
        means = [np.mean([run[name] for name in names], axis=0) for run in fixed]
        draw_mean(ax, [list(mean) for mean in means], COLOURS["FA"], "FA, mean")
