"""All that changes in a circuit while it runs, as it is at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import RecircuitError
from .backends.noise import NoiseState
from .lowering.variables import Variable

__all__ = ["Moment", "check_same_variables", "same_bits"]


@dataclass(frozen=True)
class Moment:
    """The state from which a circuit continues: `Circuit.moment` returns one, `Circuit.go_on_from` returns to it.

    Parameters
    ----------
    state : mapping of str to array
        Every stored variable by name, including the clock.
    noise : NoiseState or None
        What the random numbers to come depend on; None if it is not known or is not to be changed.
    epoch : int
        The number of epochs of training that the circuit has had.
    """

    state: Mapping[str, np.ndarray] = field(repr=False)
    noise: NoiseState | None = None
    epoch: int = 0


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays have the same shape and values, NaN included."""
    return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def check_same_variables(saved: Mapping[str, np.ndarray], here: Mapping[str, Variable], what: str = "restore") -> None:
    """Refuse a state of a circuit with other variables.

    Raises
    ------
    RecircuitError
        If a variable is missing or has another shape. The message names it.
    """
    for key in dict.fromkeys([*here, *saved]):
        if key not in saved or key not in here:
            where = "the circuit, but not in what was kept" if key in here else "what was kept, but not in the circuit"
            raise RecircuitError(
                f"{what}: {key} is in {where}. Use a circuit with the same populations and projections."
            )
        if saved[key].shape != here[key].shape:
            raise RecircuitError(
                f"{what}: {key} has the shape {here[key].shape} in the circuit, and {saved[key].shape} in what was kept. Use a "
                "circuit of the same sizes."
            )
