"""Text that may come from others, made safe for the terminal that shows it."""

from __future__ import annotations

__all__ = ["printable"]


def printable(text: str) -> str:
    """Return a text in which a sign that would control the terminal is written as ``\\x1b``."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)
