"""The rows of a timetable as a program in this process does them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..lowering.operations import Operation

__all__ = ["Action", "Task", "Row"]

Action = Callable[[], Any]


@dataclass(frozen=True, eq=False)
class Task:
    """One thing that is done in a row of a timetable.

    Parameters
    ----------
    act : Action
        What does it.
    operation : Operation, optional
        The operation that it is.
    reads : str
        If it is none, the variable of which it keeps the values.
    """

    act: Action
    operation: Operation | None = None
    reads: str = ""


@dataclass(frozen=True, eq=False)
class Row:
    """A row of a timetable.

    Parameters
    ----------
    tasks : list of Task
        What is done, in order.
    times : int
        How many steps it stands for.
    each : function
        What yields once for each of these steps.
    """

    tasks: list[Task]
    times: int
    each: Callable[[], Iterable[int]]
