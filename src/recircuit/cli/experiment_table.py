"""The table of experiments that `recircuit reproduce` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recircuit.cli.text_tables import duration, table
from recircuit.models.experiments import EXPERIMENTS, kept_result, last_results, tally

__all__ = ["experiment_table"]

HEAD = ("id", "data", "time", "last result", "what")
#: The folder of results that were made here. The table has those of the project for other experiments.
OWN = Path("runs") / "reproduce"


def experiment_table() -> str:
    """Return a line for each experiment: id, data, time and checks of its last result, what it shows, and the paper."""
    rows, committed = [], last_results()
    for known in EXPERIMENTS.values():
        own = kept_result(OWN / known.id / "result.json")
        last = committed.get(known.id) if own is None else tally(own)
        time, held = ("–", "–") if last is None else _time_and_checks(last)
        rows.append((known.id, ", ".join(known.data) or "–", time, held, f"{known.about} ({known.paper})"))
    return table(HEAD, rows)


def _time_and_checks(last: dict[str, Any]) -> tuple[str, str]:
    """Return how long the last run of an experiment took, and how many of its checks hold."""
    held = f"{last['held']} of {last['checks']} checks hold" + (", quick" if last["quick"] else "")
    return "–" if last["seconds"] is None else duration(last["seconds"]), held
