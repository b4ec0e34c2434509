"""The site is built without a warning, and every link in it leads to a place that there is."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]


class Page(HTMLParser):
    """The links of a page, and the places on it that links can lead to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.places.add(value)
            elif (
                name in ("href", "src") and value and "://" not in value and not value.startswith(("mailto:", "data:"))
            ):
                self.links.add(value)


def built(folder: Path, source: Path = ROOT / "docs") -> subprocess.CompletedProcess[str]:
    """Build the pages below a folder, as `make docs` does; examples are not run."""
    options = ["-b", "html", "-W", "--keep-going", "-q", "-D", "recircuit_run_examples=0"]
    call = [sys.executable, "-m", "sphinx", *options, str(source), str(folder / "html"), "-d", str(folder / "doctrees")]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def test_every_link_of_the_site_leads_to_a_place(tmp_path: Path) -> None:
    done = built(tmp_path)
    assert done.returncode == 0, done.stderr
    html = tmp_path / "html"
    pages = {path: Page(path) for path in html.rglob("*.html") if "_static" not in path.parts}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            target, place = urldefrag(link.partition("?")[0] if "?" in link else link)
            there = (path.parent / unquote(target)).resolve() if target else path
            if not there.exists() or (there in pages and unquote(place) not in pages[there].places):
                broken.append(f"{path.relative_to(html)}: {link}")
    assert len(pages) > 100 and not broken
    assert (html / "reference" / "generated" / "recircuit.Circuit.html").exists()
