"""What a classifier and a regressor of scikit-learn share: a layered circuit, its inputs, and its training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from recircuit.circuits import Circuit, OutputCircuit
from recircuit.circuits.answers.readout import Readout
from recircuit.circuits.library.outputs import output_for
from recircuit.errors import UsageError
from recircuit.models.networks.layered import layered
from recircuit.models.networks.usual_rate import usual_rate, with_rate
from recircuit.models.runs.default_options import RATE_DECAY, usual_batch_size
from recircuit.models.training.early_stopping import EarlyStopping
from recircuit.models.training.loop import TrainingInterrupted, train
from recircuit.other_libraries import argument_hint
from recircuit.plasticity import Rule, find
from recircuit.registry import reason

__all__ = ["CircuitEstimator", "Values", "without_other_parameters"]

Values = NDArray[np.float64]
#: An output unit with more inputs than this has a rate that is smaller in proportion, so that its field does not overshoot.
INPUTS = 256


def without_other_parameters[**P](init: Callable[P, None]) -> Callable[P, None]:
    """Let the ``__init__`` of an estimator refuse, in words, parameters that only estimators of scikit-learn have."""

    @wraps(init)
    def checked(*args: P.args, **parameters: P.kwargs) -> None:
        for name in parameters:
            if hint := argument_hint("CircuitEstimator", name):
                raise TypeError(f"{type(args[0]).__name__}: there is no parameter {name!r}.{hint}")
        init(*args, **parameters)

    return checked


class CircuitEstimator(BaseEstimator):
    """A layered circuit that scikit-learn trains; `CircuitClassifier` and `CircuitRegressor` describe the parameters."""

    #: The column of the history that early stopping watches.
    _monitor = ""

    @without_other_parameters
    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (100,),
        *,
        rule: str | Rule = "urfb",
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
        self.hidden_layer_sizes = hidden_layer_sizes
        self.rule = rule
        self.transfer = transfer
        self.rate = rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.standardize = standardize
        self.backend = backend
        self.precision = precision
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose

    @abstractmethod
    def _loss(self) -> str | OutputCircuit:
        """Return the loss, or the output circuit that computes it."""

    def _fit(self, x: Values, wanted: np.ndarray, units: int) -> Self:
        """Train a new circuit, or with ``warm_start`` the one that there is."""
        self._check_numbers()
        if self._goes_on():
            self._check_same_network()
        else:
            self._begin(x, units)
        self._use_batch_of(len(x))
        stop = EarlyStopping(self._monitor, patience=self.n_iter_no_change)
        apart = {"validation": self.validation_fraction, "callbacks": stop} if self.early_stopping else {}
        self._train(x, wanted, self.max_iter, **apart)
        return self

    def _goes_on(self) -> bool:
        """Return whether `fit` continues with the circuit of an earlier call."""
        return bool(self.warm_start) and hasattr(self, "circuit_")

    def _partial_fit(self, x: Values, wanted: np.ndarray, units: int) -> Self:
        """Train one epoch on some samples."""
        self._check_numbers()
        if hasattr(self, "circuit_"):
            self._check_same_network()
            self._scaler = self._new_scaler(x, self._scaler)
        else:
            self._begin(x, units)
        self._use_batch_of(len(x))
        self._train(x, wanted, 1)
        return self

    def _check_numbers(self) -> None:
        """Refuse counts by the names that they have here; the circuit and its training have others."""
        for name in ("hidden_layer_sizes", "max_iter", "n_iter_no_change"):
            for value in np.ravel(np.asarray(getattr(self, name), dtype=object)):
                if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                    kind = "whole numbers" if name == "hidden_layer_sizes" else "a whole number"
                    raise UsageError(f"{name}: expected {kind}, at least 1; got {getattr(self, name)!r}.")
        if self.early_stopping and not 0 < self.validation_fraction < 1:
            raise UsageError(
                f"validation_fraction: expected a number between 0 and 1; got {self.validation_fraction!r}."
            )

    def _train(self, x: Values, wanted: np.ndarray, epochs: int, **options: Any) -> None:
        """Train for some epochs. After Ctrl-C the estimator can be used with what it has learned until then."""
        options |= {"backend": self.backend, "progress": bool(self.verbose)}
        try:
            self.history_ = train(self.circuit_, (self._inputs(x), wanted), epochs, **options)
        except TrainingInterrupted as stopped:
            self.history_ = stopped.history
            raise
        finally:
            self.n_iter_ = self.circuit_.epoch

    def _begin(self, x: Values, units: int) -> None:
        """Make a circuit that has learned nothing."""
        self._scaler = self._new_scaler(x)
        seed = int(check_random_state(self.random_state).randint(2**31))
        self.circuit_ = self._new_circuit(x.shape[1], units, seed, self._batch_of(len(x)))
        self._made_with, self._made_rate = self._network(), self.rate

    def _network(self) -> dict[str, Any]:
        """Return the parameters that decide what the network is."""
        sizes = np.atleast_1d(np.asarray(self.hidden_layer_sizes, dtype=int)).tolist()
        named = {name: getattr(self, name) for name in ("rule", "transfer", "precision")}
        return {"hidden_layer_sizes": sizes, "loss": self._loss(), **named}

    def _check_same_network(self) -> None:
        """Refuse to continue with a circuit that was made with other parameters."""
        for name, now in self._network().items():
            if now != self._made_with[name]:
                raise UsageError(
                    f"{name}: the circuit, with which this call would continue, was made with {self._made_with[name]!r:.60}; "
                    f"got {now!r:.60}. Call fit with warm_start=False, which makes a new circuit."
                )

    def _new_circuit(self, inputs: int, units: int, seed: int, batch_size: int) -> Circuit:
        """Return a circuit. One more input, which is always 1, is the bias."""
        output = output_of(self._loss(), self.rule)
        sizes = [inputs + 1, *self._network()["hidden_layer_sizes"], units]
        return layered(
            sizes, self._rule(output, sizes[-2], batch_size), loss=output, transfer=self.transfer, seed=seed,
            precision=self.precision, batch_size=batch_size,
        )  # fmt: skip

    def _rule(self, output: OutputCircuit, inputs: int, batch_size: int) -> Rule:
        """Return the rule with its rate: the given one, or that of `recircuit train` for this output and its inputs."""
        rule = rule_of(self.rule)
        if "rate" not in rule.parameters:
            if self.rate is not None:
                raise UsageError(f"rate: the rule {rule.name!r} has no parameter 'rate'. Leave it out.")
            return rule
        usual = usual_rate(rule, output, batch_size) * min(1.0, INPUTS / inputs)
        rate = usual if self.rate is None else self.rate
        rule = with_rate(rule, rate)
        return rule if "rate_decay" in rule.parameters else rule.with_rate_decay(RATE_DECAY)

    def _use_batch_of(self, samples: int) -> None:
        """Let the circuit have no more batch elements than there are samples; it keeps what it has learned.

        Its rates are those of the parameter ``rate`` as it is now, or those that suit the number of batch elements.
        """
        old, batch_size = self.circuit_, self._batch_of(samples)
        if (batch_size, self.rate) == (old.batch_size, self._made_rate):
            return
        units = Readout.of(old).output.size
        new = self._new_circuit(old["x"].size - 1, units, old.seed, batch_size)
        kept, state, rates = new.state(), old.state(), _parameters_of_rules(new)
        new.set_state({k: v for k, v in state.items() if k in kept and k not in rates and kept[k].shape == v.shape})
        new.epoch = old.epoch
        old.close()
        self.circuit_, self._made_rate = new, self.rate

    def _batch_of(self, samples: int) -> int:
        """Return how many samples are presented at a time."""
        kept = round(self.validation_fraction * samples) if self.early_stopping else 0
        if self.batch_size == "auto":
            return usual_batch_size(max(samples - kept, 1))
        if (
            isinstance(self.batch_size, bool)
            or not isinstance(self.batch_size, int | np.integer)
            or self.batch_size < 1
        ):
            raise UsageError(f"batch_size: expected 'auto' or a whole number, at least 1; got {self.batch_size!r}.")
        return min(int(self.batch_size), max(samples - kept, 1))

    def _new_scaler(self, x: Values, before: StandardScaler | None = None) -> StandardScaler:
        """Return what brings each feature to mean 0 and standard deviation 1, of these samples and those before."""
        on = bool(self.standardize)
        scaler = StandardScaler(with_mean=on, with_std=on) if before is None else before
        return scaler.partial_fit(x)

    def _inputs(self, x: Values) -> Values:
        return np.concatenate([self._scaler.transform(x), np.ones((len(x), 1))], axis=1)

    def _fields(self, X: Any) -> Values:
        """Return the fields of the output units, of shape (samples, units)."""
        check_is_fitted(self, "circuit_")
        x = validated(self, X, reset=False)
        return np.asarray(self.circuit_.outputs(self._inputs(x)), dtype=np.float64)


def _parameters_of_rules(circuit: Circuit) -> set[str]:
    """Return the names of the variables that are parameters of rules."""
    equations = {name: p.equation for name, p in circuit.projections.items() if p.equation is not None}
    return {f"{name}.{parameter}" for name, equation in equations.items() for parameter in equation.parameters}


def output_of(loss: str | OutputCircuit, rule: str | Rule) -> OutputCircuit:
    """Return the output circuit of a loss."""
    return output_for(loss, rule_of(rule).name)


def rule_of(given: Any) -> Rule:
    """Return a rule that is given itself or by its name.

    Raises
    ------
    UsageError
        If it is neither, or if there is no such rule.
    """
    if not isinstance(given, str | Rule):
        raise UsageError(
            f"rule: expected a Rule or the name of one, such as 'urfb' (`recircuit rules` prints them); got {given!r:.60}."
        )
    return find(given) if isinstance(given, str) else given


def validated(estimator: BaseEstimator, *arrays: Any, reset: bool, **options: Any) -> Any:
    """Return samples, and what is wanted of them, as scikit-learn validates them.

    Raises
    ------
    ValueError
        If they cannot be used, also where an object that was given raises another exception when it is read as an array.
    """
    try:
        return validate_data(estimator, *arrays, reset=reset, dtype=np.float64, **options)
    except (TypeError, ValueError):
        raise
    except Exception as problem:
        raise ValueError(f"What was given cannot be read as an array of numbers: {reason(problem)}.") from problem
