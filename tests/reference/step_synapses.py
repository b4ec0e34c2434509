"""The synapses of a projection, one by one, as docs and docstrings number them; and the terms of a rule's equation."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

import numpy as np

from reference.step_plan import Path


@dataclass(frozen=True)
class Synapses:
    """The units and the weight of each synapse, by their numbers; the place of its delay, if each has its own; and its
    place in the window of a unit."""

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray
    tap: np.ndarray

    def back(self) -> Synapses:
        """Return the same synapses in the opposite direction."""
        return replace(self, pre=self.post, post=self.pre)


def listed(p: Path, pre: int, post: int) -> Synapses:
    """Return the synapses of a projection with weights of its own, between so many units."""
    if p.kind == "one to one":
        found = [(u, u, u, 0) for u in range(pre)]
    elif p.kind == "matrix":
        there = np.ones((post, pre), dtype=bool) if p.there is None else p.there
        found = [(j, i, i * pre + j, 0) for i, j in np.ndindex(post, pre) if there[i, j]]
    else:
        found = _windows(p.kind, pre, post)
    table = np.array(found).reshape(-1, 4).T
    return Synapses(table[0], table[1], table[2], table[2], table[3])


def window(pre: int, post: int) -> tuple[int, int]:
    """Return how many units a window has, and how many places before its own place it begins. A window is over all
    units for one unit, over two of three for each of two, and over the three around it for each of three, with places
    outside of the row.
    """
    if post == 1:
        return pre, 0
    return (2, 0) if post < pre else (3, 1)


def _windows(kind: str, pre: int, post: int) -> list[tuple[int, int, int, int]]:
    back = kind.endswith("back")
    taps, before = window(*((post, pre) if back else (pre, post)))
    found = []
    for i, k in np.ndindex(post, taps):
        j = i + before - k if back else i + k - before  # back: unit i has the place k in the window of unit j
        if 0 <= j < pre:
            weight = 0 if kind == "largest" else k + (taps * i if kind.startswith("windows") else 0)
            found.append((j, i, weight, k))
    return found


def terms(text: str) -> list[str]:
    """Return the terms of a sum, or of a product of sums, each with its sign."""

    def split(node: ast.expr, sign: str) -> list[str]:
        match node:
            case ast.BinOp(left, ast.Add(), right):
                return split(left, sign) + split(right, sign)
            case ast.BinOp(left, ast.Sub(), right):
                return split(left, sign) + split(right, "" if sign else "-")
            case ast.BinOp(left, ast.Mult(), right):
                return [f"{a}*{b}" for a in split(left, sign) for b in split(right, "")]
            case _:
                return [f"{sign}({ast.unparse(node)})"]

    return split(ast.parse(text, mode="eval").body, "")
