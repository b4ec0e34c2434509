"""A data set: samples and labels, which are checked once and cannot be changed afterwards."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...arguments import alternative_constructor, checked_arguments
from ...circuits.description.populations.shown_values import numbers_of
from ...errors import RecircuitError
from .display import Displayed
from .sample_arrays import (
    MAX_CLASSES,
    Labels,
    Samples,
    as_array,
    check_labels,
    check_samples,
    flat_samples,
    int_labels,
    number,
)  # fmt: skip

SMALLEST = float(np.finfo(np.float64).tiny)  # less is 0 on processors that do without numbers of few digits


@checked_arguments
@dataclass(frozen=True, eq=False)
class Dataset(Displayed):
    """Training and test samples with their labels.

    The rates of a stimulus are ``x * scale + offset``. Samples of bytes (uint8) stay as small as they came, and `rates` makes
    rates of some of them; samples that are floats are kept as rates, with the scale 1. The arrays are read-only views.
    `from_arrays` makes a data set from arrays of other types.

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
            object.__setattr__(self, field, number(getattr(self, field), f"Data set {self.name!r}: {field}"))
        self.validate()
        if self.x_train.dtype != np.uint8 and (self.scale, self.offset) != (1.0, 0.0):
            self._keep_rates()
        for field in ("x_train", "y_train", "x_test", "y_test"):
            view = getattr(self, field).view()
            view.flags.writeable = False
            object.__setattr__(self, field, view)

    @alternative_constructor
    @checked_arguments
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
        train, test = as_array(x_train, f"{name}: x_train"), as_array(x_test, f"{name}: x_test")
        if train.shape[1:] != test.shape[1:]:
            raise RecircuitError(
                f"The samples of data set {name!r} differ in shape: {train.shape[1:]} in x_train, "
                f"{test.shape[1:]} in x_test. Expected the same number of features in the same order: save "
                "both alike."
            )
        shape = train.shape[1:]
        train, test = flat_samples(train, f"{name}: x_train"), flat_samples(test, f"{name}: x_test")
        y_train, y_test = int_labels(y_train, f"{name}: y_train"), int_labels(y_test, f"{name}: y_test")
        if classes is None:
            classes = 1 + max([0, *(int(y.max()) for y in (y_train, y_test) if y.size)])
        if scale is None:
            scale = 1 / 255 if train.dtype == np.uint8 else 1.0
        return cls(name, train, y_train, test, y_test, classes, shape, scale, offset)

    @checked_arguments
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

    def _keep_rates(self) -> None:
        """Turn floats into rates, so that a part of them shows the same rates as the whole."""
        with np.errstate(over="ignore", invalid="ignore"):
            found = {part: self.rates(getattr(self, part)).astype(np.float32) for part in ("x_train", "x_test")}
        for part, x in (found | {"scale": 1.0, "offset": 0.0}).items():
            object.__setattr__(self, part, x)
        self.validate()

    def rates(self, x: NDArray) -> NDArray[np.float64]:
        """Return the rates that samples stand for: ``x * scale + offset``.

        Parameters
        ----------
        x : NDArray
            Samples of this data set, as many as you like.

        Examples
        --------
        >>> net.run({"x": digits.rates(digits.x_test[:10])})                                        # doctest: +SKIP
        """
        return numbers_of(x, f"rates of {self.name!r}") * self.scale + self.offset

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
            check_samples(x, f"{self.name}: x_{part}", math.prod(self.shape))
            check_labels(y, f"{self.name}: y_{part}", len(x), self.classes)
        if self.x_train.dtype != self.x_test.dtype:
            raise RecircuitError(
                f"Data set {self.name!r} has x_train of {self.x_train.dtype} and x_test of "
                f"{self.x_test.dtype}; expected one type, since one scale holds for both: save both alike."
            )
        return self

    @checked_arguments
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
