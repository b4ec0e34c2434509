"""The last results of experiments: those in a folder, and how many checks hold in those that the project has committed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from ..runs.result_file import read_result

__all__ = ["PATH", "kept_result", "last_results", "tally"]

#: Made by `python -m benchmarks results` from the folder results.
PATH = Path(__file__).with_name("last_results.json")


class _Result(BaseModel):
    """What is read here of a result.json."""

    model_config = ConfigDict(strict=True)

    checks: list[dict[str, Any]]
    seconds: FiniteFloat | None = None
    quick: bool = False
    seeds: list[int] = []


def kept_result(path: Path) -> dict[str, Any] | None:
    """Return the result of an experiment that a file holds; None if there is no such file, or if it holds something else.

    Parameters
    ----------
    path : Path
        A file result.json.
    """
    found = read_result(path)
    try:
        _Result.model_validate(found)
    except ValidationError:
        return None
    return found


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
