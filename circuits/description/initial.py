"""How weights begin. Each is a function of a random generator and the weights' shape.

That is (n_post, n_pre) where everything is connected to everything; of other structures it says itself how many synapses
come into a unit and go out of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import RecircuitError

Initial = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many synapses come into a unit, and how many go out of one."""
    return getattr(shape, "fans", (shape[-1], shape[0]))


def glorot_limit(shape: tuple[int, ...]) -> float:
    """sqrt(6/(fan_in + fan_out)) (Glorot and Bengio 2010)."""
    return float(np.sqrt(6 / sum(fans(shape))))


def glorot(gain: float = 1.0) -> Initial:
    """Uniform in +-gain*`glorot_limit`."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        limit = gain * glorot_limit(shape)
        return rng.uniform(-limit, limit, shape)

    return draw


def normal(sd: float | None = None, *, scaled_by: float = 1.0) -> Initial:
    """Normal with mean zero and standard deviation ``sd``, or scaled_by/sqrt(fan_in) where none is given."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.normal(0, scaled_by / np.sqrt(fans(shape)[0]) if sd is None else sd, shape)

    return draw


def uniform(low: float, high: float) -> Initial:
    """Uniform between low and high."""
    return lambda rng, shape: rng.uniform(low, high, shape)


def bias_of(weights: Initial, fan_in: int) -> Initial:
    """A bias as one more weight of its unit: drawn as those that come from ``fan_in`` units are."""
    return lambda rng, shape: weights(rng, (shape[0], fan_in))[:, :1]


def draw(initial: Any, rng: np.random.Generator, shape: tuple[int, ...], name: str) -> np.ndarray:
    """The weights that ``initial`` (a function, a number or an array) stands for."""
    value: Any = initial(rng, shape) if callable(initial) else initial
    try:
        array = np.broadcast_to(np.asarray(value, dtype=float), shape)
    except (ValueError, TypeError):
        order = " (post, pre)" if len(shape) == 2 else ""
        raise RecircuitError(
            f"{name}: weights of shape {(*shape,)}{order} were expected; got {np.shape(value)}."
        ) from None
    if not np.isfinite(array).all():
        raise RecircuitError(f"{name}: the initial weights hold NaN or infinity.")
    return array
