"""How well feedback weights R match the forward weights W that they stand for.

R has the shape (n_lower, n_upper), W the shape (n_upper, n_lower); backpropagation would need R = W^T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...arguments import checked_arguments
from ...circuits import Circuit, Local, Population, Projection
from ...circuits.description.populations.shown_values import numbers_of
from ...circuits.description.projections.projection import Transposed
from ...circuits.description.serving import served_by
from ...errors import RecircuitError
from .gradient_snapshot import matrix

__all__ = [
    "Alignment",
    "alignment",
    "angle",
    "degrees_between",
    "feedback_pairs",
    "forward_matrix",
    "relative_distance",
    "sign_agreement",
]


@dataclass(frozen=True)
class Alignment:
    """The alignment of feedback and forward weights: `angle`, `relative_distance` and `sign_agreement`."""

    angle: float
    distance: float
    signs: float


def angle(feedback: ArrayLike, forward: ArrayLike) -> float:
    """Return the angle between R and W^T as vectors, in degrees: ``arccos(sum(R*W^T)/(norm(R)*norm(W)))``.

    90 for weights that have nothing to do with each other, 0 where one is a multiple of the other. NaN where all
    weights of one are zero. Source: Lillicrap et al. 2016; Amit 2019, Fig. 6.

    Parameters
    ----------
    feedback : ArrayLike
        R, (n_lower, n_upper).
    forward : ArrayLike
        W, (n_upper, n_lower).

    Raises
    ------
    RecircuitError
        If the shapes do not fit.
    """
    return degrees_between(*_pair(feedback, forward))


def degrees_between(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Return the angle between two arrays as vectors, in degrees; NaN where one is zero."""
    size = np.linalg.norm(a) * np.linalg.norm(b)
    return float(np.degrees(np.arccos(np.clip(np.vdot(a, b) / size, -1, 1)))) if size > 0 else float("nan")


def relative_distance(feedback: ArrayLike, forward: ArrayLike) -> float:
    """Return ``norm(R - W^T)/norm(W)`` (Frobenius norms), which is 0 if they are equal, and NaN if W is zero.

    References
    ----------
    Lansdell, Prakash and Kording 2020, Fig. 2. Arguments and errors are those of `angle`.
    """
    r, w = _pair(feedback, forward)
    size = np.linalg.norm(w)
    return float(np.linalg.norm(r - w) / size) if size > 0 else float("nan")


def sign_agreement(feedback: ArrayLike, forward: ArrayLike) -> float:
    """Return the share of weights whose sign is the same in R and W^T, among those that are not zero in either.

    1/2 by chance. NaN where no such weight is. Arguments and errors are those of `angle`.
    """
    r, w = _pair(feedback, forward)
    both = (r != 0) & (w != 0)
    return float(np.mean(np.sign(r[both]) == np.sign(w[both]))) if both.any() else float("nan")


Pair = tuple[Projection, tuple[Projection, ...]]


def feedback_pairs(circuit: Circuit) -> dict[str, Pair]:
    """Return each feedback projection with the forward ones that it belongs to, by the population that it reaches.

    A feedback projection goes into another compartment than `basal`. What it stands for joins the same two populations
    the other way, through `basal` compartments: one projection, or, where the feedback skips layers, the shortest chain
    of them, the lowest first. Error and modulatory neurons stand for the units that they serve (`served_by`). Where
    several reach one population, the names are `h_from_o`. Feedback of images stands for the convolution below it,
    synapse by synapse; what would stand for a chain with images in it is left out.
    """
    found: list[tuple[str, str, Pair]] = []
    served = served_by(circuit)
    for feedback in circuit.projections.values():
        if (
            feedback.into != "basal"
            and feedback.connectivity.kind in ("dense", "local")
            and feedback.pre is not feedback.post
        ):
            upper, lower = (circuit.populations[served.get(p.name, p.name)] for p in (feedback.pre, feedback.post))
            chain = _chain(circuit, lower, upper)
            if chain and _comparable(feedback, chain):
                found.append((lower.name, upper.name, (feedback, chain)))
    reached = [lower for lower, _, _ in found]
    return {lower if reached.count(lower) == 1 else f"{lower}_from_{upper}": pair for lower, upper, pair in found}


def forward_matrix(chain: Sequence[Projection]) -> NDArray[np.float64]:
    """Return the weights of one forward projection, or the product of those of a chain, (n_upper, n_lower).

    Feedback that skips layers stands for that product: Lansdell, Prakash and Kording 2020, Corollary 1.
    """
    product = matrix(chain[0])
    for upper in chain[1:]:
        product = matrix(upper) @ product
    return product


@checked_arguments
def alignment(circuit: Circuit) -> dict[str, Alignment]:
    """Return the present alignment of each feedback projection of a circuit."""
    return {name: _measured(r, chain) for name, (r, chain) in feedback_pairs(circuit).items()}


def _chain(circuit: Circuit, lower: Population, upper: Population) -> tuple[Projection, ...]:
    """Return the shortest way up from one population to another through `basal` compartments, or nothing if there is none."""
    paths: list[tuple[Projection, ...]] = [()]
    seen = {lower.name}
    while paths:
        longer: list[tuple[Projection, ...]] = []
        for path in paths:
            here = path[-1].post if path else lower
            for p in circuit.projections.values():
                if p.into == "basal" and p.pre is here and p.post.name not in seen:
                    if p.post is upper:
                        return (*path, p)
                    longer.append((*path, p))
        seen |= {path[-1].post.name for path in longer}
        paths = longer
    return ()


def _comparable(feedback: Projection, chain: Sequence[Projection]) -> bool:
    """Return whether there are matrices of both, or both are the same synapses of images."""
    if feedback.connectivity.kind == "dense":
        return all(p.connectivity.kind in ("dense", "one_to_one") for p in chain)
    mine, theirs = feedback.connectivity, chain[0].connectivity
    return len(chain) == 1 and isinstance(mine, Local) and theirs in (mine, mine.T)


def _measured(feedback: Projection, chain: Sequence[Projection]) -> Alignment:
    if isinstance(feedback.weights, Transposed) and feedback.weights.variable == "w":
        return Alignment(0.0, 0.0, 1.0)
    if feedback.connectivity.kind == "local":
        r, w = _by_synapse(feedback, back=True)[:, None], _by_synapse(chain[0])[None]
    else:
        r, w = matrix(feedback), forward_matrix(chain)
    return Alignment(angle(r, w), relative_distance(r, w), sign_agreement(r, w))


def _by_synapse(projection: Projection, *, back: bool = False) -> NDArray[np.float64]:
    """Return the weights of local connections, those of feedback in the order of the forward ones, and shared weights once."""
    connectivity, weights = projection.connectivity, projection["w"]
    if connectivity.shared:
        return (weights.swapaxes(0, 1) if back else weights).reshape(-1)
    pre, post, place = connectivity.indices(projection.pre.size, projection.post.size)
    order = np.lexsort((post, pre) if back else (pre, post))
    return weights.reshape(-1)[place[order]]


def _pair(feedback: ArrayLike, forward: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return R and W^T, in one shape and in double precision."""
    r, w = numbers_of(feedback, "alignment: feedback weights"), numbers_of(forward, "alignment: forward weights").T
    if r.shape != w.shape:
        raise RecircuitError(
            f"alignment: feedback weights of shape {r.shape} and forward weights of shape {w.T.shape}; expected "
            "(n_lower, n_upper) and (n_upper, n_lower)."
        )
    return r, w
