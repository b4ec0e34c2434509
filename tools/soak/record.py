"""The file that keeps what each part of the soak has found last, of which docs/reliability.md shows a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from recircuit.models.runs.result_file import write_result

from .tally import KINDS, Tally

ROOT = Path(__file__).resolve().parents[2]
#: For each part of the soak its last run that was recorded.
RECORD = ROOT / "results" / "soak.json"


def record(tally: Tally, *, number: int, share: float, path: Path = RECORD) -> None:
    """Keep what a part has found, in place of its run before.

    Parameters
    ----------
    tally : Tally
        The part, which has ended.
    number : int
        The seed.
    share : float
        How much of the whole was tried.
    path : Path
        The file.
    """
    found = {kind: tally.found[kind] for kind in KINDS}
    kept = read(path)
    kept[tally.name] = {
        "tried": tally.tried, "refused": tally.refused, "found": found, "seconds": round(tally.seconds), "seed": number,
        "share": share,
    }  # fmt: skip
    write_result(path, kept, indent=2)


def read(path: Path = RECORD) -> dict[str, Any]:
    """Return the runs that are kept, by the name of the part."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
