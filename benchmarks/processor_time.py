"""The processor time of a process and of all that it has started, as Linux counts it.

This file is read in every peer's environment: it needs Python 3.10 alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def children(process: int | str = "self") -> list[int]:
    """Return the processes that this one, or another one, has started."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(pid) for file in lists for pid in _content(file).split()]


def processor_seconds(process: int | str = "self") -> float:
    """Return the processor time of a process and of all that it has started, those that have ended included.

    It is counted in hundredths of a second, and is zero on systems that do not have the files of Linux.
    """
    ticks = sum(_ticks(one) for one in _family(process))
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(process: int | str) -> Iterator[int | str]:
    yield process
    for child in children(process):
        yield from _family(child)


def _ticks(process: int | str) -> int:
    """Return the time of a process and of those that it has started and that have ended."""
    after_name = _content(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()
    return sum(map(int, after_name[11:15]))  # utime, stime, cutime and cstime of proc(5)


def _content(file: Path) -> str:
    """Return the content of a file in /proc; an empty text if its process or thread has just ended."""
    try:
        return file.read_text()
    except OSError:
        return ""
