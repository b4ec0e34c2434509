"""What can happen in a step, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

from .kernels import Kernel

#: The order within a step. Every slot reads what the slots before it left.
CLAMP, EXPRESS, PROPAGATE, INTEGRATE, LATCH, FACTOR, LEARN = range(7)


@dataclass(frozen=True)
class Operation:
    """One thing that a step may do. It is data: a backend makes code of its kernel.

    Parameters
    ----------
    name : unique within the circuit
    owner : the population or projection that it belongs to
    slot : its place in the step (CLAMP, EXPRESS, PROPAGATE, INTEGRATE, LATCH, FACTOR, LEARN)
    steps : the steps of a presentation in which it is open
    kernel : what it computes
    reads, writes : variables as ``"h.rate"``; what it writes it writes whole
    learns : left out of evaluations
    supervises : likewise
    always : never left out (it draws random numbers, or reads the data)
    work : multiplications of one presentation and batch element
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
    always: bool = False
    work: int = 0
