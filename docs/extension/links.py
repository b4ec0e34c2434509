"""Links of a page in the repository, as links of the site."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)#\s]*)(#[^)\s]*)?\)")
BLOCK = re.compile(r"(^(?P<fence>```+|~~~+).*?^(?P=fence)\s*$)", re.M | re.S)


def site_page(path: Path, anchor: str = "") -> str | None:
    """Return the page of the site on which a file of the repository stands, with the anchor; None if it stands on none."""
    from .copies import COPIES
    from .papers import page_of

    relative = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
    if relative == "results/README.md":
        return f"/{page_of(anchor.removeprefix('#'))}{anchor}"
    if relative in COPIES:
        return f"/made/{COPIES[relative]}{anchor}"
    if path.is_relative_to(DOCS) and path.suffix == ".md" and path.exists():
        return f"/{path.relative_to(DOCS).as_posix()}{anchor}"
    return None


def rewritten(text: str, origin: Path, place: Path | None = None) -> str:
    """Return a page with its links as the site has them.

    Parameters
    ----------
    text : str
        The page, in Markdown.
    origin : Path
        The file in the repository, from which its links lead.
    place : Path, optional
        Where the page stands in the site, if it is a copy.
    """
    return outside_code(text, lambda part: LINK.sub(lambda link: _link(link, origin, place or origin), part))


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return the text with all that is not a block of code changed."""
    parts = BLOCK.split(text)  # text, block, its fence, text, ...
    changed = [change(part) for part in parts[::3]]
    return "".join(f"{part}{block or ''}" for part, block in zip(changed, [*parts[1::3], None]))


def _link(link: re.Match[str], origin: Path, place: Path) -> str:
    picture, words, target, anchor = link[1], link[2], link[3], link[4] or ""
    if not target or "://" in target or target.startswith(("mailto:", "/")):
        return link[0]
    path = Path(os.path.normpath(origin.parent / target))
    page = None if picture else site_page(path, anchor)
    if page:
        return f"[{words}]({page})"
    if path.is_dir():
        return words
    return f"{picture}[{words}]({os.path.relpath(path, place.parent)}{anchor})"
