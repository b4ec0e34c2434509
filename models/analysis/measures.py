"""Measures of a learning circuit: of its feedback weights, its signals, its rates and its cost.

The functions of arrays are formulas; R is (n_lower, n_upper), W (n_upper, n_lower), and signals are (batch, units).
`MEASURES` are measures of a running circuit, for ``recircuit train --measure NAME`` or `measure`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...circuits import Circuit
from ...errors import RecircuitError
from ...registry import Registry
from .gradient_snapshot import Snapshot, matrix, snapshot
from .weight_alignment import feedback_pairs, forward_matrix

__all__ = [
    "MEASURES", "PATHWAYS", "measure", "operations", "penrose", "pseudoinverse_distance", "rate_statistics",
    "saturated", "signal_angle", "signal_error", "signal_signs", "trace",
]  # fmt: skip

Array = NDArray[np.float64]
#: The pathway that ends in a compartment. All other compartments end lateral pathways.
PATHWAYS = {"basal": "forward", "apical": "feedback"}

# --- weights ----------------------------------------------------------------------------------------------------------


def trace(feedback: ArrayLike, forward: ArrayLike) -> float:
    """Return tr(RW) = sum over i, j of R_ij W_ji, which is above 0 if the feedback is within 90 degrees of the gradient's.

    Source: Lillicrap et al. 2016, Supp. Fig. 11-12 and Note 11, where it is tr(BW).
    """
    r, w = _shapes(feedback, forward)
    return float(np.sum(r * w.T))


def pseudoinverse_distance(feedback: ArrayLike, forward: ArrayLike) -> float:
    """Return |R - W^+|/|W^+| (Frobenius norms; W^+ is the Moore-Penrose pseudoinverse), or NaN if W is zero.

    Source: Cameron, Chen, Wagner and Sejnowski; Lillicrap et al. 2016, Supp. Fig. 13.
    """
    r, w = _shapes(feedback, forward)
    inverse = np.linalg.pinv(w)
    return _relative(r, inverse)


def penrose(feedback: ArrayLike, forward: ArrayLike) -> tuple[float, float, float, float]:
    """Return how far R is from each of the four Penrose conditions for W; all are 0 only at R = W^+.

        |WRW - W|/|W|,  |RWR - R|/|R|,  |(WR)^T - WR|/|WR|,  |(RW)^T - RW|/|RW|,  Frobenius norms

    NaN where what is divided by is zero. Source: Cameron, Chen, Wagner and Sejnowski, definition of the pseudoinverse.
    """
    r, w = _shapes(feedback, forward)
    wr, rw = w @ r, r @ w
    return _relative(wr @ w, w), _relative(rw @ r, r), _relative(wr.T, wr), _relative(rw.T, rw)


# --- signals ----------------------------------------------------------------------------------------------------------


def signal_angle(signal: ArrayLike, gradient: ArrayLike) -> float:
    """Return the angle between two signals in degrees: the mean over batch elements b of arccos(s_b.g_b / (|s_b| |g_b|)).

    Batch elements in which one of them is zero are left out; NaN where all are. Source: Lillicrap et al. 2016, Fig. 2;
    Lansdell, Prakash and Kording 2020, Fig. 2.
    """
    s, g = _of_one_shape(signal, gradient)
    size = np.linalg.norm(s, axis=1) * np.linalg.norm(g, axis=1)
    cosine = np.sum(s * g, axis=1)[size > 0] / size[size > 0]
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean()) if cosine.size else float("nan")


def signal_error(signal: ArrayLike, gradient: ArrayLike) -> float:
    """Return the relative error |s - g|/|g| over all batch elements and units.

    Source: Lansdell, Prakash and Kording 2020, Fig. 2.
    """
    return _relative(*_of_one_shape(signal, gradient))


def signal_signs(signal: ArrayLike, gradient: ArrayLike) -> float:
    """Return the share of batch elements and units in which s and g have the same sign, among those where neither is zero.

    1/2 by chance; NaN where there is none. Source: Lansdell, Prakash and Kording 2020, Fig. 2.
    """
    s, g = _of_one_shape(signal, gradient)
    both = (s != 0) & (g != 0)
    return float(np.mean(np.sign(s[both]) == np.sign(g[both]))) if both.any() else float("nan")


def rate_statistics(rates: ArrayLike) -> dict[str, float]:
    """Return `mean` and `sd` of rates (batch, units), and `spread`, the sd over batch elements, averaged over units.

    A spread of 0 says that the units answer every stimulus alike.
    """
    x = np.asarray(rates, dtype=float)
    return {"mean": float(x.mean()), "sd": float(x.std()), "spread": float(x.std(axis=0).mean())}


def saturated(slopes: ArrayLike, below: float = 0.05) -> float:
    """Return the share of batch elements and units whose f'(h) is at most `below`; they hardly pass errors on."""
    return float(np.mean(np.abs(np.asarray(slopes, dtype=float)) <= below))


# --- cost -------------------------------------------------------------------------------------------------------------


def operations(circuit: Circuit, mode: str = "train") -> dict[str, int]:
    """Return the multiplications of one presentation and batch element by pathway, as the circuit's table runs them.

    `forward` (into basal compartments), `feedback` (into apical ones), `lateral` (into all others), `learning` (each
    synapse whose weight changes, once per statement), `units` (equations of units). Operations that are
    left out because they cannot matter are not counted.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    mode : str
        ``"train"`` or ``"evaluate"``.
    """
    counted: dict[str, int] = {"forward": 0, "feedback": 0, "lateral": 0, "learning": 0, "units": 0}
    for operation, times in circuit.timetable(mode).running():
        crossed = circuit.projections.get(operation.owner)
        kind = "learning" if operation.learns else PATHWAYS.get(crossed.into, "lateral") if crossed else "units"
        counted[kind] += times * operation.work
    return counted


# --- a circuit --------------------------------------------------------------------------------------------------------

Measured = dict[str, float]


def _pairs(of: Callable[[Array, Array], Measured], shot: Snapshot) -> Measured:
    """Return a measure of the weights of each feedback projection and of those it stands for, by the layer that it reaches."""
    found: Measured = {}
    for name, (feedback, chain) in feedback_pairs(shot.circuit).items():
        found |= {f"{name}_{k}": v for k, v in of(matrix(feedback), forward_matrix(chain)).items()}
    return found


def _conditions(feedback: Array, forward: Array) -> Measured:
    return {f"penrose_{k}": v for k, v in enumerate(penrose(feedback, forward), 1)}


def _signal(of: Callable[[Array, Array], float], name: str, shot: Snapshot) -> Measured:
    """Return a measure of the error that a layer's units have, and of the true gradient, for each layer."""
    gradients = shot.gradients()
    populations = {n: shot.circuit.populations[n] for n in gradients}
    having = {n: p for n, p in populations.items() if "error" in p.variables()}
    return {f"{n}_{name}": of(shot.of(p, "error"), gradients[n]) for n, p in having.items()}


def _gradient(shot: Snapshot) -> Measured:
    """Return the angle between the error signals of each layer and the true gradient, in degrees (see `signal_angle`)."""
    return _signal(signal_angle, "gradient", shot)


def _signal_error(shot: Snapshot) -> Measured:
    """Return the relative difference between the error signals of each layer and the true gradient (see `signal_error`)."""
    return _signal(signal_error, "signal_error", shot)


def _signal_signs(shot: Snapshot) -> Measured:
    """Return the share of error signals that have the sign of the true gradient, in each layer (see `signal_signs`)."""
    return _signal(signal_signs, "signal_signs", shot)


def _trace(shot: Snapshot) -> Measured:
    """Return the trace of the product of feedback and forward weights (see `trace`)."""
    return _pairs(lambda r, w: {"trace": trace(r, w)}, shot)


def _pseudoinverse(shot: Snapshot) -> Measured:
    """Return the distance of the feedback weights from the pseudoinverse (see `pseudoinverse_distance`)."""
    return _pairs(lambda r, w: {"pseudoinverse": pseudoinverse_distance(r, w)}, shot)


def _penrose(shot: Snapshot) -> Measured:
    """Return how far the feedback weights are from each of the four Penrose conditions (see `penrose`)."""
    return _pairs(_conditions, shot)


def _rates(shot: Snapshot) -> Measured:
    """Return the mean and spread of the rates of each layer (see `rate_statistics`)."""
    found: Measured = {}
    for name in shot.gradients():
        statistics = rate_statistics(shot.of(shot.circuit.populations[name], "rate"))
        found |= {f"{name}_rate_{k}": v for k, v in statistics.items()}
    return found


def _saturated(shot: Snapshot) -> Measured:
    """Return the share of units of each layer whose transfer function is nearly flat (see `saturated`)."""
    populations = shot.circuit.populations
    return {f"{name}_saturated": saturated(shot.slope(populations[name])) for name in shot.gradients()}


def _operations(shot: Snapshot) -> Measured:
    """Return the multiplications of one presentation, by pathway (see `operations`)."""
    return {f"operations_{k}": float(v) for k, v in operations(shot.circuit).items()}


MEASURES: Registry[Callable[[Snapshot], Measured]] = Registry(
    "measure",
    {
        "gradient": _gradient,
        "signal_error": _signal_error,
        "signal_signs": _signal_signs,
        "trace": _trace,
        "pseudoinverse": _pseudoinverse,
        "penrose": _penrose,
        "rates": _rates,
        "saturated": _saturated,
        "operations": _operations,
    },
)
"""What is measured in a snapshot of a circuit, by name; each makes columns of metrics.csv."""


def measure(circuit: Circuit, names: str | Iterable[str], data: Any = None) -> Measured:
    """Measure a circuit as it is now, on the first rows of the data, one in each batch element, without changing it.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    names : str or iterable of str
        Names in `MEASURES`.
    data : array, mapping or Dataset
        Data as for `Circuit.run`; of a data set the training part.

    Raises
    ------
    UsageError
        If there is no measure of that name.
    RecircuitError
        If nothing in the circuit learns.
    """
    names = checked(names)
    shot = snapshot(circuit, data)
    found: Measured = {}
    for name in names:
        found |= MEASURES[name](shot)
    return found


def checked(names: str | Iterable[str]) -> Sequence[str]:
    """Return names of measures, each once.

    Raises
    ------
    UsageError
        If there is no measure of a name.
    """
    names = [names] if isinstance(names, str) else list(dict.fromkeys(names))
    for name in names:
        MEASURES.find(name)
    return names


# --- inside -----------------------------------------------------------------------------------------------------------


def _relative(got: Array, wanted: Array) -> float:
    size = np.linalg.norm(wanted)
    return float(np.linalg.norm(got - wanted) / size) if size > 0 else float("nan")


def _shapes(feedback: ArrayLike, forward: ArrayLike) -> tuple[Array, Array]:
    r, w = np.asarray(feedback, dtype=float), np.asarray(forward, dtype=float)
    if r.ndim != 2 or r.shape != w.shape[::-1]:
        raise RecircuitError(
            f"measures: feedback weights of shape {r.shape} and forward weights of shape {w.shape}; expected "
            "(n_lower, n_upper) and (n_upper, n_lower)."
        )
    return r, w


def _of_one_shape(signal: ArrayLike, gradient: ArrayLike) -> tuple[Array, Array]:
    s, g = np.asarray(signal, dtype=float), np.asarray(gradient, dtype=float)
    if s.ndim != 2 or s.shape != g.shape:
        raise RecircuitError(
            f"measures: signals of the shapes {s.shape} and {g.shape}; expected two of (batch, units)."
        )
    return s, g
