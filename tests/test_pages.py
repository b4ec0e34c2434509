"""The pages that people read: every link leads to a file, every page can be found, every public name is in the reference."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from test_architecture import all_imports

import recircuit as rc
import recircuit.sklearn
import recircuit.testing

pytest.importorskip("sphinx", reason="the site is built by Sphinx: pip install 'recircuit[docs]'")

from docs.extension.commands import command
from docs.extension.gallery import NAMED, examples
from docs.extension.links import BLOCK, outside_code
from docs.extension.toctrees import children
from docs.figures.draw import FIGURES, HOUSE
from recircuit.circuits.answers.evaluation import Evaluation
from recircuit.circuits.inspection.summary import Summary
from recircuit.circuits.running.live import Live
from recircuit.cli.application import app
from recircuit.cli.on_demand import COMMANDS
from recircuit.models.runs.opened import Run

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
WRITTEN = [*DOCS.glob("*.md"), *(DOCS / "reference").glob("*.md")]
PAGES = [*ROOT.glob("*.md"), *WRITTEN, ROOT / "results" / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    text = outside_code(page.read_text(encoding="utf-8"), lambda part: part)
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", BLOCK.sub("", text))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not [target for target in missing if not target.startswith("../made/")]  # these are made with the site


def reached(page: Path) -> Iterator[Path]:
    """Yield a page, and all that are below it in the tree of pages."""
    yield page
    for _, target in children(page.read_text(encoding="utf-8")):
        below = Path(os.path.normpath(page.parent / target))
        if below.is_relative_to(DOCS):
            yield from reached(below)


def test_every_page_can_be_reached_from_the_first_one() -> None:
    absent = {*WRITTEN} - {*reached(DOCS / "index.md")}
    assert not absent, f"No table below a comment <!-- pages --> links to {sorted(page.name for page in absent)}."


def listed() -> set[str]:
    """Return the names of which the reference has a page, as in ``recircuit.Circuit``."""
    blocks = [
        block
        for page in (DOCS / "reference").glob("*.md")
        for block in re.findall(r"^```\{eval-rst\}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    ]
    return {
        f"{re.findall('currentmodule:: (.*)', block)[0]}.{name}"
        for block in blocks
        for name in re.findall(r"^   ~?([\w.]+)$", block, re.M)
    }


def test_every_public_name_is_in_the_reference() -> None:
    rules = {"bp", "frfb", "hinge", "urfb"}  # they are on the page of all rules
    public = {f"recircuit.{name}" for name in rc.__all__ if name not in rules}
    public |= {f"recircuit.testing.{name}" for name in recircuit.testing.__all__ if not name.isupper()}
    public |= {f"recircuit.sklearn.{name}" for name in recircuit.sklearn.__all__}
    public |= {f"{kind.__module__}.{kind.__name__}" for kind in (Evaluation, Live, Run, Summary)}  # what methods return
    absent = public - listed()
    assert not absent, f"Add {sorted(absent)} to a page in docs/reference/."
    text = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")
    assert not [name for name in rules if f"`recircuit.{name}`" not in text]


def commands(page: Path) -> Iterator[str]:
    """Yield every command of recircuit that a page shows, in a block or in a sentence."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    yield from (found.split("   ")[0] for found in re.findall(r"^ *(recircuit .*)$", "\n".join(shown(text)), re.M))
    yield from (found.replace("\n", " ") for found in re.findall(r"`(recircuit [^`]+)`", BLOCK.sub("", text)))


def shown(text: str) -> Iterator[str]:
    """Yield the blocks of a page that are no Python."""
    yield from (found[0] for found in BLOCK.findall(text) if not found[0].startswith(("```python", "```text")))


ROOT_COMMAND = typer.main.get_command(app)
#: The options of recircuit itself.
OF_ALL = {option for each in ROOT_COMMAND.get_params(ROOT_COMMAND.context_class(ROOT_COMMAND)) for option in each.opts}


@pytest.mark.parametrize("page", [p for p in PAGES if p.name != "CHANGELOG.md"], ids=lambda p: str(p.relative_to(ROOT)))
def test_no_command_differs_from_what_its_help_says(page: Path) -> None:
    for line in commands(page):
        agrees_with_the_help(line)


SOURCES = [
    path
    for room in ("circuits", "examples", "models", "notebooks", "plasticity", "src", "tools", "benchmarks")
    for path in sorted((ROOT / room).rglob("*"))
    if path.suffix in (".py", ".ipynb", ".md")
    and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)  # such as environments of benchmarks
]


def test_no_command_of_a_docstring_message_or_notebook_differs_from_what_its_help_says() -> None:
    found = [line for path in SOURCES for line in quoted(path)]
    assert len(found) > 30
    for line in found:
        agrees_with_the_help(line)


def quoted(path: Path) -> Iterator[str]:
    """Yield every command of recircuit in backquotes, and in notebooks after `!`; strings are put together."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        text = re.sub(r"\"\s*\n\s*f?\"", "", text)
    yield from (" ".join(each.split()) for each in re.findall(r"`(recircuit [a-z]+(?: [^`]*)?)`", text))
    if path.suffix == ".ipynb":
        yield from re.findall(r"[!%](recircuit [^\"\\]+)", text)


def agrees_with_the_help(line: str) -> None:
    """Check that a command and its options exist, and that one in which nothing is left out can be parsed."""
    words = [word.strip("[]") for word in shlex.split(line, comments=True)[1:]]
    if words[0] == "COMMAND" or words[0] in OF_ALL:
        return
    assert words[0] in COMMANDS, line
    found = command(words[0])
    options = {
        name for each in found.get_params(found.context_class(found)) for name in (*each.opts, *each.secondary_opts)
    }
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    assert not unknown, f"{line}: {unknown}"
    if len(words) > 1 and not re.search(r"\[|\.\.\.$|\.\.\. |[{}]", line):
        found.make_parser(found.context_class(found)).parse_args(words[1:])


def test_every_figure_of_the_pages_is_drawn_by_the_code_beside_it() -> None:
    assert {path.stem for path in (DOCS / "figures").glob("*.svg")} == {draw.__name__ for draw in FIGURES}
    assert [len(draw().axes) for draw in FIGURES] == [1] * len(FIGURES)


def test_the_house_is_drawn_with_all_its_folders() -> None:
    for storey, _, rows in HOUSE:
        drawn = {name: inside for name, _, inside in (text.partition(": ") for row in rows for text in row)}
        assert {*drawn} - {"circuit.py"} == packages_in(ROOT / storey)
        for name, inside in drawn.items():
            there = packages_in(ROOT / storey / name)
            assert there == {*inside.split(", ")} - {""} or (name == "experiments" and "a folder per paper" in inside)


def packages_in(folder: Path) -> set[str]:
    """Return the names of the folders with Python files in a folder."""
    return {path.parent.name for path in folder.glob("*/__init__.py")}


def test_imports_go_down_in_the_house() -> None:
    rows = [(storey.replace("src/recircuit/", ""), row) for storey, _, rows in HOUSE for row in rows]
    place = {
        f"recircuit.{storey}{text.partition(': ')[0].removesuffix('.py')}".replace("/", "."): number
        for number, (storey, row) in enumerate(rows)
        for text in row
    }
    for one in all_imports():
        above, below = (
            next((name for name in place if f"{m}.".startswith(f"{name}.")), "") for m in (one.module, one.target)
        )
        assert "" in (above, below) or above == below or place[above] < place[below], str(one)


def test_every_example_is_in_one_section_of_the_gallery() -> None:
    named = NAMED.findall((ROOT / "docs" / "gallery.md").read_text(encoding="utf-8"))
    assert sorted(name for names in named for name in names.split()) == [example.name for example in examples()]
