"""What the experiments with pairs share: how far each pair of a chain is from the pseudoinverse, along the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ....circuits import Circuit
from ....circuits.inputs import as_inputs
from ...analysis.measures import penrose, pseudoinverse_distance
from ..framework.experiment import Settings
from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, PURPLE
from ..framework.saved_runs import kept

Array = NDArray[np.float64]

#: Condition -> how it is written and drawn.
CONDITIONS = {1: ("ABA = A", BLUE), 2: ("BAB = B", GREEN), 3: ("(AB)ᵀ = AB", ORANGE), 4: ("(BA)ᵀ = BA", PURPLE)}
FLOOR = 1e-15  # what is below is rounding


@dataclass(frozen=True)
class Pair:
    """One pair of layers, looked at after some numbers of presentations.

    Parameters
    ----------
    at : Array
        The numbers of presentations, (n,).
    conditions : Array
        How far B is from each of the four Penrose conditions for A, (n, 4).
    distance : Array
        |B - A^+|/|A^+|, (n,).
    moved : Array
        |A - A(0)|/|A(0)|, (n,).
    """

    at: Array
    conditions: Array
    distance: Array
    moved: Array

    @classmethod
    def of(cls, contents: Mapping[str, Any]) -> Pair:
        """Return a pair as `contents` has it."""
        return cls(**{name: np.array(values) for name, values in contents.items()})

    @property
    def contents(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        return {name: values.tolist() for name, values in vars(self).items()}

    def end(self, condition: int) -> float:
        """Return how far it is from a condition (1 to 4) at the end."""
        return float(self.conditions[-1, condition - 1])


def kept_pairs(settings: Settings, name: str, about: Mapping[str, Any], run: Callable[[], list[Pair]]) -> list[Pair]:
    """Return the pairs of a run, which is kept in the folder of the settings (a quick one is not)."""
    found = kept(settings, name, about, lambda: {"pairs": [pair.contents for pair in run()]})
    return [Pair.of(contents) for contents in found["pairs"]]


def trajectory(net: Circuit, presentations: int, backend: str, inputs: Any = None, looks: int = 30) -> list[Pair]:
    """Run a chain or network, and look at all its pairs: at the start, then evenly on a logarithmic axis of time.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed.
    RecircuitError
        If a variable became NaN or infinite.
    """
    joined = [(f"{a}_to_{b}", f"{b}_to_{a}") for a, b in pairwise(net.populations)]
    joined = [pair for pair in joined if set(pair) <= set(net.projections)]
    program = net.program(backend)
    data = as_inputs(net, inputs)
    data.load(program)
    ends = np.unique(np.round(np.geomspace(1, presentations, looks)).astype(int))
    rng = np.random.default_rng(net.seed)
    first = [net[f"{A}.w"] for A, _ in joined]
    seen = [_measured(net, joined, first)]
    for begin, end in pairwise([0, *ends]):
        rows = rng.integers(0, max(data.count, 1), (end - begin, net.batch_size))
        result = program.run(net.timetable(), rows)
        result.raise_if_diverged()
        seen.append(_measured(net, joined, first))
    net.close()
    at = np.array([0, *ends], dtype=float)
    return [Pair(at, *(np.array(column) for column in zip(*pair, strict=True))) for pair in zip(*seen, strict=True)]


def _measured(
    net: Circuit, joined: Sequence[tuple[str, str]], first: Sequence[Array]
) -> list[tuple[Any, float, float]]:
    found = []
    for names, start in zip(joined, first, strict=True):
        A, B = (net[f"{name}.w"] for name in names)
        moved = float(np.linalg.norm(A - start) / np.linalg.norm(start))
        found.append((penrose(B, A), pseudoinverse_distance(B, A), moved))
    return found


def worst(pairs: Sequence[Pair], condition: int) -> float:
    """Return how far the worst run is from a condition at the end."""
    return max(pair.end(condition) for pair in pairs)


def furthest(pairs: Sequence[Pair]) -> float:
    """Return |B - A^+|/|A^+| at the end, the worst run."""
    return float(max(pair.distance[-1] for pair in pairs))


def draw_pair(ax: Axes, pairs: Sequence[Pair], title: str) -> None:
    """Draw the four conditions and the distance from A^+ over presentations: the mean over runs, on logarithmic axes.

    Curves that lie on one another are drawn from the widest to the narrowest, so that none hides another.
    """
    at = np.maximum(pairs[0].at, 0.5)
    for number, (text, colour) in CONDITIONS.items():
        mean = np.mean([pair.conditions[:, number - 1] for pair in pairs], axis=0)
        ax.loglog(at, np.maximum(mean, FLOOR), color=colour, linewidth=5 - number, label=text)
    mean = np.mean([pair.distance for pair in pairs], axis=0)
    ax.loglog(at, np.maximum(mean, FLOOR), color=GREY, linestyle="--", label="B = A⁺")
    ax.set(title=title, xlabel="presentation", ylim=(FLOOR / 3, 10), xlim=(0.5, at[-1]))


def named(sizes: Mapping[str, tuple[int, int]]) -> dict[str, str]:
    """Return the names by their keys, as ``{"contracting": "contracting, 20 to 10"}``."""
    return {name: f"{name}, {below} to {above}" for name, (below, above) in sizes.items()}
