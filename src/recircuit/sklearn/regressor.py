"""A layered circuit that answers with numbers."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from recircuit.circuits import OutputCircuit, SquaredOutput
from recircuit.sklearn.base import CircuitEstimator, Values, validated

__all__ = ["CircuitRegressor"]


class CircuitRegressor(RegressorMixin, CircuitEstimator):
    """A layered circuit with local rules, as a regressor of scikit-learn.

    The network is that of `recircuit.layered` with the output circuit ``SquaredOutput(real_valued=True)``. Features and
    targets are brought to mean 0 and standard deviation 1, and one more input that is always 1 serves as a bias.

    Parameters
    ----------
    hidden_layer_sizes, rule, transfer, rate, batch_size, max_iter
        See `CircuitClassifier`.
    early_stopping, validation_fraction, n_iter_no_change
        See `CircuitClassifier`; what is measured is the mean squared error.
    standardize, backend, precision, random_state, warm_start, verbose
        See `CircuitClassifier`.

    Attributes
    ----------
    circuit_ : Circuit
        The circuit.
    history_ : History
        The measurements of the last training, a row for each epoch.
    n_features_in_, n_iter_ : int
        The number of features, and the number of epochs that the circuit was trained for.

    Examples
    --------
    >>> from recircuit.sklearn import CircuitRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> x, y = load_diabetes(return_X_y=True)
    >>> score = CircuitRegressor(random_state=0).fit(x, y).score(x, y)                              # doctest: +SKIP
    """

    _monitor = "validation_mse"

    def fit(self, X: Any, y: Any) -> Self:
        """Train the circuit on samples and their targets.

        Parameters
        ----------
        X : array (samples, features)
            The samples.
        y : array (samples,) or (samples, targets)
            Their targets.

        Returns
        -------
        CircuitRegressor
            The estimator itself.

        Raises
        ------
        ValueError
            If the samples cannot be used.
        RecircuitError
            If a parameter cannot be used, or if training diverges.
        KeyboardInterrupt
            After Ctrl-C. The estimator is fitted then, as after its last whole epoch.
        """
        x, wanted = self._samples(X, y, reset=not self._goes_on())
        return self._fit(x, wanted, wanted.shape[1])

    def partial_fit(self, X: Any, y: Any) -> Self:
        """Train the circuit for one epoch on some samples, after all that it was trained on before.

        Parameters
        ----------
        X : array (samples, features)
            The samples.
        y : array (samples,) or (samples, targets)
            Their targets.

        Returns
        -------
        CircuitRegressor
            The estimator itself.
        """
        x, wanted = self._samples(X, y, reset=not hasattr(self, "circuit_"))
        return self._partial_fit(x, wanted, wanted.shape[1])

    def predict(self, X: Any) -> Values:
        """Return the targets that the circuit answers for each sample.

        Parameters
        ----------
        X : array (samples, features)
            The samples.

        Returns
        -------
        array (samples,) or (samples, targets)
            The targets.
        """
        check_is_fitted(self, "circuit_")
        answers = self._targets.inverse_transform(self._fields(X))
        return answers[:, 0] if self._single else answers

    def _loss(self) -> OutputCircuit:
        return SquaredOutput(real_valued=True)

    def _samples(self, X: Any, y: Any, *, reset: bool) -> tuple[Values, Values]:
        x, y = validated(self, X, y, reset=reset, multi_output=True, y_numeric=True)
        y = np.asarray(y, dtype=np.float64)
        columns = y.reshape(len(y), -1)
        if reset:
            self._single, self._targets = y.ndim == 1, StandardScaler().fit(columns)
        return x, self._targets.transform(columns)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
