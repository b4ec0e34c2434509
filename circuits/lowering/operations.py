"""The operations of a step, and their order."""

from __future__ import annotations

from dataclasses import dataclass

from .kernels import Kernel

#: The order within a step. Every slot reads the results of the slots before it.
CLAMP, EXPRESS, PROPAGATE, INTEGRATE, LATCH, FACTOR, LEARN = range(7)


@dataclass(frozen=True)
class Scratch:
    """A variable of a population that holds a value only for other operations: a signal, or a factor of an update.

    Parameters
    ----------
    kind : str
        ``"sent"`` for a signal, ``"factor"`` for a factor, ``"late"`` for a factor that is known only within the update.
    number : int
        The number of the variable among those of its kind and population.
    """

    kind: str
    number: int

    @property
    def variable(self) -> str:
        """The name of the variable."""
        return f"{self.kind}_{self.number}"


@dataclass(frozen=True)
class Operation:
    """A part of the computation of a step. It is data: a backend makes code from its kernel.

    Parameters
    ----------
    name : str
        The name of the operation, which is unique within the circuit.
    owner : str
        The population or projection that it belongs to.
    slot : int
        The slot in the step: CLAMP, EXPRESS, PROPAGATE, INTEGRATE, LATCH, FACTOR or LEARN.
    steps : tuple of int
        The steps of a presentation in which it is open.
    kernel : Kernel
        The computation.
    reads, writes : frozenset of str
        The variables that it reads and writes, such as ``"h.rate"``; it writes all values of a variable.
    learns : bool
        Whether it is left out of evaluations because it learns.
    supervises : bool
        Whether it is left out of evaluations because it presents labels or targets.
    silences : bool
        Whether it runs only in evaluations, where it shows zeros in place of labels or targets.
    always : bool
        Whether it is never left out, since it draws random numbers or reads the data.
    work : int
        The number of multiplications in one presentation and batch element.
    scratch : tuple of Scratch
        The variables of its population that it computes only for other operations.
    """

    name: str
    owner: str
    slot: int
    steps: tuple[int, ...]
    kernel: Kernel
    reads: frozenset[str]
    writes: frozenset[str]
    learns: bool = False
    supervises: bool = False
    silences: bool = False
    always: bool = False
    work: int = 0
    scratch: tuple[Scratch, ...] = ()
