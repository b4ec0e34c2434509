"""Checks of values that a stimulus is to show, before they are read as rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import RecircuitError


def refuse_bytes(given: Any, what: str) -> None:
    """Refuse bytes without a scale: data sets keep their samples as bytes, of which only their scale makes rates."""
    if getattr(given, "dtype", None) == np.uint8:
        raise RecircuitError(
            f"{what}: got bytes (uint8), which do not say which rates they are. Of a data set give data.rates(data.x_test), "
            "or the data set itself; where the numbers themselves are the rates, give values.astype(float)."
        )


def in_order(given: Any, what: str) -> np.ndarray:
    """An array without a mask. Raises RecircuitError: something is masked."""
    if isinstance(given, np.ma.MaskedArray) and np.ma.getmaskarray(given).any():
        raise RecircuitError(
            f"{what}: some values are masked, and units have a rate in every row. Fill them, as in data.filled(0), or leave "
            "those rows out. Of series, whole rows at the end of a sample may be masked."
        )
    return np.asarray(given)
