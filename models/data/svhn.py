"""Street View House Numbers, cropped digits, in MATLAB's format.

A file holds X, uint8 (32, 32, 3, n), and y, (n, 1): 1 to 9, and 10 for the digit 0. Source: Netzer et al., Reading Digits in
Natural Images with Unsupervised Feature Learning (2011).
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from ...errors import RecircuitError, UsageError
from .dataset import Dataset
from .file_reading import find, read_bytes

TRAIN, EXTRA, TEST = "train_32x32.mat", "extra_32x32.mat", "test_32x32.mat"
SHAPE = (32, 32)


def load_svhn(directory: Path) -> Dataset:
    """Load house numbers in grey (the mean of the three colours), 32x32 in ten classes; scale 1/255.

    Training images are those of train_32x32.mat and, if it lies there too, of extra_32x32.mat (604,388 in all, as in
    Lillicrap et al. 2016, Note 6).

    Parameters
    ----------
    directory : Path
        Holds the files, or has a folder `svhn` that does.

    Raises
    ------
    UsageError
        If a file is missing.
    RecircuitError
        If a file is damaged, or holds other arrays.
    """
    folders = ["svhn"]
    parts = [_read(find(directory, folders, [TRAIN]))]
    try:
        extra = find(directory, folders, [EXTRA])
    except UsageError:
        pass
    else:
        parts.append(_read(extra))
    x_test, y_test = _read(find(directory, folders, [TEST]))
    x_train, y_train = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Dataset.from_arrays("svhn", x_train, y_train, x_test, y_test, classes=10)


def _read(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return grey images (n, 32, 32) and labels (n,) of a file."""
    try:
        found = loadmat(io.BytesIO(read_bytes(path)), variable_names=["X", "y"])
    except RecircuitError:
        raise
    except Exception as problem:  # a damaged file makes SciPy raise almost anything
        raise RecircuitError(
            f"{path} cannot be read as a .mat file ({problem}); expected MATLAB's format, up to version 7. It is truncated or "
            "damaged: fetch it again."
        ) from None
    x, y = (np.asarray(found.get(name, np.empty(0))) for name in "Xy")
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[:3] != (*SHAPE, 3) or y.size != x.shape[3]:
        raise RecircuitError(
            f"{path} holds X, {x.dtype} of shape {x.shape}, and {y.size:,} labels y; expected cropped digits: uint8 of shape "
            f"{(*SHAPE, 3)} and n, and n labels. Fetch the files of format 2 ({TRAIN}, {TEST})."
        )
    labels = y.ravel().astype(np.int64)
    if labels.size and not 0 <= labels.min() <= labels.max() <= 10:
        raise RecircuitError(
            f"{path} holds labels from {labels.min()} to {labels.max()}; expected 1 to 10, or 0 to 9. Fetch it again."
        )
    grey = (x.sum(axis=2, dtype=np.uint16) + 1) // 3  # rounded: thirds have no halves
    return np.ascontiguousarray(np.moveaxis(grey.astype(np.uint8), 2, 0)), labels % 10
