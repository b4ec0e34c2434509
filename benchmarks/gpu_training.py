"""Seconds an epoch and test errors of a network: `python -m benchmarks.gpu_training SIZES EPOCHS BACKEND [MNIST]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.training import data
from recircuit.models import layered, train


def trained(sizes: list[int], epochs: int, backend: str, folder: Path | None) -> dict[str, Any]:
    """Train a network, and return the median time of all epochs but the first one, and the test error after each epoch."""
    net = layered(sizes, "urfb", batch_size=100)
    history = train(net, data(folder), epochs, backend=backend, progress=False)
    net.close()
    return {"epoch": float(np.median(history["seconds"][1:])), "test errors": list(history["test_error"])}


if __name__ == "__main__":
    sizes, epochs, backend, *folder = sys.argv[1:]
    where = Path(folder[0]) if folder else None
    print(json.dumps(trained([int(size) for size in sizes.split("-")], int(epochs), backend, where)))
