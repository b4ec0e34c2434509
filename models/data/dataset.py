"""What a training run reads: samples and labels, checked once and then frozen."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...door import door
from ...errors import RecircuitError

MAX_CLASSES = 65_536  # one output unit per class: a larger label is an identifier, not a class

Samples = NDArray[np.uint8] | NDArray[np.float32]
Labels = NDArray[np.int64]

#: What is smaller is 0 on processors that do without numbers of few digits.
SMALLEST = float(np.finfo(np.float64).tiny)


@door
@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test samples with their labels.

    The rates of a stimulus are ``x * scale + offset``; the samples themselves stay as small as they came (uint8). The
    arrays are read-only views. `from_arrays` makes a data set from arrays of other types.

    Parameters
    ----------
    name : str
        The name of the data set, which error messages use.
    x_train : array
        The training samples, (n_train, n_features), uint8 or float32, C-contiguous, without a unit.
    y_train : array of int
        Their labels, (n_train,), int64, from 0 to classes - 1. A class may have no samples.
    x_test : array
        The test samples, (n_test, n_features), of the type of x_train.
    y_test : array of int
        Their labels, (n_test,), int64.
    classes : int
        The number of classes, which is the number of output units.
    shape : tuple of int
        The shape of one sample before it was flattened (C order), such as (28, 28).
    scale : float
        The rate per unit of x.
    offset : float, default 0
        The rate of x = 0.

    Raises
    ------
    RecircuitError
        If a parameter is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> import recircuit as rc
    >>> x, y = np.eye(2), np.array([0, 1])
    >>> rc.Dataset.from_arrays("two", x, y, x, y).classes
    2
    """

    name: str
    x_train: Samples
    y_train: Labels
    x_test: Samples
    y_test: Labels
    classes: int
    shape: tuple[int, ...]
    scale: float
    offset: float = 0.0

    def __post_init__(self) -> None:
        for field in ("scale", "offset"):
            object.__setattr__(self, field, _number(getattr(self, field), f"Data set {self.name!r}: {field}"))
        self.validate()
        for field in ("x_train", "y_train", "x_test", "y_test"):
            view = getattr(self, field).view()
            view.flags.writeable = False
            object.__setattr__(self, field, view)

    @classmethod
    @door
    def from_arrays(
        cls,
        name: str,
        x_train: ArrayLike,
        y_train: ArrayLike,
        x_test: ArrayLike,
        y_test: ArrayLike,
        *,
        classes: int | None = None,
        scale: float | None = None,
        offset: float = 0.0,
    ) -> Dataset:
        """Make a data set from arrays of any shape (n, ...) and any float type, or uint8.

        Parameters
        ----------
        name : str
            The name of the data set.
        x_train, x_test : array
            The samples, (n, ...), uint8 or floats; floats become float32.
        y_train, y_test : array of int
            The labels, (n,), integers of any width.
        classes : int, optional
            The number of classes; the default is the largest label + 1.
        scale : float, optional
            The rate per unit of x; the default is 1/255 for uint8 and 1 for floats.
        offset : float, default 0
            The rate of x = 0.

        Raises
        ------
        RecircuitError
            If types or shapes are different, values are beyond float32, or `validate` refuses the data.
        """
        train, test = np.asarray(x_train), np.asarray(x_test)
        if train.shape[1:] != test.shape[1:]:
            raise RecircuitError(
                f"The samples of data set {name!r} differ in shape: {train.shape[1:]} in x_train, "
                f"{test.shape[1:]} in x_test. Expected the same number of features in the same order: save "
                "both alike."
            )
        train, test = _flat_samples(train, f"{name}: x_train"), _flat_samples(test, f"{name}: x_test")
        y_train, y_test = _int_labels(y_train, f"{name}: y_train"), _int_labels(y_test, f"{name}: y_test")
        if classes is None:
            classes = 1 + max([0, *(int(y.max()) for y in (y_train, y_test) if y.size)])
        if scale is None:
            scale = 1 / 255 if train.dtype == np.uint8 else 1.0
        shape = np.shape(x_train)[1:]
        return cls(name, train, y_train, test, y_test, classes, shape, scale, offset)

    @door
    def standardised(self) -> Dataset:
        """Return the same samples, scaled so that all training values together have mean 0 and standard deviation 1.

        Raises
        ------
        RecircuitError
            If all training values are the same.
        """
        mean, sd = (float(f(self.x_train, dtype=np.float64)) for f in (np.mean, np.std))
        if not sd > 0:
            raise RecircuitError(
                f"Data set {self.name!r}: all training values are {mean:g}, so that no scale fits them."
            )
        return replace(self, scale=1 / sd, offset=-mean / sd)

    @property
    def n_features(self) -> int:
        """The number of values of a sample."""
        return self.x_train.shape[1]

    @property
    def n_train(self) -> int:
        """The number of training samples."""
        return self.x_train.shape[0]

    @property
    def n_test(self) -> int:
        """The number of test samples."""
        return self.x_test.shape[0]

    def validate(self) -> Dataset:
        """Check that the arrays are as the class describes them, and return the data set itself.

        Raises
        ------
        RecircuitError
            If an array is wrong. The message names it and its values, and says what was expected and what to do.
        """
        if not 1 <= self.classes <= MAX_CLASSES:
            raise RecircuitError(
                f"Data set {self.name!r} has {self.classes:,} classes; expected 1 to {MAX_CLASSES:,}, one "
                "output unit for each. Number the labels 0, 1, 2, ... (numpy.unique(y, return_inverse=True) "
                "does)."
            )
        if not (math.isfinite(self.scale) and abs(self.scale) >= SMALLEST and math.isfinite(self.offset)):
            raise RecircuitError(
                f"Data set {self.name!r} has scale {self.scale} and offset {self.offset}; expected finite "
                f"numbers and a scale of {SMALLEST:.2g} or more in size: rates are x * scale + offset."
            )
        for part, x, y in (("train", self.x_train, self.y_train), ("test", self.x_test, self.y_test)):
            _check_samples(x, f"{self.name}: x_{part}", math.prod(self.shape))
            _check_labels(y, f"{self.name}: y_{part}", len(x), self.classes)
        if self.x_train.dtype != self.x_test.dtype:
            raise RecircuitError(
                f"Data set {self.name!r} has x_train of {self.x_train.dtype} and x_test of "
                f"{self.x_test.dtype}; expected one type, since one scale holds for both: save both alike."
            )
        return self

    @door
    def fingerprint(self) -> str:
        """Return the SHA-256 (hex) of everything that training can read: arrays, classes, shape, scale and offset."""
        digest = hashlib.sha256(repr((self.classes, self.shape, float(self.scale), float(self.offset))).encode())
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(array.data)
        return digest.hexdigest()

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.shape))
        return (
            f"Dataset({self.name!r}: {self.n_train:,} training and {self.n_test:,} test samples of {shape}, "
            f"{self.x_train.dtype}, {self.classes} classes)"
        )


def _number(value: object, what: str) -> float:
    """Return one number as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise RecircuitError(f"{what} is {value!r}; expected one number, since rates are x * scale + offset.")
    return float(value)


def _flat_samples(x: NDArray, where: str) -> Samples:
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


def _int_labels(y: ArrayLike, where: str) -> Labels:
    """Return labels as int64, refusing what is not an integer and what is beyond any number of classes."""
    y = np.asarray(y)
    if y.size and not np.issubdtype(y.dtype, np.integer):
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


def _check_samples(x: Samples, where: str, features: int) -> None:
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


def _check_labels(y: Labels, where: str, samples: int, classes: int) -> None:
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
