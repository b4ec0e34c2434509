"""What no paper has (Amit 2019, Discussion): URFB, FRFB and BP as time stops being ideal, on MNIST.

The networks have 784-500-10 and 784-100-100-100-100-10 clipped linear units, the hinge circuit, and tau = 2 steps. They
learn the first 6,000 training samples for 3 epochs with 20 batch elements, at the rate .5 (URFB and FRFB) or .3 (BP). The
error is that on the first 2,000 test samples, with the same timing. Each axis goes from ideal to broken, and all else is
ideal (see `recircuit.models.networks.imperfect_timing`):

    settling   time that each layer is given, in tau
    jitter     of the gate of plasticity, sd in tau
    overlap    how long the next stimulus has been there when the weights change, in tau
    stretch    samples sorted by class within stretches of so many, in random order for the rest; 20 are one presentation
    refresh    one class at a time, from the first to the last; a share of the batch elements shows earlier classes again. On
               this axis a sample of a class that is new is shown once, on the others three times: its end is held against
               its own beginning, a half of earlier classes

Each end of an axis is compared with its beginning. A run is kept in runs/, so that an experiment that was stopped goes on.
A quick one has digits and smaller networks, and checks that it runs, not what it finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ....circuits.backends.divergence import Diverged
from ....circuits.inputs import dataset_inputs
from ....plasticity import Rule, bp, frfb, urfb
from ...data import Dataset, load
from ...networks.imperfect_timing import Timing, timed
from ...training.order import EpochOrder, epoch_order, in_batches
from ...training.samples import Part, Samples
from ..framework.experiment import Check, Experiment, Report, Settings, checks
from ..framework.figure_style import BLUE, GREY, ORANGE, letter, new_figure
from ..framework.saved_runs import kept
from ..framework.training_runs import trained

BATCH_SIZE = 20
AXES: Mapping[str, tuple[float, ...]] = {
    "settling": (3.0, 1.5, 1.0, 0.5),
    "jitter": (0.0, 0.5, 1.0, 2.0, 4.0),
    "overlap": (0.0, 0.5, 1.0, 2.0, 3.0),
    "stretch": (20, 100, 300, 1000, 6000),
    "refresh": (0.5, 0.2, 0.1, 0.05, 0.0),
}
IDEAL = {"settling": 3.0, "jitter": 0.0, "overlap": 0.0, "stretch": 20}  # one and the same
QUICK: Mapping[str, tuple[float, ...]] = {
    "settling": (3.0, 0.5), "jitter": (2.0,), "overlap": (2.0,), "stretch": (1000,), "refresh": (0.2, 0.0),
}  # fmt: skip
LABELS = {
    "settling": "settling, τ per layer",
    "jitter": "jitter of the gate, τ",
    "overlap": "overlap with the next, τ",
    "stretch": "stretch sorted by class",
    "refresh": "share of earlier classes,\nsamples once",
}
RULES: Mapping[str, tuple[Rule, float]] = {"URFB": (urfb, 0.5), "FRFB": (frfb, 0.5), "BP": (bp, 0.3)}
COLOURS = {"URFB": BLUE, "FRFB": ORANGE, "BP": GREY}

#: (axis, its value, hidden layers, rule) -> test error, seed by seed
Errors = dict[tuple[str, float, tuple[int, ...], str], list[float]]
Order = NDArray[np.int32]


@dataclass(frozen=True)
class Plan:
    """Data, hidden layers, epochs, axes, and how many samples are shown and tested."""

    data: Dataset
    networks: Sequence[tuple[int, ...]]
    epochs: int
    axes: Mapping[str, Sequence[float]]
    samples: int
    tested: int


def run(settings: Settings) -> Report:
    """Run all axes, networks, rules and seeds."""
    plan = _plan(settings)
    keeping = replace(settings, quick=False)  # a quick run is one of many runs, too, and kept
    found: Errors = {}
    for axis, values in plan.axes.items():
        for value, hidden, name, seed in product(values, plan.networks, RULES, settings.seeds):
            about = dict(
                axis=axis, value=value, hidden=hidden, rule=str(RULES[name]), seed=seed, epochs=plan.epochs,
                samples=plan.samples, tested=plan.tested, data=plan.data.fingerprint(),
            )  # fmt: skip
            if IDEAL.get(axis) == value:
                about |= dict(axis="ideal", value=0.0)
            where = f"{about['axis']}-{about['value']:g}-{'-'.join(map(str, hidden))}-{name}-{seed}"
            one = kept(
                keeping, where, about,
                lambda a=axis, v=value, h=hidden, n=name, s=seed: {"error": _error(plan, a, v, h, n, s, settings)},
            )  # fmt: skip
            found.setdefault((axis, value, tuple(hidden), name), []).append(one["error"])
    return Report(_checks(found, settings.quick), _draw(plan, found))


def _plan(settings: Settings) -> Plan:
    if settings.quick:
        return Plan(load("digits"), ((20,),), 1, QUICK, 300, 100)
    return Plan(settings.dataset("mnist"), ((500,), (100, 100, 100, 100)), 3, AXES, 6000, 2000)


def _error(
    plan: Plan, axis: str, value: float, hidden: Sequence[int], name: str, seed: int, settings: Settings
) -> float:
    """Return the test error of one run; 1 where it diverged."""
    rule, rate = RULES[name]
    data = plan.data
    timing = replace(Timing(), **({axis: value} if axis in ("settling", "jitter", "overlap") else {}))
    net = timed(
        (data.n_features, *hidden, data.classes),
        rule.with_parameters(rate=rate),
        timing,
        batch_size=BATCH_SIZE,
        seed=seed,
    )
    shown = tuple(orders(plan, axis, value, BATCH_SIZE, seed))
    part = Part(dataset_inputs(net, data, "train"), np.arange(data.n_train), np.asarray(data.y_train))
    samples = Samples(data.name, {"train": part}, order=_Planned(shown))
    tested = replace(data, x_test=data.x_test[: plan.tested], y_test=data.y_test[: plan.tested])
    try:
        trained(settings, net, samples, len(shown), label=f"amit-protocols: {axis} {value:g}, {name}, seed {seed}")
        return net.evaluate(tested).error
    except Diverged:
        return 1.0
    finally:
        net.close()


@dataclass(frozen=True)
class _Planned(EpochOrder):
    """An order for each epoch; the noise goes on from one to the next."""

    orders: tuple[Order, ...]

    def order(self, count: int, batch_size: int, seed: int, number: int) -> Order:
        return self.orders[number - 1]

    def noise(self, seed: int, number: int) -> None:
        return None


def orders(plan: Plan, axis: str, value: float, batch_size: int, seed: int) -> list[Order]:
    """Return what is shown: an order (presentations, batch) for each epoch."""
    samples, labels = plan.samples, np.asarray(plan.data.y_train)
    if axis == "refresh":
        return [one_class_at_a_time(labels[:samples], value, batch_size, seed)]
    shuffled = [epoch_order(samples, batch_size, seed, epoch) for epoch in range(1, plan.epochs + 1)]
    return [sorted_in_stretches(o, labels, int(value)) for o in shuffled] if axis == "stretch" else shuffled


def sorted_in_stretches(order: Order, labels: NDArray[np.integer], stretch: int) -> Order:
    """Return the same samples, sorted by class within stretches of so many."""
    rows = order.ravel()
    rows = rows[rows >= 0]
    parts = [rows[k : k + stretch] for k in range(0, len(rows), stretch)]
    return in_batches(np.concatenate([p[np.argsort(labels[p], kind="stable")] for p in parts]), order.shape[1])


def one_class_at_a_time(labels: NDArray[np.integer], share: float, batch_size: int, seed: int) -> Order:
    """Return every sample once, class by class; with a share of samples of earlier classes drawn between them."""
    rng = np.random.default_rng([seed, 77])
    shown: list[NDArray[np.integer]] = []
    for c in np.unique(labels):
        new = rng.permutation(np.flatnonzero(labels == c))
        earlier = np.flatnonzero(labels < c)
        again = rng.choice(earlier, round(len(new) * share / (1 - share))) if len(earlier) else new[:0]
        shown.append(rng.permutation(np.concatenate([new, again])))
    return in_batches(np.concatenate(shown), batch_size)


def _checks(found: Errors, quick: bool) -> list[Check]:
    mean = {key: float(np.mean(errors)) for key, errors in found.items()}
    if quick:
        ideal = [key for key in mean if IDEAL.get(key[0]) == key[1]]
        return checks(
            "", [(f"{_label(*key)}: mean test error, below that of guessing", mean[key], "<=", 0.8) for key in ideal]
        )
    return claims({_label(*key): error for key, error in mean.items()})


LEARNS, COSTS = 0.15, 0.02


def claims(mean: Mapping[str, float]) -> list[Check]:
    """Check that the network learns in ideal time, and that the far end of each axis costs more than chance does.

    The author asks for these protocols and has no values of them. An axis whose end costs nothing is a finding.
    """
    made: list[Check] = []
    for network in dict.fromkeys(label.split(", ")[0] for label in mean):
        for name in RULES:
            about = f"{network}, {name}"
            first = {axis: f"{about}, {axis} {values[0]:g}" for axis, values in AXES.items()}
            ideal = mean[first["settling"]]
            made += checks(f"{about}, ", [("ideal time, mean test error", ideal, "<=", LEARNS)])
            for axis, values in AXES.items():
                more = mean[f"{about}, {axis} {values[-1]:g}"] - mean.get(first[axis], ideal)
                what = f"mean test error at {axis} {values[-1]:g}, minus that at {values[0]:g}"
                made += checks(f"{about}, ", [(what, more, ">=", COSTS)])
    return made


def _label(axis: str, value: float, hidden: tuple[int, ...], name: str) -> str:
    return f"{'-'.join(map(str, hidden))}, {name}, {axis} {value:g}"


def _draw(plan: Plan, found: Errors) -> Figure:
    figure = new_figure(10.0, 2.3 * len(plan.networks) + 0.6)
    grid = figure.subplots(len(plan.networks), len(plan.axes), squeeze=False, sharey=True)
    for row, hidden in zip(grid, plan.networks, strict=True):
        for ax, (axis, values) in zip(row, plan.axes.items(), strict=True):
            places = np.arange(len(values))
            for name in RULES:
                runs = 100 * np.array([found[axis, v, hidden, name] for v in values])
                spread = runs.std(axis=1)
                ax.errorbar(
                    places,
                    runs.mean(axis=1),
                    spread,
                    color=COLOURS[name],
                    marker="o",
                    markersize=3,
                    label=name,
                    capsize=2,
                )
            ax.set_xticks(places, [f"{v:g}" for v in values], fontsize=6.5)
            ax.set(yscale="log", ylim=(8, 100))
            ax.set_yticks([10, 20, 50, 90], ["10", "20", "50", "90"])
            ax.minorticks_off()
        row[0].set_ylabel(f"test error, %\n{'-'.join(map(str, hidden))} hidden")
    for ax, axis in zip(grid[0], plan.axes, strict=True):
        ax.set_title(LABELS[axis])
    for ax in grid[-1]:
        ax.set_xlabel("ideal → broken")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    letter(grid[0])
    return figure


EXPERIMENT = Experiment(
    "amit-protocols",
    "Amit 2019, Discussion",
    "URFB, FRFB and backpropagation learn while their timing is made worse step by step.",
    run,
    seeds=3,
    data=("mnist",),
    keeps=True,
)
