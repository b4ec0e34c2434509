"""What the site adds to Sphinx: pages that are made from other files of the project, and links between all of them.

Before Sphinx reads the pages, `made/` is filled with copies of pages that lie elsewhere, with a page for each example and
with one for the rules. While a page is read, its links to files of the project become links of the site, and these
comments in it are replaced:

``<!-- pages -->``
    The pages to which the table below it links become children of this page.
``<!-- examples: ... -->``, ``<!-- commands -->``, ``<!-- experiments -->``
    The examples with their figures; the commands as ``--help`` describes them; the table of what is reproduced.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from . import commands, copies, gallery, papers, rules
from .links import ROOT, rewritten
from .toctrees import with_toctrees

__all__ = ["setup"]


def make_pages(app: Sphinx) -> None:
    """Fill the folder made/."""
    made = Path(app.srcdir) / "made"
    cache = Path(app.outdir).parent / "gallery"
    pages = {
        **copies.pages(),
        **papers.pages(),
        **rules.pages(),
        **gallery.pages(cache, run=app.config.recircuit_run_examples),
    }
    for name, text in pages.items():
        write(made / name, text)
    for stale in {*made.rglob("*.md")} - {made / name for name in pages}:
        stale.unlink()


def write(path: Path, text: str) -> None:
    """Write a page, unless it stands there already: what has not changed is not read again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def read(app: Sphinx, page: str, source: list[str]) -> None:
    """Change the text of a page as it is read: links, tables of pages, and what comments stand for."""
    if page.startswith("made/") or not (Path(app.srcdir) / f"{page}.md").exists():
        return
    text = rewritten(source[0], ROOT / "docs" / f"{page}.md")
    made_from = gallery.SOURCES if gallery.NAMED.search(text) else []
    for mark, content, files in (
        ("<!-- commands -->", commands.described, commands.SOURCES),
        ("<!-- experiments -->", papers.experiments, papers.SOURCES),
    ):
        if mark in text:
            text, made_from = text.replace(mark, content()), files
    for file in made_from:  # the page is read anew when one of them has changed
        app.env.note_dependency(str(file), docname=page)
    source[0] = gallery.with_cards(with_toctrees(text))


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the extension to Sphinx."""
    app.add_config_value("recircuit_run_examples", True, "env", types=[bool])
    app.connect("builder-inited", make_pages, priority=100)
    app.connect("source-read", read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
