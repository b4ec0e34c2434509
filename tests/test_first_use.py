"""What someone who does not know the library yet gives to its functions: each is refused before it does anything, in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from brian2 import TimedArray, ms, mV

import recircuit as rc

X, Y = np.ones((6, 4)), np.arange(6) % 2
LEAKY = rc.Neuron("basal : 1 (compartment)\ndrate/dt = (basal - rate)/tau : 1", tau=5 * ms)


def small(every=None, model=LEAKY, **options) -> rc.Circuit:
    net = rc.Circuit(batch_size=2)
    x, h = net.stimulus("x", 4, every=every), net.population("h", 3, model)
    net.connect(x, h, **options)
    net.phases("feedforward", 3 * ms)
    return net


def live(shown) -> None:
    with small().live() as loop:
        loop.present(shown, read=["h.rate"])


def trained(**options) -> None:
    options = {"progress": False} | options
    rc.train(rc.layered([4, 3, 2], "urfb", batch_size=2), (X, Y), backend="numpy", **options)


def from_units(net: rc.Circuit, rate: Callable[..., object] = lambda: 1) -> None:
    net.population("k", 2, LEAKY, initial={"rate": rate})
    net.run(X)


UNITS: dict[str, Callable[[], object]] = {
    "weights": lambda: small(weights=2 * mV),
    "drawn weights": lambda: small(weights=lambda rng, shape: rng.normal(size=shape) * mV).run(X),
    "rows": lambda: small().run(X * mV),
    "series": lambda: small(every=1 * ms).run(np.ones((2, 3, 4)) * mV),
    "a timed array": lambda: small(every=1 * ms).run({"x": TimedArray(np.ones((3, 4)) * mV, dt=1 * ms)}),
    "live": lambda: live({"x": X[0] * mV}),
}


@pytest.mark.parametrize("given", UNITS)
def test_a_quantity_is_refused_where_a_plain_number_is_meant(given: str) -> None:
    with pytest.raises(rc.RecircuitError, match="plain numbers.*got"):
        UNITS[given]()


FUNCTIONS: dict[str, tuple[Callable[[], object], str]] = {
    "weights": (lambda: small(weights=lambda: 1).run(X), "(generator, shape)"),
    "initial": (lambda: from_units(small()), "(generator, shape)"),
    "stimulus": (lambda: small(every=1 * ms).run({"x": lambda: 1}), "(t)"),
    "callback": (lambda: trained(callbacks=lambda epoch, metrics: None), "(epoch, metrics, net)"),
    "progress": (lambda: trained(progress=lambda: None), "(line)"),
    "factor": (lambda: rc.RateSchedule(lambda epoch, rate: rate), "(epoch)"),  # pyright: ignore[reportArgumentType]
}
CLASSES: dict[str, Callable[[], object]] = {
    "weights": lambda: small(weights=float).run(X),
    "initial": lambda: from_units(small(), float),
    "stimulus": lambda: small(every=1 * ms).run({"x": float}),
    "callback": lambda: trained(callbacks=int),
    "progress": lambda: trained(progress=int),
    "factor": lambda: rc.RateSchedule(float),
}


@pytest.mark.parametrize("given", FUNCTIONS)
def test_a_function_that_does_not_fit_is_refused_with_the_arguments_that_it_would_get(given: str) -> None:
    call, arguments = FUNCTIONS[given]
    with pytest.raises(rc.RecircuitError, match=f"is called with {re.escape(arguments)}; got .* which takes"):
        call()


@pytest.mark.parametrize("given", CLASSES)
def test_a_class_in_place_of_a_function_is_refused(given: str) -> None:
    with pytest.raises(rc.RecircuitError, match="(got the class|callbacks:) (float|int)"):
        CLASSES[given]()


class Measures:
    def on_epoch_measure(self, epoch: int, net: rc.Circuit) -> None:
        """Return nothing, where columns are expected."""


MESSAGES: dict[str, tuple[Callable[[], object], str]] = {
    "real values for labels": (
        lambda: rc.train(rc.layered([4, 3, 2]), (X, np.linspace(0, 1, 6)), backend="numpy", progress=False),
        r"SquaredOutput\(real_valued=True\)",
    ),
    "a table with a column of text": (
        lambda: small().run(pytest.importorskip("pandas").DataFrame({"a": Y, "kind": ["x"] * 6})),
        r"a table whose columns \['kind'\] hold none",
    ),
    "a column of text": (
        lambda: small().run(pytest.importorskip("pandas").Series(["x"] * 6)),
        "expected numbers; got an array of",
    ),
    "a function of time in an equation": (lambda: rc.Neuron("v = shown(t) : 1"), "is the data of a stimulus"),
    "a unit and flags in a rule": (
        lambda: rc.Rule("r", source="s", forward="da/dt = -a/tau : 1 (event-driven)"),
        "no unit and no flags; write `da/dt = -a/tau`",
    ),
    "a part of a population": (lambda: small()["h"][:2], r"by its name, as in circuit\['h'\]\['NAME'\]"),
    "a row, live": (lambda: live(X[0]), "takes a mapping from the names of stimuli"),
    "a function of time that returns nothing": (lambda: small(every=1 * ms).run({"x": lambda t: None}), "got None"),
    "a class as a callback": (
        lambda: trained(callbacks=rc.EarlyStopping, validation=0.3),
        r"callbacks=\[EarlyStopping\(\)\]",
    ),
    "a callback that measures nothing": (lambda: trained(callbacks=Measures()), "on_epoch_measure returns .* got None"),
    "a factor that is no number": (
        lambda: trained(callbacks=rc.RateSchedule(lambda epoch: "fast")),  # pyright: ignore[reportArgumentType]
        "the factor of epoch 1 is to be a finite number above 0; got 'fast'",
    ),
    "files elsewhere": (lambda: rc.RunFiles("run", files={"../notes.txt": b""}), "names of files in the folder"),
    "a stride of 401 digits": (
        lambda: rc.Local((1, 3, 3), maps=1, kernel=2, stride=10**400),
        "Local: stride is a whole number above 0, or two of them",
    ),
    "a population by its name": (lambda: small().connect("x", "h"), r"got 'x'\. Write circuit\['x'\]"),  # pyright: ignore
    "a population of another circuit": (
        lambda: (lambda net: net.connect(small()["x"], net["h"]))(small()),
        "a population of another circuit",
    ),
    "a function in place of a neuron": (
        lambda: rc.Circuit().population("h", 3, rc.pyramidal),  # pyright: ignore[reportArgumentType]
        r"Call it, as in pyramidal\(\.\.\.\)",
    ),
    "a size that was left out": (
        lambda: rc.Circuit().population("h", rc.pyramidal()),  # pyright: ignore
        "'model' is missing.* size is a whole number.* got <Neuron",
    ),
    "sizes one by one": (lambda: rc.layered(4, 3, 2), r"as in rc.layered\(\[784, 500, 10\]\)"),  # pyright: ignore
    "a transfer function": (lambda: rc.pyramidal(transfer="tahn"), "Did you mean `tanh`?"),
    "an array for two stimuli": (
        lambda: rc.layered([4, 2]).run(X),
        re.escape("as {'x': ..., 's': ...}"),
    ),
    "a phase before there are any": (
        lambda: (
            lambda net: (net.connect(net.stimulus("x", 2, during="on"), net.population("h", 2, LEAKY)), net.run(X))
        )(rc.Circuit()),
        r"Declare them before you run .* as in circuit.phases\('on', 2\*ms\)",
    ),
    "a diagram of nothing": (lambda: rc.Circuit().diagram(), "has no populations yet"),
    "an unknown purpose": (
        lambda: small().explain("training"),
        "purpose: expected 'train' or 'evaluate'; got 'training'",
    ),
    "what was not stored": (lambda: small().restore("a"), r"nothing is stored under the name 'a'\. Call store\('a'\)"),
    "weights that are no mapping": (
        lambda: small().load_weights(range(10**12)),  # pyright: ignore[reportArgumentType]
        r"weights is a mapping; got range\(0, 1000000000000\)",
    ),
    "values of a wrong shape that are not read": (
        lambda: small().__setitem__("x_to_h.w", np.broadcast_to(np.ones(1), (10**9, 3))),
        r"w has the shape \(3, 4\)|weights of shape|\(1000000000, 3\)",
    ),
    "patience": (lambda: rc.EarlyStopping(patience=-1), "at least 1; got -1"),
    "the name of a data set": (lambda: rc.train(small(), "digits", backend="numpy"), r"rc.load\('digits'\)"),
    "a pair to predict": (lambda: rc.layered([4, 3, 2], "urfb").predict((X, Y)), "got a pair"),
    "a unit that an expression hides": (
        lambda: small(model=rc.Neuron("basal : 1 (compartment)\nv = 3*mV : 1\nrate = basal : 1")).run(X),
        "'v' has the dimension",
    ),
}


@pytest.mark.parametrize("given", MESSAGES)
def test_messages_say_what_was_expected(given: str) -> None:
    call, text = MESSAGES[given]
    with pytest.raises(rc.RecircuitError, match=text):
        call()


def test_what_is_no_name_is_no_part_of_a_circuit() -> None:
    assert 3 * mV not in small() and "h" in small()


def test_a_population_as_an_attribute_is_answered_by_its_key() -> None:
    with pytest.raises(AttributeError, match=r"The population of this name is net\['h'\]"):
        _ = small().h  # pyright: ignore


def test_a_folder_that_is_not_there_is_to_be_made(tmp_path: Path) -> None:
    with pytest.raises(rc.RecircuitError, match="Make the folder .*nowhere first"):
        small().save(tmp_path / "nowhere" / "net.safetensors")


def test_what_is_constant_is_recorded_at_every_step() -> None:
    net = rc.Circuit()
    net.population("h", 2, rc.Neuron("rate = 3 : 1"))
    net.phases("feedforward", 2 * ms)
    trace = net.run(presentations=3, record=["h.rate"])
    assert trace.steps == 6
    assert (trace["h.rate"] == 3).all()


def test_a_name_that_is_not_there_suggests_one_that_is() -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'laod'. Did you mean `load`\?"):
        _ = rc.laod  # pyright: ignore[reportAttributeAccessIssue]
    assert not hasattr(rc, "__wrapped__")


def test_an_evaluation_takes_labels_as_rows_of_one_1() -> None:
    net = rc.layered([4, 3, 2], "urfb", batch_size=2)
    assert net.evaluate((X, np.eye(2)[Y])).error == net.evaluate((X, Y)).error
    for wrong in (0.5 * np.eye(2)[Y], np.ones((6, 2)), np.eye(3)[Y]):
        with pytest.raises(rc.RecircuitError, match="evaluate: expected 6 labels"):
            net.evaluate((X, wrong))


def test_the_folder_of_a_run_is_no_data_set(tmp_path: Path) -> None:
    trained(out=tmp_path)
    with pytest.raises(rc.RecircuitError, match="is the folder of a run, which is opened by rc.load_run"):
        rc.load(str(tmp_path))
