"""Connections that are listed, as an array of truth values, a sparse matrix, or pairs of units."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np

from ...arguments import checked_arguments
from ...errors import RecircuitError
from .base import Connectivity, Matrix


@checked_arguments
@dataclass(frozen=True, eq=False, repr=False)
class Given(Matrix):
    """Connections by a list of synapses: exactly those in the list exist.

    ::

        field[i] = sum over j of m[i, j] * w[i, j] * sent[j],   m[i, j] = 1 where the synapse is listed, else 0

    The weights w have the shape (n_post, n_pre); those without a synapse are zero and stay zero. ``connect`` turns each
    of the three forms into a `Given`, as in ``connect(pre, post, connectivity=array)``.

    Parameters
    ----------
    where : array, sparse matrix or pair of arrays
        An array of truth values (n_post, n_pre); a SciPy sparse matrix of this shape, whose stored entries are the
        synapses; or a pair (pre, post) of arrays with the number of the pre unit and of the post unit of each synapse.

    Raises
    ------
    RecircuitError
        If it is something else, a pair is listed twice, or the sizes of the populations do not fit.

    Notes
    -----
    See `Connectivity` for when in a step signals are read and arrive.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.Given(([0, 1], [0, 0])).mask(3, 2, None)
    array([[1., 1., 0.],
           [0., 0., 0.]])
    """

    where: Any

    def __post_init__(self) -> None:
        if _is_pairs(self.where):
            object.__setattr__(self, "where", _pairs(self.where))
        else:
            object.__setattr__(self, "where", _matrix(self.where))

    @property
    def masked(self) -> bool:
        return True

    @property
    def density(self) -> float:
        if isinstance(self.where, tuple):
            pre, post = self.where
            return len(pre) / max((int(pre.max(initial=0)) + 1) * (int(post.max(initial=0)) + 1), 1)
        return float(self.where.mean()) if self.where.size else 0.0

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        if not isinstance(self.where, tuple):
            return self.where.astype(float)
        pre, post = self.where
        mask = np.zeros((n_post, n_pre))
        mask[post, pre] = 1.0
        return mask

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        if not isinstance(self.where, tuple):
            if self.where.shape != (n_post, n_pre):
                raise RecircuitError(
                    f"{name}: the connectivity is an array of the shape (n_post, n_pre) = {(n_post, n_pre)}; "
                    f"got {self.where.shape}."
                )
            return
        for side, units, size in zip(("pre", "post"), self.where, (n_pre, n_post), strict=True):
            if units.size and units.max() >= size:
                raise RecircuitError(
                    f"{name}: the connectivity lists {side} unit {units.max()}, and there are {size}, from 0 to {size - 1}."
                )

    @cached_property
    def _digest(self) -> str:
        arrays = self.where if isinstance(self.where, tuple) else (np.array(self.where.shape), np.packbits(self.where))
        return sha256(b"|".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()[:12]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Given) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def __repr__(self) -> str:
        count = len(self.where[0]) if isinstance(self.where, tuple) else int(self.where.sum())
        return f"Given({count} synapses, {self._digest})"


@checked_arguments
@dataclass(frozen=True)
class NoAutapses(Matrix):
    """Another connectivity without the synapses from a unit to itself.

    ``connect(h, h, autapses=False)`` is short for ``connectivity=NoAutapses(Dense())``.

    Parameters
    ----------
    of : Connectivity
        A connectivity whose weights are a matrix, such as ``Masked(.1)``.

    Raises
    ------
    RecircuitError
        If the weights of the other connectivity are not a matrix, or the populations do not have the same size.

    Notes
    -----
    See `Connectivity` for when in a step signals are read and arrive.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.NoAutapses(rc.Dense()).mask(2, 2, None)
    array([[0., 1.],
           [1., 0.]])
    """

    of: Connectivity

    def __post_init__(self) -> None:
        if not isinstance(self.of, Matrix):
            raise RecircuitError(
                f"autapses: synapses of a unit to itself can be left out of a matrix of weights, as of Dense(), Masked(p) "
                f"or Given(array); got {self.of!r}."
            )

    @property
    def masked(self) -> bool:
        return True

    @property
    def density(self) -> float:
        return self.of.density

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        inner = self.of.mask(n_pre, n_post, rng)
        others = 1.0 - np.eye(n_post)
        return others if inner is None else inner * others

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        if n_pre != n_post:
            raise RecircuitError(
                f"{name}: NoAutapses(...) leaves out the synapses of a unit to itself, so that it needs populations of one "
                f"size; got {n_pre} and {n_post} units."
            )
        self.of.check(n_pre, n_post, name)


def is_sparse(value: Any) -> bool:
    """Say whether a value is a sparse matrix of SciPy, without importing SciPy, which takes a while."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(value))


def is_listing(value: Any) -> bool:
    """Say whether a value looks like one of the forms that `Given` takes."""
    return isinstance(value, np.ndarray) or is_sparse(value) or _is_pairs(value)


def _is_pairs(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2


def _pairs(value: Any) -> tuple[np.ndarray, np.ndarray]:
    try:
        pre, post = (np.atleast_1d(np.asarray(units)) for units in value)
    except ValueError:
        pre = post = np.array(["ragged"])
    fits = (
        pre.ndim == 1 and pre.shape == post.shape and (not pre.size or {pre.dtype.kind, post.dtype.kind} <= set("ui"))
    )
    if not fits or (pre.size and min(pre.min(), post.min()) < 0):
        raise RecircuitError(
            "Given: a pair (pre, post) is two lists of the same length, with the numbers of the units of each synapse, "
            f"from 0; got {value!r}."
        )
    pre, post = pre.astype(np.int64), post.astype(np.int64)
    if len(set(zip(pre.tolist(), post.tolist(), strict=True))) < len(pre):
        raise RecircuitError(
            "Given: a pair of units is listed twice, and a projection has at most one synapse for each pair. List "
            "every pair once."
        )
    return pre, post


def _matrix(value: Any) -> np.ndarray:
    if is_sparse(value):
        stored = value.tocoo()
        if stored.ndim == 2:
            found = np.zeros(stored.shape, dtype=bool)
            found[stored.row, stored.col] = True
            return found
    array = np.asarray(value) if isinstance(value, np.ndarray | list) else np.zeros(0)
    if array.ndim != 2 or array.dtype.kind not in "buif" or not np.isin(array, (0, 1)).all():
        what = f"an array of {array.dtype} of the shape {array.shape}" if isinstance(value, np.ndarray) else repr(value)
        raise RecircuitError(
            "Given: expected an array of truth values (n_post, n_pre), a SciPy sparse matrix of this shape, or a pair "
            f"(pre, post) of lists of units; got {what}."
        )
    return array.astype(bool)
