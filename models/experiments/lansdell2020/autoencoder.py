"""Lansdell, Prakash and Kording 2020, Fig. 3: an autoencoder whose bottleneck has two units.

The network has 784-200-2-200-784 units (tanh, identity, tanh, relu) and learns MNIST with half the squared error and 32
batch elements (section C.2). The methods are feedback alignment, backpropagation, node perturbation and the matching rule,
and as controls backpropagation of noisy samples (sd .3) and ADAM. The paper found rates by random search and does not print
them, nor how weights begin, nor for how long it trained. By the authors' code W, B and biases begin with sd sqrt(2/fan-in);
the rates, as sums over the batch, are 1e-4 (W) and 8e-6 (B), and so .0032 and .000256 as the means that rules take; c is
.0189; ADAM's rate is 1.4e-4; and there are 533 epochs, for which ``--epochs 533`` runs it. Without it there are 15. All methods
but ADAM have the same rate, and all begin with the same W and biases. (In that code they do not: the biases of node
perturbation and of matching begin at .1 there, and the others' at random.)

Silent outputs hold backpropagation back: a relu that is active for no sample has no error. After 3 epochs a third of the
bright pixels are at such outputs; with node perturbation, whose feedback is not exact and moves the layers below until they
are active again, it is 1 in 130 (one seed). With biases of .1 for all, node perturbation is ahead of backpropagation for 16
of 20 epochs (one seed), and then behind it.

That feedback alignment fails, and that ADAM overfits, does not show in 15 epochs. From seed 0, the loss of feedback alignment
stays near 23, and backpropagation is ahead of it from epoch 28 on; ADAM's loss of test samples is lowest after 179 epochs.

The quick run is on 8x8 digits, 64-30-2-30-64, at six times the rates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ....circuits import Circuit
from ....circuits.inputs import Inputs, dataset_inputs
from ....circuits.running.untouched import untouched
from ....plasticity import Rule, bp, frfb
from ....plasticity.rules import adam, matching
from ....plasticity.rules import node_perturbation as perturbation
from ...data import Dataset
from ...networks.node_perturbation import Perturbation, node_perturbation
from ...training.order import in_batches
from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks, many
from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED
from ..framework.saved_runs import each
from ..framework.training_runs import resumable, trained
from .autoencoder_figure import draw

Array = NDArray[np.floating]
LearningCurve = dict[str, Any]
LearningCurves = Mapping[str, Sequence[LearningCurve]]

BATCH_SIZE = 32
TRANSFER, ANSWER = ("tanh", "linear", "tanh"), "relu"
EVALUATED = 5000  # samples of which the loss is measured
NEAREST = 10  # neighbours in the latent plane
DRAWN, PICTURES = 1500, 6  # of the latent plane, and samples that are shown


@dataclass(frozen=True)
class Method:
    """A rule with its rates, and the fields of its `Perturbation`."""

    rule: Rule
    colour: str
    options: Mapping[str, Any] = field(default_factory=dict)


RATE = 1e-4 * BATCH_SIZE
METHODS = {
    "BP": Method(bp.with_parameters(rate=RATE), GREY),
    "FA": Method(frfb.with_parameters(rate=RATE), ORANGE),
    "NP": Method(perturbation.with_parameters(rate=RATE, feedback_rate=8e-6 * BATCH_SIZE), BLUE, {"c": 0.0189}),
    "matching": Method(matching.with_parameters(rate=RATE), GREEN),
    "denoising": Method(bp.with_parameters(rate=RATE), PURPLE, {"denoise": 0.3}),
    "ADAM": Method(adam.with_parameters(rate=1.4e-4), RED),
}


@dataclass(frozen=True)
class Scale:
    """What is learned, by which network, and for how long."""

    data: Dataset
    hidden: int
    epochs: int
    faster: float = 1.0


def run(settings: Settings) -> Report:
    """Run every method from each seed's start."""
    scale = _scale(settings)
    fixed = {"epochs": scale.epochs, "hidden": scale.hidden, "data": scale.data.fingerprint()}
    curves: dict[str, list[LearningCurve]] = each(
        settings, METHODS, lambda method: {"method": str(method.rule), "options": method.options, **fixed},
        lambda name, method, seed: learn(scale, method, seed, settings, name),
    )  # fmt: skip
    colours = {name: method.colour for name, method in METHODS.items()}
    return Report(_checks(curves, scale, settings.quick), draw(curves, colours, scale.data))


def _scale(settings: Settings) -> Scale:
    if settings.quick:
        return Scale(settings.dataset("digits"), 30, 20, faster=6.0)
    return Scale(settings.dataset("mnist"), 200, settings.epochs or 15)


def build(scale: Scale, method: Method, seed: int) -> Circuit:
    """Return the autoencoder, before training; from one seed all methods begin with the same W."""
    rule, n = method.rule, scale.data.n_features
    rates = {k: scale.faster * v for k, v in rule.parameters.items() if k in ("rate", "feedback_rate")}
    return node_perturbation(
        (n, scale.hidden, 2, scale.hidden, n), rule.with_parameters(**rates), transfer=TRANSFER, answer=ANSWER,
        target="values", batch_size=BATCH_SIZE, seed=seed, perturbation=Perturbation(**method.options),
    )  # fmt: skip


def learn(scale: Scale, method: Method, seed: int, settings: Settings, name: str) -> LearningCurve:
    """Return losses of test and training samples before the first epoch and after each, and ``silent`` at the end; for
    the first seed also, of some test samples, the rates of the bottleneck (``codes``) and what the output shows
    (``shown``).

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed.
    RecircuitError
        If a variable became NaN or infinite.
    """
    data = scale.data
    net = build(scale, method, seed)
    net.program(settings.backend)
    losses, label = _Losses(net, data), f"lansdell-autoencoder: {name}, seed {seed}"
    rows = [losses.on_epoch_measure(0, net)]
    about = {"method": str(method.rule), "options": dict(method.options), "epochs": scale.epochs, "seed": seed}
    out = resumable(settings, f"{name}-{seed}", {**about, "data": data.fingerprint()}, scale.epochs)
    rows += trained(settings, net, data, scale.epochs, label=label, out=out, callbacks=[losses]).rows
    found: LearningCurve = {part: [row[f"{part}_loss"] for row in rows] for part in losses.inputs}
    inputs = losses.inputs
    shown = read_values(net, inputs["test"], "o.rate", DRAWN)
    found["silent"] = silent(shown, _samples(data, len(shown)))
    if seed == settings.seeds[0]:
        found["codes"] = read_values(net, inputs["test"], "h2.rate", DRAWN).round(3).tolist()
        found["shown"] = shown[:PICTURES].round(3).tolist()
    net.close()
    return found


class _Losses:
    """Columns for the mean losses of test and training samples."""

    def __init__(self, net: Circuit, data: Dataset) -> None:
        self.inputs = {part: dataset_inputs(net, data, part) for part in ("test", "train")}

    def on_epoch_measure(self, epoch: int, net: Circuit) -> dict[str, float]:
        return {
            f"{part}_loss": float(read_values(net, inputs, "loss.rate", EVALUATED).mean())
            for part, inputs in self.inputs.items()
        }


def read_values(net: Circuit, inputs: Inputs, key: str, count: int) -> Array:
    """Return a variable for each of the first samples, without noise and without learning: (samples, units)."""
    program = net.program()
    inputs.load(program)
    rows = in_batches(np.arange(min(count, inputs.count)), BATCH_SIZE)
    table = net.timetable("evaluate", [key])
    with untouched(program, table):
        seen = program.run(table, rows, collect={key: table.steps[-1]}).collected[key]
    return seen.reshape(rows.size, -1)[rows.ravel() >= 0]


def silent(shown: Array, samples: Array) -> float:
    """Return the share of bright pixels, those above 1/2, at output units that are active for none of the samples."""
    bright, never = samples > 0.5, (shown == 0).all(axis=0)
    return float((bright & never).sum() / bright.sum())


def _samples(data: Dataset, count: int) -> Array:
    """Return the first test samples, as they are shown."""
    return data.x_test[:count] * data.scale + data.offset


# ---- checks --------------------------------------------------------------------------------------------------------


def _checks(curves: LearningCurves, scale: Scale, quick: bool) -> list[Check]:
    test = {name: np.mean([run["test"] for run in runs], axis=0) for name, runs in curves.items()}
    about = f"test loss after {len(test['BP']) - 1} epochs, {many(curves['BP'])}: "
    if quick:
        halved = [(f"{name}, as a share of that before", float(t[-1] / t[0]), "<=", 0.7) for name, t in test.items()]
        return checks(about, halved)
    never = {name: float(np.mean([run["silent"] for run in curves[name]])) for name in ("NP", "BP")}
    return [
        *checks(about, _check_methods(test)),
        *checks(
            f"digit of a sample from the {NEAREST} nearest in the bottleneck, seed 0: ", _check_digits(curves, scale)
        ),
        *checks("", [("bright pixels at silent outputs, NP / BP", never["NP"] / never["BP"], "<=", 0.5)]),
    ]


def _check_methods(test: Mapping[str, Array]) -> list[Row]:
    """Check Fig. 3A: the order of the methods, and that ADAM overfits and node perturbation does not.

    Losses are similar if they differ by a fifth at most; a method performs poorly if its loss is larger by more than that.
    """

    def ratio(one: str, other: str) -> float:
        shares = [float(test[name][-1] / test[name][0]) for name in (one, other)]
        return of_learned(float(test[one][-1] / test[other][-1]), *shares)

    def rise(name: str) -> float:
        return of_learned(float(test[name][-1] / test[name].min()), float(test[name].min() / test[name][0]))

    return [
        ("FA / BP", float(test["FA"][-1] / test["BP"][-1]), ">", 1.2, "FA performs poorly"),
        ("NP / BP", ratio("NP", "BP"), "<", 1.0, "NP is better"),
        ("NP / ADAM", ratio("NP", "ADAM"), "within", (0.8, 1.2), "comparable"),
        ("matching / BP", ratio("matching", "BP"), "within", (0.8, 1.2), "similar"),
        ("denoising / BP", ratio("denoising", "BP"), "<", 1.0, "denoising is better"),
        ("ADAM, over its lowest of all epochs", rise("ADAM"), ">", 1.01, "ADAM begins to overfit"),
        ("NP, over its lowest of all epochs", rise("NP"), "<=", 1.01, "NP does not overfit"),
    ]


def _check_digits(curves: LearningCurves, scale: Scale) -> list[Row]:
    """Check Fig. 3B: feedback alignment does not separate the digits, and node perturbation does so better than others."""
    labels = np.asarray(scale.data.y_test[:DRAWN])
    found = {name: from_neighbours(np.array(runs[0]["codes"]), labels) for name, runs in curves.items()}
    return [
        ("FA, share that is right", found["FA"], "<=", 0.2, "FA does not separate the digits at all"),
        (
            "NP, share that is right, above BP's",
            found["NP"] - found["BP"],
            ">",
            0.0,
            "NP separates them more uniformly",
        ),
        (
            "NP, share that is right, above ADAM's",
            found["NP"] - found["ADAM"],
            ">",
            0.0,
            "NP separates them more uniformly",
        ),
    ]


def from_neighbours(codes: Array, labels: NDArray[np.integer]) -> float:
    """Return the share of samples whose digit is the commonest among the nearest others."""
    near = cKDTree(codes).query(codes, NEAREST + 1)[1][:, 1:]
    votes = np.stack([(labels[near] == c).sum(axis=1) for c in range(int(labels.max()) + 1)], axis=1)
    return float((votes.argmax(axis=1) == labels).mean())


EXPERIMENT = Experiment(
    "lansdell-autoencoder",
    "Lansdell, Prakash and Kording 2020, Fig. 3",
    "An autoencoder with two units in the middle learns by node perturbation.",
    run,
    seeds=10,
    shortens=True,
    data=("mnist",),
    keeps=True,
)
