"""Lillicrap et al. 2016, Supp. Fig. 1-4: four circuits that assign credit, each drawn, held to its textbook, and run.

With a global reward every unit reads by how much the noise of all raised the loss, and correlates that with its own noise
(Fig. 1). In the shallow circuit error neurons teach the output, and nothing reaches what is below (Fig. 2). In feedback
alignment the error neurons project through random weights to one modulatory neuron for each hidden unit (Fig. 3), and these
project to those of the layer below (Fig. 4). Each circuit is compared, in double precision, with the update written out in
NumPy, and learns the teacher's function of `teacher_task`, in minibatches of 100; biases are learned too, and not drawn.
The paper draws these circuits and gives no numbers. The rate is .05, and .002 for the reward, since its updates are so much
noisier. There are 6000 minibatches; a quick run makes 600.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Unpack

import matplotlib.image as image
import numpy as np
from matplotlib import pyplot
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ....circuits import Circuit
from ....circuits.inputs import as_inputs
from ....plasticity import frfb
from ....plasticity.rules import reinforcement
from ...networks.circuit_options import CircuitOptions
from ...networks.feedback_alignment import Synapses, feedback_alignment
from ...networks.node_perturbation import Perturbation, node_perturbation
from ...networks.node_perturbation import Synapses as PerturbedSynapses
from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks, many
from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, letter, new_figure
from .teacher_task import BEGIN, CHANNEL, Teacher, draw_curves, end, follow

Array = NDArray[np.floating]

C = 0.1  # of the noise


@dataclass(frozen=True)
class Kind:
    """A circuit: which figure it is of, its sizes, and what makes it (of sizes, rate, and options)."""

    figure: int
    sizes: tuple[int, ...]
    make: Callable[..., Circuit]
    rate: float
    colour: str


def _reward(sizes: tuple[int, ...], rate: float, *, bias: bool = True, **options: Unpack[CircuitOptions]) -> Circuit:
    return node_perturbation(
        sizes, reinforcement.with_parameters(rate=rate), transfer="tanh", target="values",
        perturbation=Perturbation(C), synapses=PerturbedSynapses(BEGIN, bias), **options,
    )  # fmt: skip


def _alignment(feedback: str) -> Callable[..., Circuit]:
    def make(sizes: tuple[int, ...], rate: float, *, bias: bool = True, **options: Unpack[CircuitOptions]) -> Circuit:
        return feedback_alignment(
            sizes, frfb.with_parameters(rate=rate), feedback=feedback, target="values",
            synapses=Synapses(BEGIN, CHANNEL, bias=bias), **options,
        )  # fmt: skip

    return make


KINDS = {
    "global reward": Kind(1, (30, 40, 10), _reward, 0.002, GREY),
    "shallow": Kind(2, (30, 40, 10), _alignment("none"), 0.05, ORANGE),
    "feedback alignment": Kind(3, (30, 40, 10), _alignment("layers"), 0.05, BLUE),
    "two hidden layers": Kind(4, (30, 40, 20, 10), _alignment("layers"), 0.05, GREEN),
}

LearningCurves = dict[str, list[list[float]]]


def run(settings: Settings) -> Report:
    """Compare with the textbook, then learn from each seed's start."""
    presentations = 600 if settings.quick else 6000
    gaps = {name: textbook_gap(name, settings.backend) for name in KINDS}
    curves: LearningCurves = {name: [] for name in KINDS}
    for seed in settings.seeds:
        teacher = Teacher.drawn(seed)
        for name, kind in KINDS.items():
            settings.show_progress(f"lillicrap-circuits: {name}, seed {seed}")
            net = kind.make(kind.sizes, kind.rate, batch_size=100, seed=seed)
            curves[name].append(follow(net, teacher, presentations, seed, settings))
            net.close()
    return Report(_checks(gaps, curves, settings.quick), _draw(curves))


# ---- the textbook --------------------------------------------------------------------------------------------------


def textbook_gap(name: str, backend: str, presentations: int = 20, batch_size: int = 4) -> float:
    """Return the largest difference of a weight from the textbook's, after some presentations, in double precision."""
    kind = KINDS[name]
    teacher = Teacher.drawn(7)
    net = kind.make(kind.sizes, kind.rate, batch_size=batch_size, precision="float64", seed=7)
    rows = teacher.samples([7, 7], presentations * batch_size)
    program, table = net.program(backend), net.timetable("train")
    layers = [n for n in net.populations if n in ("x", "o") or n.startswith("h")]
    weights = [net[f"{a}_to_{b}.w"] for a, b in zip(layers, layers[1:], strict=False)]
    biases = [net[f"one_to_{b}.w"][:, 0] for b in layers[1:]]
    channel = [net[f"{a}.w"] for a in ("m2_to_m1", "e_to_m2", "e_to_m1") if a in net.projections]
    noisy = [f"{b}.noise" for b in layers[1:]] if name == "global reward" else []
    as_inputs(net, rows).load(program)
    order = np.arange(presentations * batch_size).reshape(presentations, batch_size)
    drawn = program.run(table, order, collect=dict.fromkeys(noisy, table.steps[-1])).collected
    for k, row in enumerate(order):
        x, y = rows["x"][row], rows["s"][row]
        if noisy:
            changes = _reward_changes(weights, biases, [drawn[key][k] for key in noisy], x, y)
        else:
            changes = _error_changes(weights, biases, channel if name != "shallow" else [], x, y)
        for l, (dw, dc) in enumerate(changes):
            weights[l], biases[l] = weights[l] + kind.rate * dw, biases[l] + kind.rate * dc
    now = [net[f"{a}_to_{b}.w"] for a, b in zip(layers, layers[1:], strict=False)]
    now += [net[f"one_to_{b}.w"][:, 0] for b in layers[1:]]
    net.close()
    return max(float(np.abs(a - b).max()) for a, b in zip(now, [*weights, *biases], strict=True))


Changes = list[tuple[Array, Array]]


def _rates(weights: list[Array], biases: list[Array], x: Array, noise: list[Array] | None = None) -> list[Array]:
    """Return x, h_1, ..., y: tanh hidden units, linear output, with noise added to each rate."""
    rates = [x]
    for l, (w, c) in enumerate(zip(weights, biases, strict=True)):
        a = rates[-1] @ w.T + c
        rates.append((a if l == len(weights) - 1 else np.tanh(a)) + (0 if noise is None else noise[l]))
    return rates


def _changes(rates: list[Array], signals: list[Array]) -> Changes:
    """Return the mean over the minibatch of signal x rate, of each layer, and of the signal."""
    return [(s.T @ h / len(h), s.mean(axis=0)) for s, h in zip(signals, rates, strict=False)]


def _error_changes(weights: list[Array], biases: list[Array], channel: list[Array], x: Array, y: Array) -> Changes:
    """Return the changes of Eq. 69-72; without a channel only the top layer learns."""
    rates = _rates(weights, biases, x)
    signals = [y - rates[-1]]
    for h, b in zip(rates[-2:0:-1], channel[::-1], strict=False):
        signals.insert(0, (signals[0] @ b.T) * (1 - h**2))
    silent = [np.zeros_like(h) for h in rates[1 : len(rates) - len(signals)]]
    return _changes(rates, silent + signals)


def _reward_changes(weights: list[Array], biases: list[Array], noise: list[Array], x: Array, y: Array) -> Changes:
    """Return -(L with noise - L without) noise/c^2, each unit's own estimate of minus the gradient by its rate, times f'."""
    rates, shaken = _rates(weights, biases, x), _rates(weights, biases, x, noise)
    raised = (np.sum((y - shaken[-1]) ** 2, axis=1) - np.sum((y - rates[-1]) ** 2, axis=1)) / 2
    slopes = [1 - h**2 for h in rates[1:-1]] + [np.ones_like(y)]
    return _changes(rates, [-raised[:, None] * n / C**2 * f for n, f in zip(noise, slopes, strict=True)])


# ---- checks and figure ---------------------------------------------------------------------------------------------


def _checks(gaps: dict[str, float], curves: LearningCurves, quick: bool) -> list[Check]:
    nse = {name: end(runs) for name, runs in curves.items()}
    rows: list[Row] = [
        (f"{name}: largest difference from the textbook's weights", g, "<=", 1e-12) for name, g in gaps.items()
    ]
    about = many(curves["shallow"])
    aligned = max(nse["feedback alignment"], nse["two hidden layers"])
    least = 1.2 if quick else 2.0
    share = nse["global reward"] / _start(curves)
    over = "over the larger NSE of the two circuits with feedback"
    rows += [
        (f"shallow: NSE at the end, {about}, {over}", nse["shallow"] / aligned, ">=", least,
         "the power of deeper neurons is wasted"),
        (f"global reward: NSE at the end, {about}, {over}", nse["global reward"] / aligned, ">=", 2.0,
         "learning slows dramatically"),
        (f"global reward: NSE at the end over NSE at the start, {about}", of_learned(share, share), "<", 1.0),
    ]  # fmt: skip
    return checks("", rows)


def _start(curves: LearningCurves) -> float:
    return float(np.mean([run[0] for run in curves["global reward"]]))


def _draw(curves: LearningCurves) -> Figure:
    figure = new_figure(13.0, 8.6)
    grid = figure.add_gridspec(2, 4, height_ratios=(2.3, 1))
    axes = [figure.add_subplot(grid[0, k]) for k in range(4)]
    for ax, (name, kind) in zip(axes, KINDS.items(), strict=True):
        ax.imshow(_drawing(kind.make(kind.sizes, kind.rate, bias=False)), interpolation="antialiased")
        ax.set(title=f"{name} (Supp. Fig. {kind.figure})")
        ax.axis("off")
    ax = figure.add_subplot(grid[1, :])
    for name, kind in KINDS.items():
        draw_curves(ax, curves[name], kind.colour, f"{name}, {'-'.join(map(str, kind.sizes))}")
    ax.legend()
    letter([*axes, ax])
    return figure


def _drawing(net: Circuit) -> Array:
    """Return a circuit's diagram as a picture, (height, width, 4)."""
    picture = io.BytesIO()
    drawing = net.diagram()
    drawing.savefig(picture, format="png", dpi=120)
    pyplot.close(drawing)
    picture.seek(0)
    return image.imread(picture)


EXPERIMENT = Experiment(
    "lillicrap-circuits",
    "Lillicrap et al. 2016, Supp. Fig. 1-4 and Note 1",
    "Four circuits that assign credit are drawn, run, and compared with their equations.",
    run,
)
