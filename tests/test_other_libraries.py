"""What users of Keras, PyTorch, scikit-learn and Brian2 type first is answered by what does the same in recircuit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import recircuit as rc
from recircuit.other_libraries import ARGUMENTS, ATTRIBUTES
from recircuit.sklearn import CircuitClassifier

X, Y = np.random.default_rng(0).normal(size=(6, 4)), np.arange(6) % 2


def small() -> rc.Circuit:
    return rc.layered([4, 3, 2], "urfb", batch_size=2)


def trained(**options: Any) -> rc.History:
    return rc.train(small(), (X, Y), backend="numpy", progress=False, **options)


@pytest.fixture(scope="module")
def owners() -> dict[str, Any]:
    """Return an object of each class that answers to names of other libraries."""
    net = small()
    trace = net.run({"x": X, "s": Y}, record=["h1.rate"])
    history = rc.train(net, (X, Y), backend="numpy", progress=False)
    parts = (net, net["h1"], net["x_to_h1"], trace, history, net.evaluate((X, Y)))
    return {"recircuit": rc, **{type(part).__name__: part for part in parts}}


NAMES = [(owner, name) for owner, names in ATTRIBUTES.items() for name in names]


@pytest.mark.parametrize("owner, name", NAMES)
def test_names_of_other_libraries_are_answered_by_names_that_are_there(
    owners: dict[str, Any], owner: str, name: str
) -> None:
    hint, tried = ATTRIBUTES[owner][name], name or "anything"
    with pytest.raises(AttributeError, match=re.escape(f"{tried!r}. {hint}")):
        getattr(owners[owner], tried)
    for where, message in re.findall(r"\b(net|rc|trace|population|history|evaluation)\.(\w+)", hint):
        assert hasattr(owners[{"net": "Circuit", "rc": "recircuit"}.get(where, where.capitalize())], message)
    assert not hasattr(owners[owner], tried)


def test_an_error_within_a_property_is_reported_and_not_that_the_property_is_absent() -> None:
    class Odd(rc.Circuit):
        @property
        def odd(self) -> str:
            return self.populations.nobody  # type: ignore[attr-defined]

    with pytest.raises(AttributeError, match="'nobody'"):
        Odd().odd  # noqa: B018


CALLS: dict[str, Callable[..., object]] = {
    "train": trained,
    "evaluate": lambda **k: small().evaluate((X, Y), **k),
    "predict": lambda **k: small().predict(X, **k),
    "outputs": lambda **k: small().outputs(X, **k),
    "run": lambda **k: small().run({"x": X, "s": Y}, **k),
    "store": lambda **k: small().store(**k),
    "restore": lambda **k: small().restore(**k),
    "connect": lambda **k: (net := small()).connect(net["x"], net["h1"], name="more", **k),
    "EarlyStopping": rc.EarlyStopping,
    "CircuitEstimator": CircuitClassifier,
    "Circuit": rc.Circuit,
    "stimulus": lambda **k: rc.Circuit().stimulus("u", 3, **k),
    "Rule": lambda **k: rc.Rule("mine", source="this test", **k),
    "population": lambda **k: rc.Circuit().population("h", 3, rc.pyramidal(), **k),
    "flags": lambda **k: [rc.Neuron(f"basal : 1 (compartment)\nrate : 1 ({flag})") for flag in k],
    "Neuron": lambda **k: rc.Neuron("basal : 1 (compartment)\nrate = basal : 1", **k),
}


@pytest.mark.parametrize(
    "function, name", [(f, name) for f, names in ARGUMENTS.items() for name in names if name != "*"]
)
def test_arguments_of_other_libraries_are_answered(function: str, name: str) -> None:
    with pytest.raises((rc.RecircuitError, TypeError), match=f"{name!r}.*{re.escape(ARGUMENTS[function][name])}"):
        CALLS[function](**{name: 1})


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda: rc.Rule("mine", "dw = .1*x_post*x_pre"), ARGUMENTS["Rule"]["*"]),  # type: ignore[call-arg]
        (lambda: small().connect("x", "h1", "w : 1"), ARGUMENTS["connect"]["*"]),  # type: ignore[call-arg]
        (lambda: small().store("begin", "file"), ARGUMENTS["store"]["*"]),  # type: ignore[call-arg]
        (lambda: small().restore("begin", "file"), ARGUMENTS["restore"]["*"]),  # type: ignore[call-arg]
        (lambda: rc.Neuron("drate/dt = -rate/tau : 1", namespace={"tau": 1}), ARGUMENTS["Neuron"]["namespace"]),
        (lambda: rc.Circuit().population("h", 3, "rate : 1"), "rc.Neuron(equations)"),
    ],
)
def test_what_is_given_as_in_brian2_is_answered(call: Callable[[], object], said: str) -> None:
    with pytest.raises(rc.RecircuitError, match=re.escape(said)):
        call()


def test_a_circuit_says_whether_it_has_a_part_and_is_no_list() -> None:
    net = small()
    assert "h1" in net and "x_to_h1" in net and "nobody" not in net
    for part in (net, net["h1"], net["x_to_h1"]):
        with pytest.raises(TypeError, match="not iterable"):
            iter(part)


def test_samples_and_labels_as_two_arguments_are_asked_for_as_one_pair() -> None:
    net: Any = small()
    for call in (lambda: net.evaluate(X, Y), lambda: rc.train(net, X, Y), lambda: rc.train(net, X, Y, epochs=2)):
        with pytest.raises(rc.RecircuitError, match=r"pair.*\(x, y\)"):
            call()


def test_a_callback_with_a_method_that_nobody_calls_is_refused() -> None:
    class Batches:
        def on_epoch_end(self, epoch: int, metrics: Any, net: Any) -> None: ...

        def on_batch_end(self, batch: int) -> None: ...

    with pytest.raises(rc.RecircuitError, match="has a method on_batch_end, which is never called"):
        trained(callbacks=Batches())


def test_a_callback_may_have_values_whose_names_begin_as_those_of_methods() -> None:
    class Counts:
        on_gpu = False

        def on_epoch_end(self, epoch: int, metrics: Any, net: Any) -> None: ...

    assert len(trained(callbacks=Counts())) == 1


def test_a_history_is_a_list_of_epochs_and_says_its_training_error_where_it_has_no_other() -> None:
    history = trained()
    assert list(history) == history.rows
    assert "train_error" in history and "test_error" not in history
    assert re.fullmatch(r"<History of 1 epoch: train error \d+\.\d+%>", repr(history))
