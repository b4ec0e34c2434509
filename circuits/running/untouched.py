"""Measurements that leave the circuit as it was: everything that a run has written is restored when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..backends.interrupts import postponed
from ..backends.program import Program
from ..lowering.timetable import Timetable

__all__ = ["untouched"]


@contextmanager
def untouched(program: Program, table: Timetable) -> Iterator[None]:
    """Restore, at the end of the block, everything that presentations of a timetable can write.

    These are the variables that its operations write, those of units, the clock, and the state of the random numbers.
    Variables that an evaluation cannot write, such as weights, are neither read nor written.

    Parameters
    ----------
    program : Program
        The program that runs the presentations.
    table : Timetable
        The operations of these presentations.
    """
    written = {key for row in table.entries for entry in row for key in entry.operation.writes}
    changing = [
        key
        for key, variable in program.variables.items()
        if key in written or variable.of_units or variable.owner in ("clock", "presentation")
    ]
    before = {key: program.read(key).copy() for key in changing}
    noise = program.noise()
    try:
        yield
    finally:
        if program.alive:
            with postponed():
                for key, values in before.items():
                    program.write(key, values)
                program.set_noise(noise)
