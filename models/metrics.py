"""How well feedback weights R match the forward weights W that they stand for.

R has the shape (n_lower, n_upper), W the shape (n_upper, n_lower); backpropagation would need R = W^T.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..circuits import Circuit, Projection
from ..circuits.projection import Transposed
from ..errors import RecircuitError

__all__ = ["Alignment", "alignment", "angle", "feedback_pairs", "relative_distance", "sign_agreement"]


@dataclass(frozen=True)
class Alignment:
    """Feedback against forward weights: what `angle`, `relative_distance` and `sign_agreement` say."""

    angle: float
    distance: float
    signs: float


def angle(feedback: ArrayLike, forward: ArrayLike) -> float:
    """The angle between R and W^T as vectors, in degrees: arccos(sum R*W^T / (|R| |W|)).

    90 for weights that have nothing to do with each other, 0 where one is a multiple of the other. NaN where all
    weights of one are zero. Source: Lillicrap et al. 2016; Amit 2019, Fig. 6.

    Args:
        feedback: R, (n_lower, n_upper).
        forward: W, (n_upper, n_lower).

    Raises:
        RecircuitError: where the shapes do not fit.
    """
    r, w = _pair(feedback, forward)
    size = np.linalg.norm(r) * np.linalg.norm(w)
    return float(np.degrees(np.arccos(np.clip(np.vdot(r, w) / size, -1, 1)))) if size > 0 else float("nan")


def relative_distance(feedback: ArrayLike, forward: ArrayLike) -> float:
    """|R - W^T| / |W|, Frobenius norms: 0 where they are equal. NaN where W is zero.

    Source: Lansdell, Prakash and Kording 2020, Fig. 2. Arguments and errors are those of `angle`.
    """
    r, w = _pair(feedback, forward)
    size = np.linalg.norm(w)
    return float(np.linalg.norm(r - w) / size) if size > 0 else float("nan")


def sign_agreement(feedback: ArrayLike, forward: ArrayLike) -> float:
    """The share of weights whose sign is the same in R and W^T, among those that are zero in neither.

    1/2 by chance. NaN where no such weight is. Arguments and errors are those of `angle`.
    """
    r, w = _pair(feedback, forward)
    both = (r != 0) & (w != 0)
    return float(np.mean(np.sign(r[both]) == np.sign(w[both]))) if both.any() else float("nan")


def feedback_pairs(circuit: Circuit) -> dict[str, tuple[Projection, Projection]]:
    """Each feedback projection with its forward partner, by the name of the population that it reaches.

    A feedback projection goes into another compartment than `basal`; its partner joins the same two populations
    the other way, into `basal`. Where several reach one population, the names are `h_from_o`.
    """
    forward = {(p.pre.name, p.post.name): p for p in circuit.projections.values() if p.into == "basal"}
    found = [
        (r, forward[r.post.name, r.pre.name])
        for r in circuit.projections.values()
        if r.into != "basal" and r.structure.kind == "dense" and (r.post.name, r.pre.name) in forward
    ]
    reached = [r.post.name for r, _ in found]
    alone = {name for name in reached if reached.count(name) == 1}
    return {n if (n := r.post.name) in alone else f"{n}_from_{r.pre.name}": (r, w) for r, w in found}


def alignment(circuit: Circuit) -> dict[str, Alignment]:
    """The measures of each feedback projection, as its circuit is now."""
    return {name: _measured(r, w) for name, (r, w) in feedback_pairs(circuit).items()}


def _measured(feedback: Projection, forward: Projection) -> Alignment:
    weights = feedback.weights
    if isinstance(weights, Transposed) and weights.variable == "w":
        return Alignment(0.0, 0.0, 1.0)
    r = weights.of[weights.variable].T if isinstance(weights, Transposed) else feedback["w"]
    w = forward["w"]
    return Alignment(angle(r, w), relative_distance(r, w), sign_agreement(r, w))


def _pair(feedback: ArrayLike, forward: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """R and W^T, in one shape and in double precision."""
    r, w = np.asarray(feedback, dtype=float), np.asarray(forward, dtype=float).T
    if r.shape != w.shape:
        raise RecircuitError(
            f"alignment: feedback weights of shape {r.shape} and forward weights of shape {w.T.shape}; expected "
            "(n_lower, n_upper) and (n_upper, n_lower)."
        )
    return r, w
