"""The gallery: a page for each example, with what its docstring says, what it prints, its figures and its code.

An example is run when it, or another example that it imports, has changed since it was run last. What it printed and drew is
kept in the folder of the build.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from recircuit.processor import cores

from .links import DOCS, ROOT
from .toctrees import toctree

EXAMPLES = ROOT / "examples"
#: The files that the cards of the gallery are made from.
SOURCES = sorted(EXAMPLES.glob("*.py"))
PICTURES = DOCS / "made" / "gallery"
#: The examples that stand in one section of the page of the gallery, as in ``<!-- examples: force rflo -->``.
NAMED = re.compile(r"<!-- examples: ([^>]*?) -->")
SINGLE = {"OPENBLAS_NUM_THREADS": "1", "RECIRCUIT_THREADS": "1", "MPLBACKEND": "agg"}


@dataclass(frozen=True)
class Example:
    """One file of examples/ that is run as a script."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def doc(self) -> str:
        """Its docstring."""
        return ast.get_docstring(ast.parse(self.source)) or self.name

    @property
    def first(self) -> str:
        """The first sentence of its docstring, without the full stop."""
        return " ".join(self.doc.split("\n\n")[0].split()).rstrip(".")

    @property
    def title(self) -> str:
        """What the first sentence says before a colon, or before the source in brackets."""
        return re.split(r": | \((?=[^()]*\d{4})", self.first)[0]

    @property
    def subtitle(self) -> str:
        """The rest of the first sentence."""
        rest = self.first.removeprefix(self.title).lstrip(": ")
        rest = re.sub(r"^\(([^()]*)\)$", r"\1", rest)
        return f"{rest[:1].upper()}{rest[1:]}"

    @property
    def key(self) -> str:
        """Names the state of its code: another one, and it is run again."""
        files = {self.path, *_imported(self.path)}
        return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()[:16]

    def run(self, cache: Path) -> Path:
        """Return the folder with what it printed (`printed.txt`) and drew; it is run if there is none."""
        folder = cache.resolve() / f"{self.name}-{self.key}"
        if not (folder / "printed.txt").exists():
            for old in cache.glob(f"{self.name}-*"):
                shutil.rmtree(old)
            folder.mkdir(parents=True)
            self._start(folder)
        return folder

    def _start(self, folder: Path) -> None:
        where = ["--out", str(folder)] if '"--out"' in self.source else []
        print(f"gallery: examples/{self.path.name} is run", flush=True)
        done = subprocess.run(
            [sys.executable, str(self.path), *where],
            cwd=folder,
            env=os.environ | SINGLE,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"examples/{self.path.name} failed:\n{done.stderr}")
        (folder / "printed.txt").write_text(done.stdout, encoding="utf-8")


def examples() -> list[Example]:
    """Return all examples that are scripts, in the order of their names."""
    paths = sorted(EXAMPLES.glob("*.py"))
    return [Example(path) for path in paths if "__main__" in path.read_text(encoding="utf-8")]


def pages(cache: Path, *, run: bool = True) -> dict[str, str]:
    """Return the page of each example, by its name in made/. Without a run, those that were not run before show no figure."""
    known = examples()
    with ThreadPoolExecutor(cores()) as pool:
        folders = list(pool.map(lambda each: each.run(cache) if run else cache / f"{each.name}-{each.key}", known))
    shutil.rmtree(PICTURES / "pictures", ignore_errors=True)
    return {f"gallery/{each.name}.md": _page(each, folder) for each, folder in zip(known, folders)}


def with_cards(text: str) -> str:
    """Return the page with a card for each example that a comment names, and with their pages as its children."""
    known = {each.name: each for each in examples()}
    names = [name for named in NAMED.findall(text) for name in named.split()]
    if not names:
        return text
    listed = [(known[name].title, f"/made/gallery/{name}.md") for name in names]
    listed.append(("How the examples are tested", "/made/examples.md"))
    text = NAMED.sub(lambda found: _grid(known[name] for name in found[1].split()), text)
    return f"{text}\n\n{toctree(listed)}\n"


def _grid(chosen: Iterable[Example]) -> str:
    return "\n".join(["::::{grid} 1 2 2 3", ":gutter: 3", "", *map(_card, chosen), "::::"])


def _card(example: Example) -> str:
    picture = next(iter(sorted((PICTURES / "pictures").glob(f"{example.name}*.png"))), None)
    image = [f":img-top: {picture.relative_to(DOCS).as_posix()}"] if picture else []
    link = [f":link: made/gallery/{example.name}", ":link-type: doc"]
    return "\n".join([f":::{{grid-item-card}} {example.title}", *link, *image, "", example.subtitle, ":::"])


def _page(example: Example, folder: Path) -> str:
    _, _, rest = example.doc.partition("\n\n")
    parts = [f"# {example.title}", example.subtitle, rest.strip()]
    parts += [
        f"![What {example.path.name} draws]({_shown(picture, example)})" for picture in sorted(folder.glob("*.png"))
    ]
    printed = folder / "printed.txt"
    output = printed.read_text(encoding="utf-8").rstrip() if printed.exists() else ""
    if output:
        parts.append(f"`python examples/{example.path.name}` prints:\n\n```\n{output}\n```")
    parts.append(f"## The code\n\n`examples/{example.path.name}`\n\n```python\n{_code(example.source)}\n```")
    return "\n\n".join(part for part in parts if part) + "\n"


def _shown(picture: Path, example: Example) -> str:
    """Copy a figure beside the pages, and return its place as the page sees it."""
    folder = PICTURES / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    name = picture.name if picture.name.startswith(example.name) else f"{example.name}_{picture.name}"
    shutil.copy2(picture, folder / name)
    return f"pictures/{name}"


def _code(source: str) -> str:
    """Return the code below the docstring."""
    end = ast.parse(source).body[0].end_lineno or 0
    return "\n".join(source.splitlines()[end:]).strip()


def _imported(path: Path) -> set[Path]:
    """Return the files of examples/ that an example imports."""
    names = re.findall(r"^\s*(?:from|import)\s+(\w+)", path.read_text(encoding="utf-8"), re.M)
    near = {path.parent / f"{name}.py" for name in names} - {path}
    return {each for each in near if each.exists()}
