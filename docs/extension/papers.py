"""A page for each paper, cut from results/README.md, which is made from the committed results."""

from __future__ import annotations

import re
from functools import cache

from .links import DOCS, ROOT, rewritten

RESULTS = ROOT / "results" / "README.md"
#: The files that the table of experiments is made from.
SOURCES = [RESULTS, ROOT / "README.md"]


@cache
def sections() -> dict[str, str]:
    """Return what results/README.md says of each paper, by the name of the page."""
    parts = re.split(r"^## (.+)$", RESULTS.read_text(encoding="utf-8"), flags=re.M)
    return {
        f"made/papers/{_slug(title)}.md": f"# {title}\n\n{text.strip()}\n".replace("\n### ", "\n## ")
        for title, text in zip(parts[1::2], parts[2::2])
    }


def page_of(experiment: str) -> str:
    """Return the page on which an experiment stands; without a name, the page of all papers."""
    found = [page for page, text in sections().items() if f"\n## {experiment}\n" in text]
    return found[0] if experiment and found else "papers.md"


def pages() -> dict[str, str]:
    """Return the page of each paper, by its name in made/."""
    return {page.removeprefix("made/"): rewritten(text, RESULTS, DOCS / page) for page, text in sections().items()}


def experiments() -> str:
    """Return the papers' pages as a table of children, and the table of all experiments from the project's README."""
    rows = [f"| [{text.split(chr(10))[0][2:]}](/{page}) | {len(re.findall('^## ', text, re.M))} |"
            for page, text in sections().items()]  # fmt: skip
    table = "\n".join(["<!-- pages -->", "", "| paper | experiments |", "| --- | ---: |", *rows])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- reproduced:[^>]*-->\n(.*?)<!-- end of reproduced -->", readme, re.S)
    assert found, "README.md has no table between the comments `reproduced`."
    return f"{table}\n\n{rewritten(found[1].strip(), ROOT / 'README.md', DOCS / 'papers.md')}"


def _slug(title: str) -> str:
    return re.sub(r"\W+", "_", title.lower()).strip("_")
