"""CIFAR-10 and CIFAR-100, binary version.

A file is a row of records: one label byte (CIFAR-10) or two, coarse and fine (CIFAR-100, of which the fine is
used); then 3,072 pixels: the red, the green and the blue plane, each row by row. Source: Krizhevsky, Learning
Multiple Layers of Features from Tiny Images (2009).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import RecircuitError
from .dataset import Dataset
from .file_reading import find, read_bytes

SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Layout:
    """The files of a version, and the number and kind of records in them."""

    name: str
    folder: str
    train: tuple[str, ...]
    test: str
    classes: int
    label_bytes: int
    records_train: int
    records_test: int


CIFAR10 = Layout(
    "cifar10",
    "cifar-10-batches-bin",
    train=tuple(f"data_batch_{i}.bin" for i in range(1, 6)),
    test="test_batch.bin",
    classes=10,
    label_bytes=1,
    records_train=10_000,
    records_test=10_000,
)
CIFAR100 = Layout(
    "cifar100",
    "cifar-100-binary",
    train=("train.bin",),
    test="test.bin",
    classes=100,
    label_bytes=2,
    records_train=50_000,
    records_test=10_000,
)


def load_cifar10(directory: Path, layout: Layout = CIFAR10) -> Dataset:
    """Load CIFAR-10: 50,000 training and 10,000 test images of 3x32x32 in ten classes; scale 1/255.

    Parameters
    ----------
    directory : Path
        Holds data_batch_1.bin to data_batch_5.bin and test_batch.bin, or has a folder `cifar-10-batches-bin` that does.
    layout : Layout
        Another one for files of the same kind with other numbers of records.

    Raises
    ------
    RecircuitError
        If a file is missing, does not have its exact length, or holds a label out of range.
    """
    parts = [_records(find(directory, [layout.folder], [name]), layout, layout.records_train) for name in layout.train]
    x_test, y_test = _records(find(directory, [layout.folder], [layout.test]), layout, layout.records_test)
    x_train = np.concatenate([x for x, _ in parts])
    y_train = np.concatenate([y for _, y in parts])
    return Dataset.from_arrays(layout.name, x_train, y_train, x_test, y_test, classes=layout.classes)


def load_cifar100(directory: Path, layout: Layout = CIFAR100) -> Dataset:
    """Load CIFAR-100: 50,000 training and 10,000 test images of 3x32x32 in a hundred (fine) classes; scale 1/255.

    Arguments and errors are those of `load_cifar10`; the files are train.bin and test.bin, the folder
    `cifar-100-binary`.
    """
    return load_cifar10(directory, layout)


def _records(path: Path, layout: Layout, records: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images (n, 3, 32, 32) and labels (n,) of one file."""
    content = np.frombuffer(read_bytes(path), np.uint8)
    size = layout.label_bytes + PIXELS
    if content.size != records * size:
        raise RecircuitError(
            f"{path} holds {content.size:,} bytes; expected {records * size:,}: {records:,} records of "
            f"{size:,}, as {layout.name} (binary version) has there. It is truncated or another file: fetch "
            "or unpack it again."
        )
    rows = content.reshape(records, size)
    labels = rows[:, layout.label_bytes - 1]
    if labels.max() >= layout.classes:
        raise RecircuitError(
            f"{path} holds the label {labels.max()} (record {labels.argmax()}); expected 0 to "
            f"{layout.classes - 1}. It is damaged or of another data set: fetch or unpack it again."
        )
    return rows[:, layout.label_bytes :].reshape(records, *SHAPE), labels
