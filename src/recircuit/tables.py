"""Tables as plain text, and the HTML that Jupyter shows: tables, and parts that unfold."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["Marked", "aligned", "cell", "folded", "html_table"]


class Marked(str):
    """Text that is HTML or LaTeX already, and is shown as it is. All other text may be anybody's, and is escaped."""


LEFT = "style='text-align:left;vertical-align:top'"
RIGHT = "style='text-align:right;vertical-align:top'"


def cell(text: str, kind: str = "td", style: str = LEFT) -> str:
    """Return a cell of a table."""
    content = text if isinstance(text, Marked) else escape(text)
    return f"<{kind} {style}>{content}</{kind}>"


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a heading and rows as lines, with columns as wide as their widest cell. Columns of numbers stand on the right."""
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [_is_numeric(column) for column in zip(*rows, strict=True)] or [False] * len(head)
    return [
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)).rstrip()
        for line in lines
    ]


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; one without rows is empty. A column of numbers, and its head, stand on the right."""
    if not rows:
        return ""
    styles = [RIGHT if _is_numeric(column) else LEFT for column in zip(*rows, strict=True)]
    top = f"<thead>{_row(head, 'th', styles)}</thead>" if head else ""
    body = "".join(_row(row, "td", styles) for row in rows)
    return f"<table>{top}<tbody>{body}</tbody></table>"


def _row(texts: Sequence[str], kind: str, styles: Sequence[str]) -> str:
    return f"<tr>{''.join(cell(text, kind, style) for text, style in zip(texts, styles, strict=True))}</tr>"


def _is_numeric(column: Sequence[str]) -> bool:
    """Return whether each cell that says something begins as a number does, or stands for one that does not exist."""
    filled = [text for text in column if text]
    return bool(filled) and all(text in ("nan", "–") or text.lstrip("-")[:1].isdigit() for text in filled)


def folded(title: str, content: str, *, opened: bool = False) -> str:
    """Return a part that unfolds when its title is clicked. The title is text, the content HTML."""
    return f"<details{' open' if opened else ''}><summary>{escape(title)}</summary>{content}</details>"
