"""What the guides in docs say: every block of code in them is run here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shell import run

from recircuit.circuits.backends.cpp.compiler import missing_compiler

ROOT = Path(__file__).resolve().parents[1]
GUIDES = ROOT / "docs"
EXAMPLE = ROOT / "examples" / "my_rules"


def blocks(guide: str) -> Iterator[tuple[str, str]]:
    """Yield language and text of every block that is code, or what code prints. Other blocks name no language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", (GUIDES / guide).read_text(encoding="utf-8"), re.M | re.S)
    yield from ((language, text) for language, text in found if language)


@pytest.mark.parametrize("guide", [page.name for page in sorted(GUIDES.glob("*.md")) if any(blocks(page.name))])
def test_the_guide(
    guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every block is run, in order; a block of text is what the block before it prints."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "guide"}
    printed = ""
    for language, text in blocks(guide):
        if language == "python" and not ('"cpp"' in text and missing_compiler()):
            first = text.splitlines()[0]
            if first.endswith(".py"):
                (tmp_path / first.removeprefix("# ")).write_text(text, encoding="utf-8")
            capsys.readouterr()
            exec(compile(text, guide, "exec", dont_inherit=True), names)
            printed = capsys.readouterr().out
        elif language == "text":
            assert printed.splitlines() == text.splitlines()
        elif language == "sh":
            done = run(text, tmp_path)
            assert done.returncode == 0, done.stderr
        elif language == "toml":
            assert text in (EXAMPLE / "pyproject.toml").read_text(encoding="utf-8")
        else:
            assert language in ("python", "console")  # commands that take too long for a test are only shown
    assert guide != "write_a_rule.md" or (tmp_path / "mirror" / "curves.png").exists()
