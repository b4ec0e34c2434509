"""The base class of backends: what a backend needs, and how it builds a circuit."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ..lowering.lowered import Lowered
from .program import Program


class Backend(ABC):
    """A way to run circuits. Each backend is a folder next to this file, with one instance of a subclass.

    An installed package adds a backend by an entry point in the group ``recircuit.backends``, which names such an
    instance.

    Attributes
    ----------
    name : str
        The name by which users ask for it.
    about : str
        One sentence for lists of backends.
    needs : str
        What the machine must have, in a word or two; empty if nothing special is needed.
    build_seconds : float
        About how long it takes until a circuit that has not been built before runs.
    seeks_speed : bool
        Whether ``backend="auto"`` may choose it. Of the backends that can run, the last one in the registry is chosen.
    """

    name: str
    about: str
    needs: str = ""
    build_seconds: float = 0.0
    seeks_speed: bool = False

    def missing(self) -> str:
        """Return what the backend lacks on this machine, and what to do about it; an empty text if it lacks nothing.

        The text has no full stop at its end, since it is put into the sentences of messages.
        """
        return ""

    @abstractmethod
    def open(self, lowered: Lowered) -> Program:
        """Build a circuit.

        Parameters
        ----------
        lowered : Lowered
            The circuit as operations and variables.

        Returns
        -------
        Program
            The circuit, ready to run.

        Raises
        ------
        RecircuitError
            If something is missing on this machine, or the backend cannot run this circuit.
        """

    def threads(self) -> int:
        """Return the number of threads that compute at the same time."""
        return 1

    def versions(self) -> dict[str, str]:
        """Return the versions of everything that decides the numbers, besides Python and the packages that all backends use."""
        return {}
