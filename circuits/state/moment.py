"""The state of a circuit at one moment: everything that changes while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ...errors import RecircuitError
from ..backends.noise import NoiseState
from ..lowering.lowered import Lowered

__all__ = ["NOISE", "Moment", "check_same_variables", "same_bits"]

#: The beginning of the name of the array with the state of random numbers; the kind of their generator follows.
NOISE = "noise "


@dataclass(frozen=True)
class Moment:
    """The state from which a circuit continues: `Circuit.moment` returns one, `Circuit.go_on_from` returns to it.

    Parameters
    ----------
    state : mapping of str to array
        Every stored variable by name, including the clock.
    noise : NoiseState or None
        The state on which later random numbers depend; None if it is not known or is not to be changed.
    epoch : int
        The number of epochs of training that the circuit has had.
    """

    state: Mapping[str, np.ndarray] = field(repr=False)
    noise: NoiseState | None = None
    epoch: int = 0

    def arrays(self, prefix: str = "") -> dict[str, np.ndarray]:
        """Return state and noise as named arrays, for a file; names of the state begin with the prefix."""
        found = {f"{prefix}{key}": values for key, values in self.state.items()}
        return found if self.noise is None else found | {f"{NOISE}{self.noise.kind}": self.noise.content}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str = "", epoch: int = 0) -> Moment:
        """Return the moment from the result of `arrays`; with a prefix, arrays of other names are left out."""
        noises = [NoiseState(key.removeprefix(NOISE), array) for key, array in arrays.items() if key.startswith(NOISE)]
        state = {
            key.removeprefix(prefix): array
            for key, array in arrays.items()
            if key.startswith(prefix) and not key.startswith(NOISE)
        }
        return cls(state, next(iter(noises), None), epoch)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Return whether two arrays have the same shape and values, NaN included."""
    return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def check_same_variables(
    saved: Mapping[str, np.ndarray], lowered: Lowered, where: str, of: Callable[[str], bool] = lambda key: True
) -> None:
    """Refuse a state that belongs to a circuit with other variables.

    Parameters
    ----------
    saved : mapping of str to array
        The state that was kept.
    lowered : Lowered
        The circuit that it is for.
    where : str
        The place where the state was kept, for error messages.
    of : callable
        A function of the name of a variable that says whether it is compared. The default compares all.

    Raises
    ------
    RecircuitError
        If a variable is missing, or has another shape or type. The message names it.
    """
    here, real = lowered.variables, lowered.network.dtype
    for key in filter(of, dict.fromkeys([*here, *saved])):
        if key not in saved or key not in here:
            there, absent = ("the circuit", where) if key in here else (where, "the circuit")
            raise RecircuitError(
                f"{where}: it is the state of another circuit, since {key!r} is in {there}, but not in {absent}. Use a "
                "circuit with the same populations and projections."
            )
        made, kept = (here[key].shape, here[key].kind.dtype(real)), (saved[key].shape, saved[key].dtype)
        if made != kept:
            raise RecircuitError(
                f"{where}: it is the state of another circuit, since {key!r} has the shape {kept[0]} and the type "
                f"{kept[1]} there, but {made[0]} and {made[1]} in the circuit. Use a circuit of the same sizes and "
                "precision."
            )
