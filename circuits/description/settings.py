"""Checks of the settings with which a circuit is made."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.units import Quantity, ms

from ...errors import RecircuitError

__all__ = ["MATMULS", "PRECISIONS", "check_settings"]

PRECISIONS = ("float32", "float64")
#: The precisions of matrix products on a GPU.
MATMULS = ("full", "tf32")


def check_settings(batch_size: Any, dt: Any, precision: Any, lowering: Any, seed: Any, matmul: Any) -> None:
    """Refuse settings with which a circuit cannot be computed."""
    if not isinstance(batch_size, int | np.integer) or isinstance(batch_size, bool) or batch_size < 1:
        raise RecircuitError(f"Circuit: batch_size is a whole number, at least 1; got {batch_size!r}.")
    if not isinstance(dt, Quantity) or dt.dim is not ms.dim or np.ndim(dt) or not dt > 0 * ms:
        raise RecircuitError(f"Circuit: dt is a time above 0, such as 1*ms; got {dt!r}.")
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise RecircuitError(f"Circuit: the seed is a whole number from 0 to 2^32 - 1; got {seed!r}.")
    for name, value, allowed in (
        ("precision", precision, PRECISIONS),
        ("lowering", lowering, ("dense", "reference")),
        ("matmul", matmul, MATMULS),
    ):
        if not isinstance(value, str) or value not in allowed:
            raise RecircuitError(f"Circuit: {name} is {' or '.join(map(repr, allowed))}; got {value!r}.")
    if matmul == "tf32" and precision != "float32":
        raise RecircuitError(
            "Circuit: matmul='tf32' goes with precision='float32' only, since products in double precision have no "
            "such form. Use matmul='full'."
        )
    if lowering == "reference" and batch_size != 1:
        raise RecircuitError(
            f"Circuit: the reference form has one batch element, got batch_size={batch_size}. Use batch_size=1, or "
            "lowering='dense'."
        )
