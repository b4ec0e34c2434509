"""The tree of pages: a table below the comment ``<!-- pages -->`` links to the children of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable

MARK = "<!-- pages -->"
LINK = re.compile(r"\[([^\]]+)\]\(([^)#]+\.md)[^)]*\)")


def children(text: str) -> list[tuple[str, str]]:
    """Return the pages to which the marked tables link, each with the words of its link."""
    tables = [part.lstrip().split("\n\n")[0] for part in text.split(MARK)[1:]]
    return [found for table in tables for found in LINK.findall(table)]


def toctree(pages: Iterable[tuple[str, str]]) -> str:
    """Return a hidden toctree of pages, which stand under these words in the lists of pages, if they are no file's name."""
    lines = (page if words.endswith(".md") else f"{words} <{page}>" for words, page in pages)
    return "\n".join(["```{toctree}", ":hidden:", "", *lines, "```"])


def with_toctrees(text: str) -> str:
    """Return the page with a toctree at its end, if it has children."""
    found = children(text)
    return f"{text}\n\n{toctree(found)}\n" if found else text
