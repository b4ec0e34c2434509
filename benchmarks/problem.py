"""What the computations that simulators are compared by have in common: settings and arrays in a file, and rows that repeat.

This file is read in every peer's environment: it needs NumPy alone, and Python 3.10.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

P = TypeVar("P", bound="SavedProblem")


@dataclass(frozen=True)
class SharedSettings:
    """What all settings have: `batch_size` is B, `rows` is how many rows of data there are.

    Fields are numbers, or tuples of numbers.
    """

    batch_size: int = 100
    rows: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class LayeredSettings(SharedSettings):
    """Settings of a network of layers of the given sizes."""

    sizes: tuple[int, ...] = ()

    @property
    def layers(self) -> int:
        """L, the number of layers of weights."""
        return len(self.sizes) - 1


class SavedProblem:
    """A dataclass of settings, arrays and lists of arrays. Its settings are of the class that `kind` names."""

    kind: type[SharedSettings] = SharedSettings
    settings: Any

    def shown(self, presentation: int) -> np.ndarray:
        """Return the rows that a presentation shows, (B,)."""
        b = self.settings.batch_size
        return np.arange(presentation * b, (presentation + 1) * b) % self.settings.rows

    def save(self, path: Path) -> None:
        """Write it as an npz file; an array of a list has the name of the list with its number."""
        arrays: dict[str, np.ndarray] = {}
        for name in self._names():
            values = getattr(self, name)
            arrays |= {f"{name}_{k}": v for k, v in enumerate(values)} if isinstance(values, list) else {name: values}
        np.savez(path, settings=json.dumps(asdict(self.settings)), **arrays)

    @classmethod
    def load(cls: type[P], path: Path) -> P:
        """Read what `save` wrote."""
        with np.load(path) as file:
            stored = json.loads(str(file["settings"]))
            settings = cls.kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()})
            return cls(settings, *(file[n] if n in file else _numbered(file, n) for n in cls._names()))  # type: ignore[call-arg]

    @classmethod
    def _names(cls) -> list[str]:
        return [f.name for f in fields(cls) if f.name != "settings"]  # type: ignore[arg-type]


def _numbered(file: Any, name: str) -> list[np.ndarray]:
    """Return the arrays of a list."""
    count = sum(one.startswith(f"{name}_") for one in file.files)
    return [file[f"{name}_{k}"] for k in range(count)]


def layer_weights(random: np.random.Generator, n_post: int, n_pre: int) -> np.ndarray:
    """Return weights uniform in +-sqrt(6/(n_pre + n_post)), float32."""
    limit = np.sqrt(6 / (n_post + n_pre))
    return random.uniform(-limit, limit, (n_post, n_pre)).astype(np.float32)
