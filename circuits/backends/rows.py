"""The rows of a timetable, in the form in which a program in this process does them."""

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
        The function that does it.
    operation : Operation, optional
        The operation, if the task is one.
    reads : str
        The variable whose values are kept, if the task is not an operation.
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
        The tasks of the row, in order.
    times : int
        The number of steps that the row stands for.
    each : function
        A function whose iterator yields once for each of these steps.
    """

    tasks: list[Task]
    times: int
    each: Callable[[], Iterable[int]]
