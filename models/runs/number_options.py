"""The numbers that are allowed as options of a run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pydantic import AfterValidator

__all__ = ["COUNT", "DECAY", "MOMENTUM", "PROBABILITY", "RATE", "SEED"]


def _checked(expected: str, fits: Callable[[Any], bool]) -> AfterValidator:
    """Return a check of an option; None, for one that was not given, passes."""

    def check(value: Any) -> Any:
        if value is not None and not fits(value):
            raise ValueError(f"expected {expected}")
        return value

    return AfterValidator(check)


COUNT = _checked("a whole number, at least 1 and below 2^31", lambda n: 1 <= n < 2**31)
SEED = _checked("a whole number from 0 to 2^32 - 1", lambda n: 0 <= n < 2**32)
RATE = _checked("a number above 0", lambda x: math.isfinite(x) and x > 0)
DECAY = _checked("a number, 0 or more", lambda x: math.isfinite(x) and x >= 0)
MOMENTUM = _checked("a number from 0 to 1, 1 not included", lambda x: 0 <= x < 1)
PROBABILITY = _checked("a probability above 0, at most 1", lambda x: 0 < x <= 1)
