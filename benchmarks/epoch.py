"""Training on a data set, as a task for several programs: the same samples in the same order from the same weights.

A network without biases, hinge loss, rule URFB, clip, B batch elements, as numpy_loop.py has it. A presentation is one batch.
This file is read in every peer's environment: it needs NumPy alone, and Python 3.10.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Settings:
    """Sizes and constants."""

    sizes: tuple[int, ...] = (784, 500, 10)
    batch_size: int = 100
    rate: float = 1.0
    mu: float = 0.1
    S: float = 1.0
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Epoch:
    """weights: W_1..W_L. feedback: R_1..R_{L-1}, (n_l, n_{l+1}). x: as stored, (n, n_0). y, order: (n,)."""

    settings: Settings
    weights: list[np.ndarray]
    feedback: list[np.ndarray]
    x: np.ndarray
    y: np.ndarray
    order: np.ndarray

    @property
    def batches(self) -> int:
        """How many whole ones there are."""
        return len(self.order) // self.settings.batch_size

    def rates(self) -> np.ndarray:
        """Return the samples as they are shown, float32."""
        return self.x.astype(np.float32) * np.float32(self.settings.scale) + np.float32(self.settings.offset)

    def save(self, path: Path) -> None:
        """Write it as an npz file."""
        arrays = {f"w{k}": w for k, w in enumerate(self.weights)} | {f"r{k}": r for k, r in enumerate(self.feedback)}
        np.savez(path, settings=json.dumps(asdict(self.settings)), x=self.x, y=self.y, order=self.order, **arrays)

    @classmethod
    def load(cls, path: Path) -> Epoch:
        """Read what `save` wrote."""
        with np.load(path) as file:
            stored = json.loads(str(file["settings"]))
            settings = Settings(**stored | {"sizes": tuple(stored["sizes"])})
            count = len(settings.sizes) - 1
            weights, feedback = [file[f"w{k}"] for k in range(count)], [file[f"r{k}"] for k in range(count - 1)]
            return cls(settings, weights, feedback, file["x"], file["y"], file["order"])


def draw(settings: Settings, x: np.ndarray, y: np.ndarray, seed: int = 0) -> Epoch:
    """Draw weights uniform in +-sqrt(6/(n_pre + n_post)), and a random order, in whole batches."""
    rng = np.random.default_rng(seed)

    def uniform(n_post: int, n_pre: int) -> np.ndarray:
        limit = np.sqrt(6 / (n_post + n_pre))
        return rng.uniform(-limit, limit, (n_post, n_pre)).astype(np.float32)

    pairs = list(zip(settings.sizes, settings.sizes[1:]))
    weights, feedback = [uniform(b, a) for a, b in pairs], [uniform(a, b) for a, b in pairs[1:]]
    whole = len(x) // settings.batch_size * settings.batch_size
    return Epoch(settings, weights, feedback, x, y, rng.permutation(len(x))[:whole])
