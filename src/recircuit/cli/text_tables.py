"""Tables of plain text."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

__all__ = ["bars", "duration", "table"]

BLOCKS = "▁▂▃▄▅▆▇█"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows below a heading, with columns as wide as their widest cell. Columns of numbers stand on the right."""
    lines = [head, *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    right = [all(row[k][:1].isdigit() or row[k] in ("", "–") for row in rows) for k in range(len(head))]
    return "\n".join(
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)).rstrip()
        for line in lines
    )


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
