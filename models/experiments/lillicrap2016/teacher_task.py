"""What the experiments of Lillicrap et al. 2016 share: a teacher's function to learn, and how its error is followed.

The teacher of Note 3 has 30-20-10-10 units, of which the hidden ones are tanh and the outputs linear; its weights and
biases are uniform, and inputs are N(0, 1). The paper does not say how wide the distributions are. Here each weight, and
each bias, of the teacher is uniform in +-2 sqrt(3/n_pre), which gives the fields of its first layer a standard deviation of
2, so that tanh bends them; the learner's W and biases are a quarter as wide, and its B as wide as the teacher's weights:
feedback alignment is slower the smaller B is. NSE is the squared error over the variance of the targets: 1 for a network
that answers their mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ....circuits import Circuit
from ....circuits.inputs import as_inputs
from ...networks.feedback_alignment import even
from ..framework.experiment import Settings
from ..framework.figure_style import band, plain_decades

Array = NDArray[np.floating]

#: How the learner's W and biases begin, and its B.
BEGIN, CHANNEL = even(0.5), even(2.0)

#: Presentations to a run, whose inputs are drawn together; the error is the mean over them.
PART = 100


@dataclass(frozen=True)
class Teacher:
    """y* = W_L f(... f(W_1 x + c_1) ...) + c_L, f = tanh.

    Parameters
    ----------
    weights, biases : Sequence[Array]
        (n_l, n_(l-1)) and (n_l,), the lowest first.
    """

    weights: Sequence[Array]
    biases: Sequence[Array]

    @classmethod
    def drawn(cls, seed: int, sizes: Sequence[int] = (30, 20, 10, 10)) -> Teacher:
        """Return a random teacher."""
        rng, draw = np.random.default_rng([seed, 0]), even(2.0)
        shapes = list(zip(sizes[1:], sizes, strict=False))
        return cls([draw(rng, s) for s in shapes], [draw(rng, s)[:, 0] for s in shapes])

    def __call__(self, x: Array) -> Array:
        """Return targets, (rows, n_L), of inputs (rows, n_0)."""
        for w, c in zip(self.weights[:-1], self.biases, strict=False):
            x = np.tanh(x @ w.T + c)
        return x @ self.weights[-1].T + self.biases[-1]

    def samples(self, seed: Sequence[int], rows: int) -> dict[str, Array]:
        """Return inputs N(0, 1) and their targets, for the stimuli x and s."""
        x = np.random.default_rng([*seed, 1]).standard_normal((rows, self.weights[0].shape[1]))
        return {"x": x, "s": self(x)}

    def variance(self) -> float:
        """Return the variance of the targets, summed over outputs."""
        return float(np.sum(np.var(self.samples([0], 20_000)["s"], axis=0)))


def follow(
    net: Circuit, teacher: Teacher, presentations: int, seed: int, settings: Settings, part: int = PART
) -> list[float]:
    """Train a circuit on inputs that never come twice: the NSE of each ``part`` presentations, as they were shown.

    Its unit ``loss`` has half the squared error at the end of a presentation. The seed is of the inputs.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed.
    Diverged
        If a variable became NaN or infinite.
    """
    program, table, rows = net.program(settings.backend), net.timetable("train"), part * net.batch_size
    order, variance, found = np.arange(rows).reshape(part, -1), teacher.variance(), []
    for number in range(presentations // part):
        as_inputs(net, teacher.samples([seed, 1 + number], rows)).load(program)
        result = program.run(table, order, collect={"loss.rate": table.steps[-1]})
        result.raise_if_diverged()
        found.append(float(2 * result.collected["loss.rate"].mean() / variance))
    return found


def end(curves: Sequence[Sequence[float]], parts: int = 5) -> float:
    """Return the NSE of the last parts, the mean over runs."""
    return float(np.mean([curve[-parts:] for curve in curves]))


def draw_curves(ax: Axes, curves: Sequence[Sequence[float]], colour: str, label: str, style: str = "-") -> None:
    """Draw the mean over runs, and their range as a band, against presentations."""
    values = np.array(curves)
    x = PART * (np.arange(values.shape[1]) + 1)
    ax.plot(x, values.mean(axis=0), color=colour, label=label, linestyle=style, linewidth=1.1)
    if len(values) > 1:
        band(ax, x, values.min(axis=0), values.max(axis=0), colour)
    ax.set(xlabel="minibatches of 100", ylabel="NSE", yscale="log")
    plain_decades(ax)
