"""How many checks of each experiment hold in the results that the project has committed; the file comes with the package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..runs.result_file import read_result

__all__ = ["PATH", "last_results", "tally"]

#: Made by `python -m benchmarks results` from the folder results.
PATH = Path(__file__).with_name("last_results.json")


def last_results() -> dict[str, Any]:
    """Return the tally of each experiment's result, by its id; those that were not run are absent."""
    return read_result(PATH) or {}


def tally(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return how many checks of a result hold, of how many, how long it took, and whether it is of quick runs.

    Parameters
    ----------
    result : mapping
        What result.json holds.
    """
    checks = result["checks"]
    held = sum(bool(check.get("ok")) for check in checks)
    return {"held": held, "checks": len(checks), "seconds": result.get("seconds"), "quick": bool(result.get("quick"))}
