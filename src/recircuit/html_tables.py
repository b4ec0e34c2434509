"""Pieces of HTML that Jupyter shows: tables, and parts that unfold."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["cell", "folded", "html_table"]

LEFT = "style='text-align:left;vertical-align:top'"
RIGHT = "style='text-align:right;vertical-align:top'"


def cell(text: str, kind: str = "td") -> str:
    """Return a cell of a table. Text that begins with a digit stands on the right, and what is HTML already stays so."""
    content = str(text) if text.startswith(("<", "$")) else escape(text)
    return f"<{kind} {RIGHT if text[:1].isdigit() else LEFT}>{content}</{kind}>"


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; one without rows is empty."""
    if not rows:
        return ""
    top = f"<thead><tr>{''.join(cell(name, 'th') for name in head)}</tr></thead>" if head else ""
    body = "".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in rows)
    return f"<table>{top}<tbody>{body}</tbody></table>"


def folded(title: str, content: str, *, opened: bool = False) -> str:
    """Return a part that unfolds when its title is clicked. The title is text, the content HTML."""
    return f"<details{' open' if opened else ''}><summary>{escape(title)}</summary>{content}</details>"
