"""What cannot be trained is refused before anything is built."""

from __future__ import annotations

import numpy as np

from ...circuits import Circuit
from ...errors import UsageError
from .samples import Samples

__all__ = ["check"]


def check(circuit: Circuit, samples: Samples, epochs: int, seed: int) -> None:
    """Refuse what cannot be trained.

    Raises UsageError: no stimulus, sizes that do not fit the data, more batch elements than samples, epochs or seed.
    """
    count = samples.parts["train"].count
    if isinstance(epochs, bool) or not isinstance(epochs, int | np.integer) or epochs < 1:
        raise UsageError(f"epochs: expected a whole number, at least 1; got {epochs!r}.")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise UsageError(f"seed: expected a whole number from 0 to 2^32 - 1; got {seed!r}.")
    if circuit.batch_size > count:
        raise UsageError(
            f"batch_size: {circuit.batch_size} samples at a time, but {samples.name!r} has only {count} for training."
        )
