"""A layered circuit that answers with a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import check_is_fitted, column_or_1d

from recircuit.circuits import OutputCircuit, SoftmaxOutput
from recircuit.plasticity import Rule
from recircuit.sklearn.base import CircuitEstimator, Values, output_of, validated, without_other_parameters

__all__ = ["CircuitClassifier"]


def _has_probabilities(estimator: CircuitClassifier) -> bool:
    if not isinstance(output_of(estimator.loss, estimator.rule), SoftmaxOutput):
        raise AttributeError(
            f"predict_proba: the loss {estimator.loss!r} gives no probabilities. Make CircuitClassifier(loss='softmax')."
        )
    return True


class CircuitClassifier(ClassifierMixin, CircuitEstimator):
    """A layered circuit with local rules, as a classifier of scikit-learn.

    The network is that of `recircuit.layered`. Each feature is brought to mean 0 and standard deviation 1, and one more
    input that is always 1 serves as a bias. The answer is the class whose output unit has the largest field.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default (100,)
        The numbers of units of the hidden layers; an empty sequence connects the stimulus to the output.
    rule : str or Rule, default "urfb"
        The rule, or its name (`recircuit rules` prints them).
    loss : {"hinge", "softmax", "logistic", "mse"} or OutputCircuit, default "hinge"
        The loss, which the output circuit computes. `predict_proba` exists with ``"softmax"``.
    transfer : str, default "clip"
        The transfer function of the hidden units, as in `recircuit.pyramidal`.
    rate : float, optional
        The learning rate, in hertz for a rule in continuous time. None is that of the rule, times a factor for the loss, as in
        `recircuit train`; it is smaller where an output unit has more than 256 inputs, or where fewer than 10 samples are
        presented at a time.
    batch_size : int or "auto", default "auto"
        The number of samples that are presented at the same time. Updates are averaged over them. ``"auto"`` is about a
        64th of the samples, from 10 to 100.
    max_iter : int, default 50
        The number of epochs, which are passes through the samples.
    early_stopping : bool, default False
        Whether a part of the samples is not trained on but measured after each epoch. Training stops if their error has
        not become smaller for ``n_iter_no_change`` epochs, and the circuit gets the weights of its best epoch.
    validation_fraction : float, default 0.1
        The share of these samples.
    n_iter_no_change : int, default 10
        The number of epochs without improvement after which training stops.
    standardize : bool, default True
        Whether features are brought to mean 0 and standard deviation 1. False presents them as they are.
    backend : {"numpy", "cpp", "cuda", "interpreter", "auto"}, default "numpy"
        The backend that trains. ``"numpy"`` begins at once; ``"cpp"`` compiles the circuit and then is faster.
    precision : {"float64", "float32"}, default "float64"
        The type of all numbers.
    random_state : int, RandomState or None
        The seed of the initial weights and of the order of the samples. The same number gives the same bits.
    warm_start : bool, default False
        Whether `fit` continues with the circuit of an earlier call. Its ``rate`` may then be another one than before.
    verbose : bool, default False
        Whether to show a progress bar.

    Attributes
    ----------
    classes_ : array
        The classes, in the order of the output units.
    circuit_ : Circuit
        The circuit.
    history_ : History
        The measurements of the last training, a row for each epoch.
    n_features_in_, n_iter_ : int
        The number of features, and the number of epochs that the circuit was trained for.

    Examples
    --------
    >>> from recircuit.sklearn import CircuitClassifier
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> x, y = load_iris(return_X_y=True)
    >>> scores = cross_val_score(CircuitClassifier(random_state=0), x, y)                           # doctest: +SKIP
    """

    _monitor = "validation_error"

    @without_other_parameters
    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (100,),
        *,
        rule: str | Rule = "urfb",
        loss: str | OutputCircuit = "hinge",
        transfer: str = "clip",
        rate: float | None = None,
        batch_size: int | str = "auto",
        max_iter: int = 50,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        standardize: bool = True,
        backend: str = "numpy",
        precision: str = "float64",
        random_state: Any = None,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            hidden_layer_sizes, rule=rule, transfer=transfer, rate=rate, batch_size=batch_size, max_iter=max_iter,
            early_stopping=early_stopping, validation_fraction=validation_fraction, n_iter_no_change=n_iter_no_change,
            standardize=standardize, backend=backend, precision=precision, random_state=random_state,
            warm_start=warm_start, verbose=verbose,
        )  # fmt: skip
        self.loss = loss

    def fit(self, X: Any, y: Any) -> Self:
        """Train the circuit on samples and their classes.

        Parameters
        ----------
        X : array (samples, features)
            The samples.
        y : array (samples,)
            Their classes, which are numbers or names.

        Returns
        -------
        CircuitClassifier
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
        x, y = self._samples(X, y, reset=not self._goes_on())
        classes = _at_least_two(np.unique(y), "y")
        if self._goes_on() and not np.array_equal(classes, self.classes_):
            raise ValueError(f"warm_start: the circuit knows the classes {self.classes_}, and y has {classes}.")
        self.classes_ = classes
        return self._fit(x, self._coded(y), len(classes))

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Train the circuit for one epoch on some samples, after all that it was trained on before.

        Parameters
        ----------
        X : array (samples, features)
            The samples.
        y : array (samples,)
            Their classes.
        classes : array, optional
            All classes that will ever be presented, which the first call needs.

        Returns
        -------
        CircuitClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If the samples cannot be used, or if ``classes`` is missing or different from before.
        """
        first = not hasattr(self, "circuit_")
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if not first and classes is not None and not np.array_equal(self.classes_, unique_labels(classes)):
            raise ValueError(f"classes: {classes!r} are not those of the first call, {self.classes_}.")
        x, y = self._samples(X, y, reset=first)
        if first:
            self.classes_ = _at_least_two(unique_labels(classes), "classes")
        return self._partial_fit(x, self._coded(y), len(self.classes_))

    def decision_function(self, X: Any) -> Values:
        """Return the field of each output unit, or for two classes the difference of the two fields.

        Parameters
        ----------
        X : array (samples, features)
            The samples.

        Returns
        -------
        array
            The fields, of shape (samples, classes), or (samples,) for two classes.
        """
        fields = self._fields(X)
        return fields[:, 1] - fields[:, 0] if len(self.classes_) == 2 else fields

    def predict(self, X: Any) -> np.ndarray:
        """Return the class of each sample.

        Parameters
        ----------
        X : array (samples, features)
            The samples.

        Returns
        -------
        array (samples,)
            The classes.
        """
        check_is_fitted(self, "circuit_")
        return self.classes_[self._fields(X).argmax(axis=1)]

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> Values:
        """Return the softmax of the fields. This method exists with ``loss="softmax"``.

        Parameters
        ----------
        X : array (samples, features)
            The samples.

        Returns
        -------
        array (samples, classes)
            The probabilities.
        """
        fields = self._fields(X)
        raised = np.exp(fields - fields.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)

    def _loss(self) -> str | OutputCircuit:
        return self.loss

    def _samples(self, X: Any, y: Any, *, reset: bool) -> tuple[Values, np.ndarray]:
        x, y = validated(self, X, y, reset=reset, multi_output=True)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        return x, y

    def _coded(self, y: np.ndarray) -> np.ndarray:
        """Return the number of the output unit of each class."""
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"y: the classes {unknown} are not among {self.classes_}.")
        return np.searchsorted(self.classes_, y)


def _at_least_two(classes: np.ndarray, argument: str) -> np.ndarray:
    if len(classes) < 2:
        raise ValueError(f"{argument}: a classifier needs at least two classes; got 1 class, {classes}.")
    return classes
