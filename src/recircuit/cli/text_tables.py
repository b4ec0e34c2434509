"""Tables of plain text."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from math import isfinite
from shutil import get_terminal_size

from recircuit.tables import aligned
from recircuit.terminal import is_terminal

__all__ = ["bars", "duration", "table"]

BLOCKS = "▁▂▃▄▅▆▇█"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows below a heading, with columns as wide as their widest cell. Columns of numbers stand on the right.

    For a terminal that is narrower, each row is a paragraph: the first cell, and below it the others with their headings.
    """
    lines = aligned(head, rows)
    if is_terminal(sys.stdout) and max(map(len, lines)) > get_terminal_size().columns:
        return "\n\n".join(_paragraph(head, row, get_terminal_size().columns) for row in rows)
    return "\n".join(lines)


def _paragraph(head: Sequence[str], row: Sequence[str], width: int) -> str:
    """Return a row as lines: its first cell, and the others that are not empty, each behind its heading."""
    indent = 2 + max(map(len, head[1:])) + 2
    texts = [
        textwrap.fill(
            cell, max(width, indent + 12), initial_indent=f"  {name}".ljust(indent), subsequent_indent=" " * indent
        )
        for name, cell in zip(head[1:], row[1:], strict=True)
        if cell not in ("", "–")
    ]
    return "\n".join([row[0], *texts])


def bars(values: Sequence[float], width: int = 60) -> str:
    """Return numbers as a line of bars from zero to the largest; of many values, some that lie evenly between."""
    chosen = (
        [values[round(k * (len(values) - 1) / (width - 1))] for k in range(width)] if len(values) > width else values
    )
    largest = max((v for v in chosen if isfinite(v)), default=0.0)
    largest = largest if largest > 0 else 1.0
    return "".join(BLOCKS[round(max(v, 0.0) / largest * (len(BLOCKS) - 1))] if isfinite(v) else "?" for v in chosen)


def duration(seconds: float) -> str:
    """Return a time in words: seconds below two minutes, minutes below two hours, and hours."""
    for unit, size in (("s", 1.0), ("min", 60.0)):
        if seconds < 120 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 3600:.3g} h"
