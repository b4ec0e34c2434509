"""IDX files, plain or gzipped, and MNIST, which comes as four of them.

An IDX file is, big-endian: two zero bytes, one byte for the type (8: uint8), one for the number of
dimensions; each dimension as uint32; the values, last index fastest. Source: LeCun, Cortes and Burges, the
MNIST database.
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...circuits.lowering.memory import check_free
from ...errors import RecircuitError
from .dataset import Dataset
from .file_reading import find, read_bytes

UINT8 = 0x0800  # the upper half of the magic number


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Return the array in an IDX file of uint8 values.

    Parameters
    ----------
    path : Path
        The file, plain or gzipped (recognised by content, not by name).
    dimensions : int
        How many the array must have: 3 for images, 1 for labels.

    Raises
    ------
    RecircuitError
        If the file cannot be read, is damaged or empty, is of another kind, or does not have its declared size.
    """
    start = 4 * (1 + dimensions)
    content = _unzipped(path, dimensions)
    magic, expected = content[:4].hex(), f"{UINT8 | dimensions:08x}"
    if magic != expected:
        raise RecircuitError(
            f"{path} begins with the bytes {magic or '(none)'}; expected the magic number {expected} of an "
            f"IDX file of uint8 in {dimensions} dimension(s). It is truncated or another file: fetch it "
            "again, and check that images and labels are not swapped."
        )
    if len(content) < start:
        raise RecircuitError(
            f"{path} holds {len(content)} bytes; expected at least the {start} of its header. It is "
            "truncated: fetch it again."
        )
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if 0 in shape or len(content) - start != math.prod(shape):
        raise RecircuitError(
            f"{path} holds {len(content) - start:,} values after its header; expected {math.prod(shape):,}, "
            f"as it declares the shape {shape}, and at least one. It is truncated or damaged: fetch it again."
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def load_mnist(directory: Path) -> Dataset:
    """Load MNIST, or a set of ten classes in the same four files (Fashion-MNIST, KMNIST); scale 1/255.

    Parameters
    ----------
    directory : Path
        Holds train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, or
        has a folder `mnist` that does; also spelt with `.idx`, and with `.gz`.

    Raises
    ------
    RecircuitError
        If a file is missing or is not as `read_idx` expects, or if the labels do not fit the images.
    """
    x_train, y_train = _images_and_labels(directory, "train")
    x_test, y_test = _images_and_labels(directory, "t10k")
    return Dataset.from_arrays("mnist", x_train, y_train, x_test, y_test, classes=10)


def _images_and_labels(directory: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images (n, height, width) and labels (n,) of one part, `train` or `t10k`."""
    images_path, labels_path = _find(directory, f"{part}-images", 3), _find(directory, f"{part}-labels", 1)
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if len(images) != len(labels):
        raise RecircuitError(
            f"{labels_path} holds {len(labels):,} labels, {images_path} {len(images):,} images; expected as "
            "many of one as of the other. The files are of different sets: fetch both again."
        )
    if labels.max() > 9:
        raise RecircuitError(
            f"{labels_path} holds the label {labels.max()} (sample {labels.argmax()}); expected 0 to 9. It "
            "is damaged or of another data set: fetch it again, or save sets of other classes as .npz."
        )
    return images, labels


def _find(directory: Path, stem: str, dimensions: int) -> Path:
    """Return the file of that stem under any of its usual names."""
    names = [f"{stem}{mark}idx{dimensions}-ubyte{end}" for end in ("", ".gz") for mark in "-."]
    return find(directory, ["mnist"], names)


def _unzipped(path: Path, dimensions: int) -> bytes:
    """Return what the file holds; where it is gzip, its header and as many values as that declares, or one more."""
    header = struct.Struct(f">{1 + dimensions}I")
    content = read_bytes(path)
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        with gzip.open(io.BytesIO(content)) as file:
            begin = file.read(header.size)
            magic, *shape = header.unpack(begin.ljust(header.size, b"\0"))
            declared = math.prod(shape) if magic == UINT8 | dimensions else 0
            check_free(declared, f"{path}: its {declared:,} values", "Check that it is a file of images or labels.")
            return begin + file.read(declared + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise RecircuitError(
            f"{path} is not a whole gzip file ({error}); expected one that unpacks to its end. It is "
            "truncated or damaged: fetch it again."
        ) from error
