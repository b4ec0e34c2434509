"""Python files that hold rules. They are executed, since the user has named them, and their errors are reported."""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import RecircuitError, UsageError
from ..registry import raised_by_itself, reason

__all__ = ["names_in_file"]


def names_in_file(path: Path, where: str) -> dict[str, Any]:
    """Execute a file, and return the names that it defines. It can import modules from its own folder.

    Afterwards the search path, the imported modules and the working folder are as they were before, so that two files may
    have helper modules of the same name.

    Parameters
    ----------
    path : Path
        The file.
    where : str
        The beginning of messages.

    Raises
    ------
    UsageError
        If it is not a Python file.
    RecircuitError
        If it cannot be executed. The message names the line. This error replaces every exception of the file, including
        `SystemExit` and a `KeyboardInterrupt` that the file raises itself.
    """
    if path.suffix != ".py":
        raise UsageError(f"{where}: {path} is not a Python file; its name must end in .py.")
    try:
        with _as_it_was(path.resolve().parent):
            return runpy.run_path(str(path), run_name=f"recircuit_rule_{path.stem}")
    except BaseException as problem:
        if isinstance(problem, KeyboardInterrupt) and not raised_by_itself(problem.__traceback__):
            raise  # the user's Ctrl-C
        line = next(
            (f.lineno for f in reversed(traceback.extract_tb(problem.__traceback__)) if f.filename == str(path)), None
        )
        at = "" if line is None or isinstance(problem, SyntaxError) else f", line {line}"
        raise RecircuitError(f"{where}: {path} cannot be executed. {reason(problem)}{at}") from problem


@contextmanager
def _as_it_was(folder: Path) -> Iterator[None]:
    """Let modules of a folder be imported inside a ``with`` block, and undo this and changes of the working folder."""
    modules, path, before = dict(sys.modules), list(sys.path), Path.cwd()
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path[:] = path
        os.chdir(before)
        for name in [n for n in sys.modules if n not in modules and _lies_in(sys.modules[n], folder)]:
            del sys.modules[name]


def _lies_in(module: Any, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).resolve().is_relative_to(folder)
