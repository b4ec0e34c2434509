"""Theorem 9 of `baldi-equivalence`: where the solutions of Eq. 110 are discrete, A_1 and C_1 A_2 converge each by itself.

Eq. 110 says where the pair (A_1, C_1 A_2) can come to rest. A solution is alone in its neighbourhood if no direction solves the
equations to first order: if their Jacobian has full column rank. The third line is taken as `matrix` has it, since that of the
paper is misprinted. Where C_1 has more rows than columns, as in A[4, 3, 2], C_1 A_2 has only the directions that A_2 has.

In A[4, 3, 2] the set of Eq. 110 is not discrete. If R is a rotation of the inputs that leaves G = C_1 S_TI S_II^-1 as it is
(G R = G), then A_1 R solves all three lines with the same C_1 A_2 as A_1 does. There is such a rotation where the input has at
least two units more than the output. It changes A_1 only where the middle is wider than the output; elsewhere A_1 x is 0 for
all x for which G x is. Learning cannot turn A_1 in this way: a rotation changes the part of A_1 outside of the columns of C_1,
which never changes while it learns (dA_1/dt = C_1 ...). A second check therefore holds this part where it began.
"""

from __future__ import annotations

import numpy as np

from ..framework.experiment import Row, Settings
from ..theory.convergence import Array, LinearNetworks
from .matrix import SIZES, drawn_problem

__all__ = ["discrete", "on_discrete"]

#: A Jacobian has full rank if its least singular value is more than this share of its largest.
RANK = 1e-6


def discrete(until: float, settings: Settings) -> dict[str, Array]:
    """Run 20 networks of each shape: how well isolated the end is, and how far A_1 and C A_2 move in the last
    half.

    ``isolated`` is the least singular value over the largest one of the equations at the end, and ``held`` the same with A_1
    held outside of the columns of C_1; ``moved`` is relative to the size of the matrix at the end, and ``changed`` is
    the same from the start.
    """
    found: dict[str, list[Array]] = {"isolated": [], "held": [], "moved": [], "changed": []}
    for place, sizes in enumerate(SIZES):
        networks, S_II, S_TI = drawn_problem(sizes, 10 + place, settings)
        linear = LinearNetworks(networks, S_II, S_TI, settings.backend)
        C = networks.channel[0]
        A1, A2 = linear.trajectory(1e-2, np.linspace(0, until, 41))
        linear.close()
        goal = C @ S_TI @ np.linalg.inv(S_II)
        ends = list(zip(A1[-1], A2[-1], C, goal, strict=True))
        for name in ("isolated", "held"):
            found[name].append(np.array([_isolated(*one, held=name == "held") for one in ends]))
        for name, first in (("moved", 20), ("changed", 0)):
            found[name].append(np.maximum(_largest_move(A1, first), _largest_move(C @ A2, first)))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _largest_move(w: Array, first: int) -> Array:
    """Return the largest distance from the end since a look, over the size at the end, (count,)."""
    return np.linalg.norm(w[first:] - w[-1], axis=(-1, -2)).max(axis=0) / np.linalg.norm(w[-1], axis=(-1, -2))


def _isolated(A: Array, A2: Array, C: Array, goal: Array, held: bool) -> float:
    """Return the least singular value of the derivative of Eq. 110 by A_1 and C_1 A_2, over its largest."""
    X, spread = C @ A2, np.linalg.qr(C)[0]  # C A_2 = spread @ (something free)
    of_A, still_A, still_X = spread if held else np.eye(len(A)), np.zeros_like(A), np.zeros_like(X)
    columns = [_change(A, X, one, still_X, goal) for one in _directions(of_A, A.shape[1])]
    columns += [_change(A, X, still_A, one, goal) for one in _directions(spread, X.shape[1])]
    singular = np.linalg.svd(np.stack(columns, axis=1), compute_uv=False)
    return float(singular[-1] / singular[0])


def _directions(basis: Array, width: int) -> Array:
    """Return all matrices whose one column is a column of the basis, and whose others are 0."""
    units = np.eye(basis.shape[1] * width).reshape(-1, basis.shape[1], width)
    return basis @ units


def _change(A: Array, X: Array, dA: Array, dX: Array, goal: Array) -> Array:
    """Return what the three lines of Eq. 110 change by, to first order."""
    second = dX + dX.T - dA @ A.T - A @ dA.T
    third = dX @ X.T + X @ dX.T - dA @ goal.T - goal @ dA.T
    return np.concatenate([(dX @ A + X @ dA).ravel(), second.ravel(), third.ravel()])


def on_discrete(found: dict[str, Array], quick: bool) -> list[Row]:
    """Check that ends are isolated, and that where they are both matrices have come to rest.

    A quick run leaves out the set that is not discrete, and is too short for the slowest networks to come to rest.
    """
    learned = found["changed"].min() > 0
    alone = found["isolated"] > RANK
    shares = {name: float((found[name] > RANK).mean()) if learned else float("nan") for name in ("isolated", "held")}
    moved = float(found["moved"][alone].max()) if alone.any() and learned else float("nan")
    about = f"Theorem 9, {len(alone)} random networks of {len(SIZES)} shapes"
    end, says = "share whose end is an isolated solution of Eq. 110", "might be discrete"
    rest = "relative change of A_1 and C A_2 in the last half of the time, the worst of the isolated ends"
    whole: Row = (f"{about}: {end}", shares["isolated"], ">=", 0.9, says)
    return [
        *([] if quick else [whole]),
        (f"{about}, A_1 held outside of the columns of C_1: {end}", shares["held"], ">=", 0.9, says),
        (f"{about}: {rest}", moved, "<=", 0.05 if quick else 1e-3, "convergent"),
    ]
