"""Programs and forked processes: a worker belongs to the process that started it, and a child opens its own."""

from __future__ import annotations

import contextlib
import os
import weakref
from typing import Protocol

from ....errors import RecircuitError


class Forked(Protocol):
    """The object that is informed of forks."""

    def before_fork(self) -> None:
        """Keep, in the parent and before the fork, the state that the child will need."""
        ...

    def after_fork(self, *, child: bool) -> None:
        """Do what is needed after the fork, in the child and in the parent."""
        ...


_programs: weakref.WeakSet[Forked] = weakref.WeakSet()


def watch(program: Forked) -> None:
    """Inform this program of every fork of this process."""
    _programs.add(program)


def _before() -> None:
    for program in list(_programs):
        with contextlib.suppress(RecircuitError):  # its worker has died; the error appears at its next use
            program.before_fork()


def _after(child: bool) -> None:
    for program in list(_programs):
        program.after_fork(child=child)


os.register_at_fork(
    before=_before, after_in_parent=lambda: _after(child=False), after_in_child=lambda: _after(child=True)
)
