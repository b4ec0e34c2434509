"""The table of experiments that are to have a result of a stated length, in the order in which they are run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ROWS", "Row"]


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
        result = results / self.id / "result.json"
        if not result.is_file() or len(json.loads(result.read_text(encoding="utf-8"))["seeds"]) < self.seeds:
            return False
        runs = list(_runs(results / self.id / "runs"))
        return len(runs) >= self.methods * self.seeds and all(self._long_enough(run) for run in runs)

    def _long_enough(self, run: dict[str, Any]) -> bool:
        lengths = [len(curve) for name, curve in run["found"].items() if name == "test" and isinstance(curve, list)]
        return self.epochs is None or all(length >= self.epochs for length in lengths)


def _runs(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.glob("*.json"):
        yield json.loads(path.read_text(encoding="utf-8"))


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
