"""Small files in the formats of data sets that nobody may hand on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import savemat

Written = dict[str, tuple[np.ndarray, np.ndarray]]


def write_svhn(folder: Path, train: int = 6, test: int = 3, extra: int = 0) -> Written:
    """Write what train_32x32.mat, test_32x32.mat and, if asked for, extra_32x32.mat hold, by name."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, count in (("train", train), ("test", test), ("extra", extra)):
        if count:
            x = rng.integers(0, 256, (32, 32, 3, count), dtype=np.uint8)
            y = (1 + np.arange(count, dtype=np.uint8) % 10)[:, None]
            savemat(folder / f"{name}_32x32.mat", {"X": x, "y": y}, do_compression=True)
            found[name] = x, y
    return found


def write_back_image(folder: Path, train: int = 6, test: int = 3) -> Written:
    """Write what the two .amat files hold; the larger one, which is trained on, is called test."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, count in (("test", train), ("train", test)):
        x, y = rng.random((count, 784)).round(6), np.arange(count) % 10
        lines = [
            "   ".join([*(f"{value:.6f}" for value in row), f"{label}.000000"]) for row, label in zip(x, y, strict=True)
        ]
        (folder / f"mnist_background_images_{name}.amat").write_text("\n".join(lines) + "\n")
        found[name] = x, y
    return found


def write_timit(folder: Path, train: int = 6, test: int = 3) -> Written:
    """Write what timit.npz holds."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    found = {name: (rng.normal(size=(n, 39)), np.arange(n) % 6) for name, n in (("train", train), ("test", test))}
    arrays = {f"{k}_{name}": array for name, pair in found.items() for k, array in zip("xy", pair, strict=True)}
    np.savez(folder / "timit.npz", **arrays)
    return found
