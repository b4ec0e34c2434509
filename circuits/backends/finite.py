"""Whether values are numbers that are finite."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

import numpy as np

__all__ = ["first_not_finite"]


def first_not_finite(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the first variable with a NaN or infinity; the caller turns off NumPy's warnings about large sums of squares."""
    if isfinite(sum([values.dot(values) for values in arrays.values()])):
        return ""
    for key, values in arrays.items():  # a sum of squares is infinite for very large finite values, too
        if not np.isfinite(values).all():
            return key
    return ""
