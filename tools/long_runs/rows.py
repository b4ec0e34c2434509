"""The table of experiments that are to have a result of a stated length, in the order in which they are run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ROWS", "Row", "in_turn"]


@dataclass(frozen=True)
class Row:
    """An experiment, and how long it is to be run.

    Parameters
    ----------
    id : str
        The experiment.
    seeds : int
        The number of seeds.
    epochs : int, optional
        The number of epochs; None for those of the experiment.
    methods : int
        The number of methods of which each has a run from each seed.
    backend : str
        The backend.
    """

    id: str
    seeds: int
    epochs: int | None
    methods: int
    backend: str = "cpp"

    def finished(self, results: Path) -> bool:
        """Return whether the committed result has all seeds, methods and epochs."""
        return all(self.has(seed, results) for seed in range(self.seeds))

    def has(self, seed: int, results: Path) -> bool:
        """Return whether the committed result has a seed: its runs by all methods are there, and are long enough."""
        result = results / self.id / "result.json"
        if not result.is_file() or seed not in json.loads(result.read_text(encoding="utf-8"))["seeds"]:
            return False
        runs = [path for path in (results / self.id / "runs").glob(f"*-{seed}.json") if self.long_enough(path)]
        return len(runs) >= self.methods

    def long_enough(self, path: Path) -> bool:
        """Return whether a run that is kept has as many epochs as the row."""
        run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return self.epochs is None or run["about"].get("epochs", len(run["found"]["test"])) >= self.epochs


def in_turn(rows: Sequence[Row]) -> list[tuple[Row, int]]:
    """Return rows and seeds in the order in which they are run: all rows from the first seed, then all from the second."""
    most = max((row.seeds for row in rows), default=0)
    return [(row, seed) for seed in range(most) for row in rows if seed < row.seeds]


#: In the order in which the papers' open questions are worth their time.
ROWS = (
    Row("lansdell-autoencoder", 3, 533, 6),
    Row("baldi-quantized", 3, None, 18),
    Row("baldi-cifar", 3, 25, 14),
    Row("lillicrap-mnist", 3, None, 9),
    Row("lillicrap-autoencoder", 3, 60, 4),
    Row("amit-simpnet", 3, 100, 10),
    Row("amit-untied", 3, 100, 7),
    Row("lansdell-cnn", 3, 100, 3),
)
