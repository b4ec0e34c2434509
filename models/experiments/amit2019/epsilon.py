"""Amit 2019, Fig. 4: the more the feedback is updated, the sooner the error is gone.

The network is that of Fig. 3. All its forward weights are 0 at the start, and it has the same random R_i(0), with sd
.3/sqrt(fan-in), for every epsilon: Delta R = epsilon Delta W^T, at the rate .03. Backpropagation from zero weights never
moves (this is checked), so that its curve begins at random weights with the sd of R_i(0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from ....plasticity import bp
from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Settings, many
from ..framework.figure_style import RED, STEPS, letter, new_figure
from .linear_circuits import Path, iterations_to_learn, learn, random_problem, urfb_epsilon

RATE, GAIN = 0.03, 0.3
EPSILONS = (0.0, 0.25, 0.5, 1.0)
ROUNDING = 1e-12  # "does not rise" is asked for down to this relative error


@dataclass(frozen=True)
class Curves:
    """Relative errors: by epsilon (4, iterations), and backpropagation's from its own start."""

    epsilon: np.ndarray
    bp: np.ndarray


def run(settings: Settings) -> Report:
    """Run the four values of epsilon and backpropagation, from each seed's start."""
    iterations = 1000 if settings.quick else 2000
    control = bp.with_parameters(rate=RATE)
    curves = []
    for seed in settings.seeds:
        problem = random_problem(seed, gain=GAIN)
        errors = []
        for epsilon in EPSILONS:
            settings.show_progress(f"amit-epsilon: seed {seed}, epsilon = {epsilon:g}")
            rule = urfb_epsilon.with_parameters(rate=RATE, epsilon=epsilon)
            errors.append(learn(problem.from_zero(), rule, iterations, settings.backend).error)
        beside = learn(problem, control, iterations, settings.backend).error
        curves.append(Curves(np.stack(errors), beside))
    stuck = learn(random_problem(settings.seeds[0], gain=GAIN).from_zero(), control, 100, settings.backend)
    return Report(_checks(curves, stuck), _draw(curves[:3]))


FASTER = "the convergence rate of the error increases with epsilon"


def _checks(curves: list[Curves], stuck: Path) -> list[Check]:
    checks = []
    for low, high, place in zip(EPSILONS, EPSILONS[1:], range(3)):
        rises = [_largest_rise(c.epsilon[place], c.epsilon[place + 1]) for c in curves]
        what = f"largest rise of the error from epsilon = {low:g} to {high:g}, over all iterations and {many(curves)}"
        checks.append(
            Check(f"{what}, relative to it, until it is {ROUNDING:g}", float(np.max(rises)), "<=", 0.0, FASTER)
        )
    reached = np.array([[iterations_to_learn(e) for e in c.epsilon] for c in curves])
    for place, epsilon in enumerate(EPSILONS[1:], start=1):
        gain = np.min(reached[:, place - 1] - reached[:, place])
        what = (
            f"iterations by which epsilon = {epsilon:g} reaches 1e-4 before {EPSILONS[place - 1]:g}, least of the runs"
        )
        checks.append(Check(what, float(gain), ">", 0, FASTER))
    mean = [float(np.mean(column)) for column in reached.T]
    checks += [
        Check(f"mean iteration at which the error is 1e-4, epsilon = {e:g}", m, "<=", curves[0].bp.size)
        for e, m in zip(EPSILONS, mean, strict=True)
    ]
    moved = max(float(np.abs(w).max()) for w in stuck.weights)
    checks.append(Check("backpropagation from zero weights: the largest weight after 100 iterations", moved, "==", 0.0))
    beside = max(c.bp[-1] for c in curves)
    checks.append(Check("backpropagation from its own start: the error at the end, worst run", beside, "<=", 1e-4))
    return checks


def _largest_rise(less: np.ndarray, more: np.ndarray) -> float:
    """Return the largest relative rise of the error with more update, where either is above rounding."""
    seen = np.maximum(less, more) > ROUNDING
    return of_learned(float(np.max((more[seen] - less[seen]) / less[seen])), float(less[-1] / less[0]))


def _draw(curves: list[Curves]) -> Figure:
    figure = new_figure(2.3 * len(curves) + 1.2, 2.7)
    axes = figure.subplots(1, len(curves), squeeze=False, sharey=True)[0]
    for number, (ax, run_) in enumerate(zip(axes, curves, strict=True), start=1):
        for colour, epsilon, error in zip(STEPS, EPSILONS, run_.epsilon, strict=True):
            ax.semilogy(np.maximum(error, 1e-32), color=colour, label=rf"$\epsilon$ = {epsilon:g}")
        ax.semilogy(np.maximum(run_.bp, 1e-32), color=RED, linestyle="--", label="BP")
        ax.set(title=f"run {number}", xlabel="iteration", xlim=(0, len(run_.bp)), ylim=(1e-18, 5))
    axes[0].set_yticks([1, 1e-4, 1e-8, 1e-12, 1e-16])
    axes[0].set_ylabel("relative error  $|e|^2/|T|^2$")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    letter(axes)
    return figure


EXPERIMENT = Experiment(
    "amit-epsilon",
    "Amit 2019, Fig. 4",
    "The more the feedback weights are updated, the sooner a deep linear network has learned.",
    run,
    seeds=10,
)
