"""The estimators of scikit-learn: its own checks, and what its users do with an estimator."""

from __future__ import annotations

import os
import pickle
import signal
from inspect import signature
from typing import Any

import numpy as np
import pytest
from brian2 import kHz
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.utils.estimator_checks import parametrize_with_checks

import recircuit as rc
from recircuit.errors import RecircuitError
from recircuit.models.training.loop import train
from recircuit.sklearn import CircuitClassifier, CircuitRegressor, base

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])


@parametrize_with_checks([CircuitClassifier(max_iter=10), CircuitRegressor(max_iter=10)])
def test_the_checks_of_scikit_learn_pass(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("kind", [CircuitClassifier, CircuitRegressor])
def test_an_estimator_shows_all_its_parameters(kind: type) -> None:
    assert {*signature(kind).parameters} == {*kind().get_params()}


def test_digits_are_learned_and_lines_are_fitted() -> None:
    x, y = load_digits(return_X_y=True)
    net = CircuitClassifier(max_iter=10, random_state=0).fit(x[:1200], y[:1200])
    assert net.score(x[1200:], y[1200:]) > 0.9
    x, y = make_regression(300, 5, noise=0, random_state=0)
    assert CircuitRegressor((), random_state=0).fit(x, y).score(x, y) > 0.999


def test_a_circuit_without_hidden_layers_ends_where_least_squares_does() -> None:
    x, y = make_regression(200, 3, n_targets=2, noise=5, random_state=1)
    design = np.column_stack([x, np.ones(200)])
    best = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    found = CircuitRegressor((), rule="bp", max_iter=200, random_state=0).fit(x, y).predict(x)
    assert np.abs(found - best).max() < 0.03 * y.std()


def test_pipelines_searches_and_cross_validation() -> None:
    pipe = make_pipeline(PolynomialFeatures(2), CircuitClassifier((8,), max_iter=5, random_state=0))
    search = GridSearchCV(
        pipe, {"circuitclassifier__rule": ["urfb", "frfb"], "circuitclassifier__rate": [0.1, 0.3]}, cv=2
    )
    search.fit(X, NAMES[Y])
    assert search.best_score_ > 0.8
    assert set(search.predict(X)) <= set(NAMES)
    assert cross_val_score(CircuitClassifier((8,), max_iter=5, random_state=0), X, Y, cv=3).min() > 0.7


def test_random_state_decides_all_bits() -> None:
    fields = [CircuitClassifier(max_iter=2, random_state=seed).fit(X, Y).decision_function(X) for seed in (3, 3, 4)]
    assert np.array_equal(fields[0], fields[1]) and not np.array_equal(fields[0], fields[2])


def test_partial_fit_epochs_are_those_of_fit() -> None:
    whole = CircuitClassifier(max_iter=3, random_state=0, standardize=False).fit(X, Y)
    parts = CircuitClassifier(random_state=0, standardize=False)
    for _ in range(3):
        parts.partial_fit(X, Y, classes=[0, 1, 2])
    assert np.array_equal(parts.decision_function(X), whole.decision_function(X)) and parts.n_iter_ == 3


def test_partial_fit_takes_pieces_of_any_size() -> None:
    net = CircuitClassifier((8,), random_state=0)
    for piece in (slice(0, 60), slice(60, 61), slice(61, 150)):
        net.partial_fit(X[piece], Y[piece], classes=[0, 1, 2])
    assert net.n_iter_ == net.circuit_.epoch == 3
    fields = net.decision_function(X)
    net._use_batch_of(1)
    assert net.circuit_.batch_size == 1 and np.allclose(net.decision_function(X), fields, rtol=1e-12)
    with pytest.raises(ValueError, match=r"classes \[7\] are not among"):
        net.partial_fit(X[:5], [7] * 5)


def test_partial_fit_has_the_rate_that_suits_each_piece() -> None:
    def rates(*pieces: int) -> list[float]:
        net, found = CircuitClassifier((8,), random_state=0), []
        for size in pieces:
            net.partial_fit(X[:size], Y[:size], classes=[0, 1, 2])
            found.append(float(net.circuit_["h1_to_o.rate"]))
        return found

    assert rates(1, 150, 1) == [*rates(1), *rates(150), *rates(1)] and rates(1)[0] < rates(150)[0]


def test_partial_fit_begins_with_samples_of_one_class() -> None:
    net = CircuitClassifier((10,), random_state=0)
    for part in [np.flatnonzero(one == Y) for one in range(3)]:
        net.partial_fit(X[part], Y[part], classes=[0, 1, 2])
    assert set(net.predict(X)) <= {0, 1, 2} and list(net.classes_) == [0, 1, 2]
    with pytest.raises(ValueError, match="classes: a classifier needs at least two classes"):
        CircuitClassifier().partial_fit(X, np.zeros(len(X)), classes=[0])


def test_partial_fit_refuses_layer_sizes_as_fit_does() -> None:
    with pytest.raises(RecircuitError, match="hidden_layer_sizes"):
        CircuitClassifier((10.5,)).partial_fit(X, Y, classes=[0, 1, 2])


def test_early_stopping_keeps_the_best_epoch() -> None:
    net = CircuitClassifier(early_stopping=True, n_iter_no_change=3, validation_fraction=0.3, random_state=0).fit(X, Y)
    errors = net.history_["validation_error"]
    assert len(errors) == net.n_iter_ == net.history_.kept_epoch + 3 < 50
    assert errors[net.history_.kept_epoch - 1] == errors.min()


def test_warm_start_goes_on() -> None:
    net = CircuitClassifier(max_iter=2, warm_start=True, random_state=0).fit(X, Y).fit(X, Y)
    assert net.n_iter_ == 4
    assert np.array_equal(
        net.decision_function(X), CircuitClassifier(max_iter=4, random_state=0).fit(X, Y).decision_function(X)
    )


def test_warm_start_takes_another_rate_and_no_other_network() -> None:
    net = CircuitClassifier((8,), rate=0.1, max_iter=2, warm_start=True, random_state=0).fit(X, Y)
    before = net.set_params(rate=0.01, max_iter=1).decision_function(X)
    net.fit(X, Y)
    assert float(net.circuit_["h1_to_o.rate"]) == 0.01 and net.n_iter_ == 3
    assert 0 < np.abs(net.decision_function(X) - before).max() < 1
    for name, value in {"hidden_layer_sizes": (9,), "rule": "frfb", "loss": "mse", "transfer": "tanh"}.items():
        other = clone(net).fit(X, Y).set_params(**{name: value})
        with pytest.raises(RecircuitError, match=f"{name}: the circuit, with which this call would continue, was made"):
            other.fit(X, Y)
        with pytest.raises(RecircuitError, match=f"{name}: the circuit"):
            other.partial_fit(X, Y)
    with pytest.raises(ValueError, match="X has 3 features, but CircuitClassifier is expecting 4"):
        net.fit(X[:, :3], Y)
    assert net.n_features_in_ == 4 and net.predict(X).shape == (150,)


@pytest.mark.parametrize("rate", [None, 500, 0.5 * kHz])
def test_a_rule_in_continuous_time_learns_as_one_that_goes_by_updates(rate: Any) -> None:
    """In the step of plasticity, which lasts 1 ms, 1000 Hz are an update with the rate 1."""
    timed = rc.Rule(
        "timed", source="test", forward="dw/dt = rate*error_post*x_pre", feedback="dw/dt = rate*error_pre*x_post",
        parameters={"rate": 1 * kHz},
    )  # fmt: skip
    options = {"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0}
    found = CircuitClassifier(rule=timed, rate=rate, **options).fit(X, Y)
    expected = CircuitClassifier(rule="urfb", rate=None if rate is None else 0.5, **options).fit(X, Y)
    assert np.allclose(found.decision_function(X), expected.decision_function(X), rtol=1e-10, atol=1e-10)


def test_an_estimator_whose_fit_was_refused_is_not_fitted() -> None:
    for kind in (CircuitClassifier, CircuitRegressor):
        net = kind(max_iter=0)
        with pytest.raises(RecircuitError, match="max_iter"):
            net.fit(X, Y)
        with pytest.raises(NotFittedError):
            net.predict(X)


def test_counts_may_be_numbers_of_numpy() -> None:
    grid = {"n_iter_no_change": np.array([1, 2]), "max_iter": np.array([2]), "batch_size": np.array([20])}
    search = GridSearchCV(CircuitClassifier(np.array([4]), early_stopping=True, random_state=0), grid, cv=2)
    assert search.fit(X, NAMES[Y]).best_params_["max_iter"] == 2


def test_after_ctrl_c_the_estimator_is_as_after_its_last_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: Any, **options: Any) -> Any:
        def press(epoch: int, metrics: Any, net: Any) -> None:
            if epoch == 2:
                os.kill(os.getpid(), signal.SIGINT)

        return train(*arguments, **{**options, "callbacks": press})

    monkeypatch.setattr(base, "train", interrupted)
    net = CircuitClassifier(random_state=0)
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y)
    assert net.n_iter_ == 2 == len(net.history_)
    monkeypatch.undo()
    two = CircuitClassifier(max_iter=2, random_state=0).fit(X, Y)
    assert np.array_equal(net.decision_function(X), two.decision_function(X))


def test_probabilities_are_there_with_softmax() -> None:
    net = CircuitClassifier(loss="softmax", max_iter=5, random_state=0).fit(X, NAMES[Y])
    odds = net.predict_proba(X)
    assert np.allclose(odds.sum(axis=1), 1) and (NAMES[odds.argmax(axis=1)] == net.predict(X)).all()
    assert not hasattr(CircuitClassifier(), "predict_proba")


def test_rules_and_output_circuits_of_ones_own() -> None:
    mine = rc.Rule("mine", source="here", forward="dw = .1*error_post*x_pre")
    net = clone(CircuitClassifier(rule=mine, loss=rc.HingeOutput(S=2), max_iter=30, random_state=0)).fit(X, Y)
    assert net.score(X, Y) > 0.8
    again = pickle.loads(pickle.dumps(net))
    assert np.array_equal(again.decision_function(X), net.decision_function(X))
    with pytest.raises(RecircuitError, match="no parameter 'rate'"):
        CircuitClassifier(rule=mine, rate=0.1).fit(X, Y)
    with pytest.raises(RecircuitError, match="batch_size: expected 'auto'"):
        CircuitClassifier(batch_size=0).fit(X, Y)
    with pytest.raises(RecircuitError, match="rule: expected a Rule or the name of one, .* got None"):
        CircuitClassifier(rule=None).fit(X, Y)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [("hidden_layer_sizes", (5, -1)), ("hidden_layer_sizes", 2.5), ("max_iter", 0), ("n_iter_no_change", True)],
)
def test_a_wrong_count_is_refused_by_the_name_that_the_estimator_has_for_it(name: str, value: object) -> None:
    with pytest.raises(RecircuitError, match=rf"^{name}: expected .*whole number.* at least 1; got"):
        CircuitClassifier(**{name: value}).fit(np.eye(4), [0, 1, 0, 1])


def test_the_message_says_which_loss_has_probabilities() -> None:
    with pytest.raises(AttributeError) as raised:
        _ = CircuitClassifier().predict_proba
    assert "loss='softmax'" in f"{raised.value} {raised.value.__cause__}"


def test_the_usual_rate_is_smaller_with_few_samples_at_a_time() -> None:
    rates = [
        CircuitClassifier(batch_size=size, max_iter=1, random_state=0).fit(X, Y).circuit_["x_to_h1.rate"]
        for size in (20, 10, 5, 1)
    ]
    assert rates == [1, 1, 0.5, 0.1]


class Closed:
    """An object that raises when it is read as an array, as those of a file do that is closed."""

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise OSError("the file is closed")


@pytest.mark.parametrize("kind", [CircuitClassifier, CircuitRegressor])
@pytest.mark.parametrize("odd", [Closed(), 10**400], ids=["raises", "large"])
def test_what_cannot_be_read_as_an_array_is_a_value_error(kind: type, odd: object) -> None:
    with pytest.raises(ValueError, match="cannot be read as an array of numbers"):
        kind().fit(odd, Y)
