"""Runs that are kept one by one, so that an experiment of many goes on where it was stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..files import make_folder, write_whole

FOLDER = "runs"


def kept(
    folder: Path | None, name: str, about: Mapping[str, Any], compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What a run found: read from ``folder/runs/NAME.json``, or computed now and written there.

    Parameters
    ----------
    folder : of the experiment's results; None: nothing is kept
    name : of the run, the same for the same run
    about : all that its numbers depend on, in numbers and words; a file that says otherwise is of another run, and
        is written anew
    compute : makes the run; what it returns is JSON

    Raises RecircuitError: the file cannot be written.
    """
    if folder is None:
        return compute()
    path = folder / FOLDER / f"{re.sub(r'[^A-Za-z0-9.+-]+', '_', name)}.json"
    about = json.loads(json.dumps(dict(about)))
    if (found := _read(path)) is not None and found.get("about") == about:
        return found["found"]
    result = compute()
    make_folder(path.parent)
    write_whole(path, (json.dumps({"about": about, "found": result}, ensure_ascii=False) + "\n").encode())
    return result


def _read(path: Path) -> dict[str, Any] | None:
    """The file's content; None where there is none, or it is not one of ours."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "found" in found else None
