"""What benchmarks.gpu has found, written whenever something is added, and continued by the next call."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recircuit.atomic_files import make_folder, write_whole

Found = dict[str, Any]
#: What is said of a part, beside what was found.
ABOUT = ("error", "took", "commit", "measured")


class Results:
    """`NAME.json` and `NAME.md` of a GPU. Parts that an earlier call has measured stay until they are measured again.

    Parameters
    ----------
    out : Path
        The folder.
    findings : dict
        The machine, the versions and the command of this call; `gpu` holds the name of the GPU.
    finish : function
        A function that adds to the findings what follows from them, such as targets.
    text : function
        A function that makes the tables of the findings.
    """

    def __init__(
        self, out: Path, findings: Found, finish: Callable[[Found], Found], text: Callable[[Found], str]
    ) -> None:
        self.file = out / f"{findings['gpu']['name'].replace(' ', '-').replace('/', '-')}.json"
        self.finish, self.text = finish, text
        self.findings = findings | {"parts": _parts(self.file)}

    @property
    def parts(self) -> Found:
        """The parts, by name."""
        return self.findings["parts"]

    def keep(self, name: str, found: Found) -> None:
        """Take a part, or as much of it as there is, and write everything."""
        about = {"commit": self.findings.get("commit"), "measured": self.findings.get("date")}
        self.parts[name] = found | about
        self.write()

    def unfinished(self, name: str) -> Found:
        """Return what an earlier call of the same commit has found of a part that it did not end."""
        part = self.parts.get(name, {})
        same = part.get("commit") == self.findings.get("commit")
        return found_of(part) if "error" in part and same else {}

    def write(self) -> None:
        """Write both files; each takes its place when it is whole."""
        findings = self.findings | self.finish(self.findings)
        make_folder(self.file.parent)
        write_whole(self.file, f"{json.dumps(findings, indent=1)}\n".encode())
        write_whole(self.file.with_suffix(".md"), self.text(findings).encode())


def found_of(part: Found) -> Found:
    """Return what a part has found; nothing if it was left out."""
    return {k: v for k, v in part.items() if k not in ABOUT}


def _parts(file: Path) -> Found:
    """Return the parts of an earlier call."""
    try:
        return dict(json.loads(file.read_text())["parts"])
    except (OSError, ValueError, LookupError, TypeError):
        return {}
