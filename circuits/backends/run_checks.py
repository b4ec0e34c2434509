"""The checks of a run's arguments, which are the same on every backend."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...errors import RecircuitError
from ..lowering.memory import check_free

__all__ = ["ORDER", "check_order", "check_scale", "check_seed"]

#: The bytes that the order of presentations needs for each batch element and presentation, while it is made.
ORDER = 16


def check_seed(seed: int) -> int:
    """Return a seed, and refuse one that a backend cannot take."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise RecircuitError(f"seed: expected a whole number from 0 to 2^32 - 1; got {seed!r}.")
    return int(seed)


def check_scale(stimulus: str, scale: float, offset: float, dtype: np.dtype) -> None:
    """Refuse a scale outside of the range of the circuit's precision, where some backends would make it 0 or infinite."""
    limits = np.finfo(dtype)
    fits = float(limits.tiny) <= abs(scale) <= float(limits.max) and abs(offset) <= float(limits.max)
    if scale != 0 and not fits:
        raise RecircuitError(
            f"stimulus {stimulus!r}: rates are scale*values + offset, with the scale {scale} and the offset {offset}; in "
            f"{dtype}, the scale's size is from {limits.tiny:.2g} to {limits.max:.2g}. Rescale the data."
        )


def check_order(order: np.ndarray, batch_size: int, rows: Mapping[str, int]) -> np.ndarray:
    """Return the order of presentations, checked against the data that is loaded."""
    given = np.asarray(order)
    check_free(
        ORDER * given.size, f"run: the order of {len(np.atleast_1d(given)):,} presentations, or steps without phases,",
        "Run several times, each for less.",
    )  # fmt: skip
    if given.ndim != 2 or given.shape[1] != batch_size or (given.size and given.dtype.kind not in "ui"):
        raise RecircuitError(
            f"run: the order is whole numbers of the shape (presentations, {batch_size}); got {given.shape} of {given.dtype}."
        )
    if given.size and given.max() > (last := np.iinfo(np.int32).max):
        raise RecircuitError(
            f"run: the order asks for row {given.max()}, and the largest possible number of a row is {last}."
        )
    if given.size and given.min() < -1:
        given = np.maximum(given, -2)  # these are refused below; here they must fit the smaller type
    order = np.ascontiguousarray(given, dtype=np.int32)
    empty = order < 0
    if order.size and (order.min() < -1 or empty[:, 0].any() or (empty[:, :-1] & ~empty[:, 1:]).any()):
        raise RecircuitError(
            "run: in the order, -1 marks a batch element that shows nothing. It can stand only at the end of a "
            "row, and not in all places of a row."
        )
    for name, count in rows.items():
        if order.size and order.max() >= count:
            raise RecircuitError(f"run: the order asks for row {order.max()} of {name!r}, which has {count} rows.")
    return order
