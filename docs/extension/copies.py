"""Pages of the repository that the site shows too."""

from __future__ import annotations

from .links import DOCS, ROOT, rewritten

#: The file in the repository -> the page in made/.
COPIES = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "examples/README.md": "examples.md",
    **{f"results/cpu/{path.name}": f"measured/{path.name}" for path in sorted((ROOT / "results" / "cpu").glob("*.md"))},
}
#: Copies whose first heading is of another page in the site.
TITLES = {"examples.md": "How the examples are tested"}


def pages() -> dict[str, str]:
    """Return each copy, by its name in made/."""
    return {place: rewritten(_text(file, place), ROOT / file, DOCS / "made" / place) for file, place in COPIES.items()}


def _text(file: str, place: str) -> str:
    text = (ROOT / file).read_text(encoding="utf-8")
    return f"# {TITLES[place]}\n{text.partition(chr(10))[2]}" if place in TITLES else text
