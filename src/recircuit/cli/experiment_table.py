"""The table of experiments that `recircuit reproduce` prints."""

from __future__ import annotations

from pathlib import Path

from recircuit.cli.text_tables import duration, table
from recircuit.models.experiments import EXPERIMENTS
from recircuit.models.runs.result_file import read_result

__all__ = ["experiment_table"]

HEAD = ("id", "data", "time", "last result", "what")
#: Where results of experiments lie: those that were made here, and those of the project, in the root of a clone.
PLACES = (Path("runs") / "reproduce", Path("results"))


def experiment_table() -> str:
    """Return a line for each experiment: id, data, time and checks of its last result, what it shows, and the paper."""
    rows = []
    for known in EXPERIMENTS.values():
        time, held = _last(known.id)
        rows.append((known.id, ", ".join(known.data) or "–", time, held, f"{known.about} ({known.paper})"))
    return table(HEAD, rows)


def _last(name: str) -> tuple[str, str]:
    """Return how long the last run of an experiment took, and how many of its checks hold."""
    found = [result for place in PLACES if (result := read_result(place / name / "result.json")) is not None]
    if not found or not isinstance(found[0].get("checks"), list):
        return "–", "–"
    checks = found[0]["checks"]
    held = f"{sum(bool(check.get('ok')) for check in checks)} of {len(checks)} checks hold"
    seconds = found[0].get("seconds")
    return "–" if seconds is None else duration(seconds), held + (", quick" if found[0].get("quick") else "")
