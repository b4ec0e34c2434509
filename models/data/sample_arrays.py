"""The arrays of a data set: samples and labels, made of what a user gave, and checked."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...circuits.description.populations.shown_values import array_of, refuse_units
from ...errors import RecircuitError

MAX_CLASSES = 65_536  # one output unit per class: a larger label is an identifier, not a class

Samples = NDArray[np.uint8] | NDArray[np.float32]
Labels = NDArray[np.int64]


def as_array(given: ArrayLike, where: str) -> NDArray:
    """Return an array of what was given, which is refused where its rows have different lengths."""
    refuse_units(given, where)
    try:
        return array_of(given, where)
    except ValueError as problem:
        raise RecircuitError(f"{where} is no array ({problem}). Give rows of one length.") from None


def number(value: object, what: str) -> float:
    """Return one number as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise RecircuitError(f"{what} is {value!r}; expected one number, since rates are x * scale + offset.")
    return float(value)


def flat_samples(x: NDArray, where: str) -> Samples:
    """Flatten samples (n, ...) to (n, features), as uint8 or float32."""
    if x.ndim < 2:
        raise RecircuitError(
            f"{where} has shape {x.shape}; expected (samples, features) or (samples, height, width, ...). "
            "For one feature per sample use x[:, None]."
        )
    flat = x.reshape(len(x), math.prod(x.shape[1:]))
    if x.dtype == np.uint8:
        return np.ascontiguousarray(flat)
    if not np.issubdtype(x.dtype, np.floating):
        raise RecircuitError(
            f"{where} is of type {x.dtype}; expected uint8 (0 to 255) or floats. Convert it, for instance "
            "with x.astype('uint8') or x.astype('float32')."
        )
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(flat, dtype=np.float32)
    overflown = np.isinf(single) & np.isfinite(flat)
    if overflown.any():
        row, column = np.argwhere(overflown)[0]
        raise RecircuitError(
            f"{where} holds {flat[row, column]} (sample {row}, feature {column}), which float32 cannot "
            "represent; expected magnitudes below 3.4e38. Rescale the data, best to around 1."
        )
    return single


def int_labels(y: ArrayLike, where: str) -> Labels:
    """Return labels as int64, refusing what is not an integer and what is beyond any number of classes."""
    y = as_array(y, where)
    if y.size and y.dtype.kind not in "ui":
        raise RecircuitError(
            f"{where} is of type {y.dtype}; expected integers, one class number per sample. Convert it with "
            "y.astype('int64') if its values are whole numbers, or y.argmax(1) if it is one-hot."
        )
    if y.size and int(y.max()) >= MAX_CLASSES:
        raise RecircuitError(
            f"{where} holds the label {y.max()}; expected class numbers below {MAX_CLASSES:,}, since each "
            "class gets an output unit. Number the labels 0, 1, 2, ... (numpy.unique(y, "
            "return_inverse=True) does)."
        )
    return np.ascontiguousarray(y, dtype=np.int64)


def check_samples(x: Samples, where: str, features: int) -> None:
    """Refuse samples that are not a finite, contiguous (n, features) matrix of uint8 or float32."""
    if x.ndim != 2 or x.dtype not in (np.uint8, np.float32) or not x.flags.c_contiguous:
        raise RecircuitError(
            f"{where} is {x.dtype} of shape {x.shape}; expected a C-contiguous (samples, features) matrix of "
            "uint8 or float32: Dataset.from_arrays makes one."
        )
    if x.size == 0:
        raise RecircuitError(f"{where} is empty, of shape {x.shape}; expected at least one sample and one feature.")
    if x.shape[1] != features:
        raise RecircuitError(
            f"{where} has {x.shape[1]:,} features; expected {features:,} as the shape of one sample says. "
            "Save training and test samples alike."
        )
    if x.dtype == np.float32 and not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise RecircuitError(
            f"{where} holds {x[row, column]} (sample {row}, feature {column}); expected finite numbers. "
            "Remove or repair such samples."
        )


def check_labels(y: Labels, where: str, samples: int, classes: int) -> None:
    """Refuse labels that are not one int64 in 0 ... classes - 1 per sample."""
    if y.shape != (samples,) or y.dtype != np.int64 or not y.flags.c_contiguous:
        raise RecircuitError(
            f"{where} is {y.dtype} of shape {y.shape}; expected one int64 label for each of the {samples:,} "
            "samples. Use y.ravel() for a column of labels, y.argmax(1) for one-hot rows."
        )
    wrong = np.flatnonzero((y < 0) | (y >= classes))
    if wrong.size:
        raise RecircuitError(
            f"{where} holds the label {y[wrong[0]]} (sample {wrong[0]}, {wrong.size:,} such in all); "
            f"expected 0 to {classes - 1}. Correct the labels or remove those samples."
        )
