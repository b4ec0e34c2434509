"""Text tables of the MNIST variations: a line for each sample, its 784 pixels from 0 to 1 and its label, with spaces between.

Source: Larochelle et al., An Empirical Evaluation of Deep Architectures on Problems with Many Factors of Variation (2007).
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import RecircuitError
from .dataset import Dataset
from .file_reading import find, read_bytes

SHAPE = (28, 28)
PIXELS = 28 * 28


def load_back_image(directory: Path) -> Dataset:
    """Load mnist-back-image, digits on patches of photographs, 28x28 in ten classes, as in Lillicrap et al. 2016, Note 5.

    That is, trained on the 50,000 images of the file that was made for testing, and tested on the other's 12,000 (the
    paper speaks of 10,000).

    Parameters
    ----------
    directory : Path
        Holds mnist_background_images_train.amat and mnist_background_images_test.amat, or has a folder
        `mnist_background_images` that does.

    Raises
    ------
    UsageError
        If a file is missing.
    RecircuitError
        If a file is damaged, or its lines have another length.
    """
    small, large = (
        _read(find(directory, ["mnist_background_images"], [f"mnist_background_images_{part}.amat"]))
        for part in ("train", "test")
    )
    return Dataset.from_arrays("back-image", *large, *small, classes=10)


def _read(path: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return images (n, 28, 28) and labels (n,) of a file."""
    try:
        with warnings.catch_warnings(action="ignore"):  # that a file is empty is said below
            table = np.loadtxt(io.BytesIO(read_bytes(path)), dtype=np.float32, ndmin=2)
    except ValueError as problem:
        raise RecircuitError(
            f"{path} is no table of numbers ({problem}). It is truncated or damaged: fetch it again."
        ) from None
    if table.shape[1:] != (PIXELS + 1,):
        raise RecircuitError(
            f"{path} has {table.shape[1] if len(table) else 0:,} numbers in a line; expected {PIXELS} pixels and a "
            "label. Fetch it again."
        )
    labels = table[:, -1].astype(np.int64)
    if (labels != table[:, -1]).any():
        raise RecircuitError(f"{path} holds labels that are no whole numbers. It is damaged: fetch it again.")
    return table[:, :-1].reshape(-1, *SHAPE), labels
