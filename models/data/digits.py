"""Handwritten digits that come with scikit-learn: 1,797 images of 8x8, no file needed."""

from __future__ import annotations

import numpy as np

from ...errors import RecircuitError
from .dataset import Dataset


def load_digits() -> Dataset:
    """Load the digits of scikit-learn: 1,437 training and 360 test images of 8x8 pixels, uint8 0 ... 16 with scale 1/16.

    The split is fixed, stratified, and free of any random generator: with the samples sorted by class (in
    scikit-learn's order within a class), every fifth one, from the first on, is a test sample, so that each
    class has a fifth of its samples, give or take one, in the test set. Both sets keep scikit-learn's order.

    References
    ----------
    Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI (1998), its 1,797 test images.

    Raises
    ------
    RecircuitError
        If scikit-learn is not installed.
    """
    try:
        from sklearn import datasets
    except ImportError as error:
        raise RecircuitError(
            f"The data set 'digits' comes with scikit-learn, which cannot be imported ({error}). Install it "
            "(pip install scikit-learn), or train on other data."
        ) from error
    x, y = datasets.load_digits(return_X_y=True)
    images = x.reshape(-1, 8, 8).astype(np.uint8)
    test = np.zeros(len(y), dtype=bool)
    test[np.argsort(y, kind="stable")[::5]] = True
    return Dataset.from_arrays("digits", images[~test], y[~test], images[test], y[test], classes=10, scale=1 / 16)
