"""The memory that a circuit needs, which is computed before the circuit is built."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ...errors import RecircuitError
from ..description.network import Network
from .layout import layout
from .variables import Scope, Variable

__all__ = ["GIB", "Need", "available", "check_free", "check_memory"]

GIB = 2**30
#: The number of bytes below which free memory is not checked, since a check takes longer than a small presentation.
SMALL = 2**26
#: The scopes of variables that have values of their own in each batch element.
OF_ELEMENTS = (Scope.UNIT, Scope.TRACE, Scope.DELAY)


@dataclass(frozen=True)
class Need:
    """The bytes that the variables of a circuit need, by population and projection.

    Parameters
    ----------
    shared : dict of str to int
        The bytes of variables that all batch elements share, such as weights.
    element : dict of str to int
        The bytes, for one batch element, of variables that each has for itself, such as rates and traces.
    batch_size : int
        The number of batch elements.
    """

    shared: dict[str, int]
    element: dict[str, int]
    batch_size: int

    @classmethod
    def of(cls, network: Network, variables: Iterable[Variable] | None = None) -> Need:
        """Return the memory that a circuit needs, without its data.

        Parameters
        ----------
        network : Network
            The description of the circuit.
        variables : iterable of Variable, optional
            The variables that a backend keeps. The default is those that the description declares, without the tables of
            connectivities and without intermediate values of operations.
        """
        found: tuple[dict[str, int], dict[str, int]] = {}, {}
        for variable in layout(network, [], tables=False).values() if variables is None else variables:
            size = variable.size * variable.kind.dtype(network.dtype).itemsize
            own = variable.scope in OF_ELEMENTS
            parts = found[own]
            parts[variable.owner] = parts.get(variable.owner, 0) + (size // network.batch_size if own else size)
        return cls(*found, network.batch_size)

    @property
    def parts(self) -> dict[str, int]:
        """The bytes of each population and projection, for all batch elements together."""
        owners = dict.fromkeys([*self.shared, *self.element])
        return {k: self.shared.get(k, 0) + self.batch_size * self.element.get(k, 0) for k in owners}

    @property
    def total(self) -> int:
        """The bytes of all populations and projections."""
        return sum(self.parts.values())

    def refusal(self, free: int, where: str) -> str:
        """Return a message that says what does not fit and what to make smaller; it is empty if everything fits.

        Parameters
        ----------
        free : int
            The number of bytes that are free.
        where : str
            The end of a sentence about them, as in ``"are free"``.
        """
        if self.total <= free:
            return ""
        parts = self.parts
        largest = ", ".join(f"{k} {parts[k] / GIB:.2f}" for k in sorted(parts, key=lambda name: -parts[name])[:3])
        fitting = (free - sum(self.shared.values())) // max(sum(self.element.values()), 1)
        fewer = f"a smaller batch_size, of at most {fitting}, " if fitting >= 1 else ""
        return (
            f"the circuit needs {self.total / GIB:.2f} GiB for its weights, and for states and traces of {self.batch_size} "
            f"batch elements, and {free / GIB:.2f} GiB {where} (the largest parts: {largest}). Use {fewer}smaller or tied "
            "layers, or float32."
        )


def check_memory(network: Network, free: int | None = None) -> None:
    """Refuse a circuit that does not fit into memory.

    Parameters
    ----------
    network : Network
        The description of the circuit.
    free : int, optional
        The number of free bytes. The default is the number that this machine reports.

    Raises
    ------
    RecircuitError
        If there is not enough memory. The message says what is needed, what is free, and which parts are the largest.
    """
    free = available() if free is None else free
    if free is not None and (refused := Need.of(network).refusal(free, "are free")):
        raise RecircuitError(f"memory: {refused}")


def check_free(needed: int, what: str, advice: str, free: int | None = None) -> None:
    """Refuse data that do not fit into memory, before they fill it.

    Parameters
    ----------
    needed : int
        The number of bytes.
    what : str
        The purpose of the bytes, such as ``"record: 1000 steps"``.
    advice : str
        A sentence that says what to do if they do not fit.
    free : int, optional
        The number of free bytes. The default is the number that this machine reports.

    Raises
    ------
    RecircuitError
        If they do not fit. The message says what is needed and what is free.
    """
    if free is None:
        free = available() if needed > SMALL else None
    if free is not None and needed > free:
        raise RecircuitError(f"{what} need {needed / GIB:.2f} GiB, and {free / GIB:.2f} GiB are free. {advice}")


def available() -> int | None:
    """Return the number of free bytes on this machine, or None if it is not known."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None
