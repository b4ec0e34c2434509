"""Expected learning: stimuli whose mean over batch elements is the expectation, and rates so small that learning flows.

A rule's update is averaged over the batch elements. Where the batch elements show N rows of which

    mean of x x^T = S_II,    mean of target x^T = S_TI

hold exactly, one presentation of a linear circuit is one expected update; at a small rate, presentations n at t = rate n
are Euler's method, with the rate as its step, on the paper's dW/dt. A table of three rates shows how far it is from the
limit. `white` gives the same up to chance, by as many batch elements as one likes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...circuits import Circuit
from ...circuits.inputs import as_inputs
from ...errors import RecircuitError

__all__ = ["Trajectory", "Flow", "expected", "white"]

Array = NDArray[np.floating]


def expected(S_II: ArrayLike, S_TI: ArrayLike) -> tuple[Array, Array]:
    """Return rows x and targets, (N_0, N_0) and (N_0, N_L), whose means of x x^T and target x^T are S_II and S_TI.

    x is sqrt(N_0) times the symmetric root of S_II. With networks beside each other, S_II is (count, N_0, N_0) and
    S_TI (count, N_L, N_0), and their rows are joined: (N_0, count N_0) and (N_0, count N_L).

    Raises
    ------
    RecircuitError
        If S_II is not symmetric and positive, or S_TI does not fit.
    """
    s_ii, s_ti = (m if m.ndim == 3 else m[None] for m in (np.asarray(S_II, float), np.asarray(S_TI, float)))
    n = s_ii.shape[-1]
    if s_ii.shape[1:] != (n, n) or s_ti.shape[::2] != (len(s_ii), n):
        raise RecircuitError(
            f"expected: S_II is (N_0, N_0) and S_TI (N_L, N_0), for every network; got {np.shape(S_II)} and "
            f"{np.shape(S_TI)}."
        )
    if not np.allclose(s_ii, s_ii.transpose(0, 2, 1)):
        raise RecircuitError("expected: S_II is symmetric, a mean of x x^T; got one that is not.")
    values, vectors = np.linalg.eigh(s_ii)
    if values.min() <= 0:
        raise RecircuitError(f"expected: S_II is positive definite; got an eigenvalue of {values.min():.3g}.")
    root = np.sqrt(n * values)[:, None, :]
    x = (vectors * root) @ vectors.transpose(0, 2, 1)  # symmetric; its rows are shown
    target = (vectors * (n / root)) @ vectors.transpose(0, 2, 1) @ s_ti.transpose(0, 2, 1)
    return _joined(x), _joined(target)


def white(rows: int, units: int, rng: np.random.Generator) -> Array:
    """Draw rows (rows, units) from N(0, 1).

    The mean of x x^T is the identity up to chance, which is of the order of rows^-1/2.
    """
    return rng.standard_normal((rows, units))


@dataclass(frozen=True)
class Trajectory:
    """The weights of a circuit at several times.

    Parameters
    ----------
    times : Array
        Rate times presentations, (times,).
    weights : Mapping[str, Array]
        The weights by name, as ``"W1.w"``, (times, *shape).
    """

    times: Array
    weights: Mapping[str, Array]


class Flow:
    """A circuit that presents all rows of its stimuli at the same time, again and again.

    It is built once, and run from many starts and at many rates.

    Parameters
    ----------
    net : Circuit
        With as many batch elements as there are rows.
    inputs : Mapping[str, ArrayLike]
        Rows for each stimulus.
    backend : str
        ``"numpy"`` or ``"cpp"``.
    """

    def __init__(self, net: Circuit, inputs: Mapping[str, ArrayLike], backend: str = "numpy") -> None:
        self.net = net
        self.program = net.program(backend)
        self.plastic = [p.name for p in net.projections.values() if p.plastic]
        self.show(inputs)
        self.start()

    def show(self, inputs: Mapping[str, ArrayLike]) -> None:
        """Present these rows from now on.

        Raises
        ------
        RecircuitError
            If there are not as many of them as there are batch elements.
        """
        data = as_inputs(self.net, inputs)
        if data.count != self.net.batch_size:
            raise RecircuitError(
                f"Flow: every presentation shows all rows, one in each batch element; got {data.count} rows and "
                f"{self.net.batch_size} batch elements."
            )
        data.load(self.program)

    def start(self, weights: Mapping[str, ArrayLike] | None = None) -> None:
        """Begin with the circuit's initial weights, or with these (``"W1.w"``). Nothing is built again."""
        self.net.reset()
        for name, values in (weights or {}).items():
            self.net[name] = values

    def run(self, rate: float, times: Sequence[float] | Array, speeds: Mapping[str, float] | None = None) -> Trajectory:
        """Run from the present weights, which are those of the first time, to the last time.

        Parameters
        ----------
        rate : float
            The learning rate; a presentation is a step of t by it.
        times : Sequence[float] | Array
            When the weights are looked at, whole numbers of presentations apart.
        speeds : Mapping[str, float] | None
            Factors of the rate for some projections; 0 keeps their weights.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C was pressed.
        RecircuitError
            If a variable became NaN or infinite, or the times do not fit the rate.
        """
        for name in self.plastic:
            self.net[f"{name}.rate"] = rate * (speeds or {}).get(name, 1.0)
        seen = {f"{name}.w": [self.net[f"{name}.w"]] for name in self.plastic}
        for steps in whole_steps(rate, times):
            self._present(steps)
            for name, values in seen.items():
                values.append(self.net[name])
        return Trajectory(np.asarray(times, float), {name: np.stack(values) for name, values in seen.items()})

    def close(self) -> None:
        """Close the program."""
        self.net.close()

    def _present(self, presentations: int) -> None:
        order = np.tile(np.arange(self.net.batch_size), (presentations, 1))
        result = self.program.run(self.net.timetable("train"), order)
        result.raise_if_diverged()


def whole_steps(rate: float, times: Sequence[float] | Array) -> list[int]:
    """Return the number of presentations from each of the times to the next.

    Raises
    ------
    RecircuitError
        If the values are not whole numbers.
    """
    steps = np.diff(np.asarray(times, float)) / rate
    if np.any(np.abs(steps - np.round(steps)) > 1e-6 * np.maximum(steps, 1)) or np.any(steps < 0.5):
        raise RecircuitError(f"Flow: the times must lie whole numbers of steps of {rate:g} apart; got {list(times)}.")
    return [int(s) for s in np.round(steps)]


def _joined(rows: Array) -> Array:
    """Return an array (count, rows, units) as (rows, count * units)."""
    return rows.transpose(1, 0, 2).reshape(rows.shape[1], -1)
