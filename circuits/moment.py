"""All that changes in a circuit while it runs, as it is at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import RecircuitError
from .backends.noise import NoiseState
from .lowering.variables import Variable

__all__ = ["NOISE", "Moment", "check_same_variables", "same_bits"]

#: What the name of the array begins with that random numbers depend on; their kind follows.
NOISE = "noise "


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

    def arrays(self, prefix: str = "") -> dict[str, np.ndarray]:
        """State and noise as named arrays, for a file; the prefix begins the names of the state."""
        found = {f"{prefix}{key}": values for key, values in self.state.items()}
        return found if self.noise is None else found | {f"{NOISE}{self.noise.kind}": self.noise.content}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str = "", epoch: int = 0) -> Moment:
        """The moment of which `arrays` made these; those of other names, with a prefix, are left out."""
        noises = [NoiseState(key.removeprefix(NOISE), array) for key, array in arrays.items() if key.startswith(NOISE)]
        state = {
            key.removeprefix(prefix): array
            for key, array in arrays.items()
            if key.startswith(prefix) and not key.startswith(NOISE)
        }
        return cls(state, next(iter(noises), None), epoch)


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
