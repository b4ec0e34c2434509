"""Lansdell, Prakash and Kording 2020, Fig. 3: an autoencoder whose bottleneck has two units.

784-200-2-200-784 on MNIST (tanh, identity, tanh, relu), half the squared error, 32 columns (section C.2): feedback
alignment, backpropagation, node perturbation, the matching rule, and as controls backpropagation of noisy samples
(sd .3) and ADAM.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ...circuits import Circuit
from ...circuits.inputs import Inputs, dataset_inputs
from ...plasticity import Rule, bp, frfb
from ...plasticity.rules import adam, matching, node_perturbation as perturbation
from ..data import Dataset, load
from ..node_perturbation import node_perturbation
from ..training import epoch_order, in_columns
from .experiment import Check, Experiment, Report, Settings, many
from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, letter, new_figure

Array = NDArray[np.floating]

COLUMNS = 32
TRANSFER, ANSWER = ("tanh", "linear", "tanh"), "relu"
EVALUATED = 10_000


@dataclass
class Course:
    """Losses before the first epoch and after each, of test and training samples; the codes of the test samples."""

    test: list[float] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    codes: Array = field(default_factory=lambda: np.zeros((0, 2)))
    shown: Array = field(default_factory=lambda: np.zeros((0, 0)))


@dataclass(frozen=True)
class Method:
    rule: Rule
    options: Mapping[str, Any] = field(default_factory=dict)


def learn(
    data: Dataset, hidden: int, method: Method, epochs: int, seed: int, settings: Settings, name: str = ""
) -> Course:
    """Train one circuit.

    Raises KeyboardInterrupt: Ctrl-C; RecircuitError: something diverged.
    """
    sizes = (data.n_features, hidden, 2, hidden, data.n_features)
    net = node_perturbation(
        sizes, method.rule, transfer=TRANSFER, answer=ANSWER, target="values", columns=COLUMNS, seed=seed,
        **method.options,
    )  # fmt: skip
    program, course = net.program(settings.backend), Course()
    shown = {part: dataset_inputs(net, data, part) for part in ("train", "test")}
    for epoch in range(epochs + 1):
        settings.tell(f"lansdell-autoencoder: {name}, seed {seed}, epoch {epoch} of {epochs}")
        if epoch:
            program.seed(int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0]))
            shown["train"].load(program)
            result = program.run(net.timetable("train"), epoch_order(data.n_train, COLUMNS, seed, epoch))
            result.raise_if_diverged()
            if result.interrupted:
                raise KeyboardInterrupt
        course.test.append(_loss(net, shown["test"])[0])
        course.train.append(_loss(net, shown["train"])[0])
    _, course.codes, course.shown = _loss(net, shown["test"], pictures=5)
    net.close()
    return course


def _loss(net: Circuit, inputs: Inputs, pictures: int = 0) -> tuple[float, Array, Array]:
    """The mean loss of the first samples, without noise, their codes, and what the output shows of some of them."""
    inputs.load(net.program())
    rows = in_columns(np.arange(min(EVALUATED, inputs.count)), COLUMNS)
    table = net.timetable("evaluate", ["loss.rate", "h2.rate", "o.rate"])
    keys = ["loss.rate"] + ["h2.rate", "o.rate"] * bool(pictures)
    if pictures:
        rows = rows[: max(1, 3200 // COLUMNS)]
    seen = net.program().run(table, rows, collect=dict.fromkeys(keys, table.steps[-1])).collected
    there = rows.ravel() >= 0
    loss = float(seen["loss.rate"].reshape(-1)[there].mean())
    if not pictures:
        return loss, np.zeros((0, 2)), np.zeros((0, 0))
    return loss, seen["h2.rate"].reshape(-1, 2)[there], seen["o.rate"][0, :pictures]
