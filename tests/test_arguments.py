"""Every public name that is called with odd values does what it says or refuses in words: no raw error of Python's."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from itertools import count, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from text_inputs import circuit

import recircuit as rc
from recircuit.arguments import checked_arguments, fits
from recircuit.plasticity import find

X = np.ones((2, 3))
DATA = rc.Dataset.from_arrays("d", X, np.array([0, 1]), X, np.array([0, 1]))

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([2**31, 2**63, 2**70, -(2**70), 10**400]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(
        [1e300, 1e-320, 1j, ..., NotImplemented, object(), object, len, b"x", bytearray(b"y"), range(3), ms]
    ),
    st.sampled_from(["", "x", "h", "h.rate", "all", "\0", "é", "a b", "0", "{}", "%s", "x" * 300]),
    st.sampled_from([2 * ms, 3 * mV, [1, 2] * ms, float("inf") * ms, -1 * ms, 0 * ms]),
    st.sampled_from(
        [np.array([1, 2]), np.zeros((2, 2, 2)), np.array([]), np.array(["a"]), np.array(None), np.array(1.5)]
    ),
    st.sampled_from(
        [[], [1], [[1], [1, 2]], (), (1, 2), {}, {"x": 1}, {1: 2}, {"h.rate": np.nan}, set(), frozenset({1})]
    ),
    st.builds(lambda: (k for k in range(2))),
    st.builds(count),
    st.builds(lambda: repeat("h.rate")),
    st.sampled_from([np.array([1, None]), np.array(["a", np.nan], dtype=object), np.ma.masked_array([1.0, 2], [0, 1])]),
    st.builds(circuit),
    st.sampled_from([rc.urfb, rc.pyramidal(), rc.HingeOutput(), rc.Dense(), DATA, rc.glorot()]),
)

#: What is called, with arguments that are right; one or two of them are replaced.
CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "Circuit": (rc.Circuit, dict(batch_size=1, dt=1 * ms, precision="float64", lowering="dense", seed=0, optimise=True,
                                 matmul="full")),
    "Neuron": (rc.Neuron, dict(equations="rate = a : 1", method="euler", a=1.0)),
    "Rule": (rc.Rule, dict(name="r", source="s", forward="dw = a*x_pre", feedback=None, parameters=dict(a=1.0), state=("m",),
                           broadcasts=(), local=True, about="")),
    "with_parameters": (rc.urfb.with_parameters, dict(rate=1.0)),
    "with_momentum": (rc.urfb.with_momentum, dict(momentum=0.9)),
    "with_adam": (rc.urfb.with_adam, dict(beta1=0.9, beta2=0.99, epsilon=1e-8)),
    "with_weight_limit": (lambda limit, high: rc.urfb.with_weight_limit(limit, high), dict(limit=0, high=1)),
    "with_weight_decay": (rc.urfb.with_weight_decay, dict(weight_decay=0.1)),
    "with_rate_decay": (rc.urfb.with_rate_decay, dict(rate_decay=0.1)),
    "with_rate_steps": (lambda at, factor: rc.urfb.with_rate_steps(at, factor=factor), dict(at=3, factor=0.1)),
    "with_gate": (rc.urfb.with_gate, dict(broadcast="b")),
    "population": (lambda **o: circuit().population(**o), dict(name="p", size=2, model=rc.pyramidal(), initial={"rate": 1})),
    "stimulus": (lambda **o: circuit().stimulus(**o), dict(name="p", size=2, model=None, clamps="rate", during=None)),
    "supervisor": (lambda **o: circuit().supervisor(**o), dict(name="p", size=2, on=1.0, off=0.0, during=None)),
    "constant": (lambda **o: circuit().constant(**o), dict(name="p", size=2, value=1.0)),
    "phases": (lambda name, time, evaluation: circuit().phases(name, time, evaluation=evaluation),
               dict(name="feedforward", time=1 * ms, evaluation=None)),
    "run": (lambda **o: circuit().run(**o), dict(inputs=X, presentations=1, record=(), elements=0, every=None, learn=True,
                                                 backend="numpy", order=None)),
    "explain": (lambda **o: circuit().explain(**o), dict(mode="train")),
    "set_state": (lambda **o: circuit().set_state(**o), dict(values={"h.rate": 1.0})),
    "setting": (lambda key, value: circuit().__setitem__(key, value), dict(key="h.rate", value=1.0)),
    "clock": (lambda steps: (net := circuit()).set_state({"clock.timestep": steps}) or net.run(X, 1), dict(steps=2)),
    "attributes": (lambda **o: [setattr(circuit(), name, value) for name, value in o.items()],
                   dict(epoch=1, classes=None)),
    "train": (lambda one, other, **o: rc.train(rc.layered([3, 2]), (X, [one, other]), 1, backend="numpy", progress=False, **o),
              dict(one=0, other=1, validation=None, callbacks=(), measures=())),
    "getting": (lambda key: circuit()[key], dict(key="h.rate")),
    "pyramidal": (rc.pyramidal, dict(transfer="tanh", tau=1 * ms)),
    "hinge_unit": (rc.hinge_unit, dict(M=10.0, S=1.0, mu=0.1, epsilon=0.1, tau=1 * ms)),
    "HingeOutput": (rc.HingeOutput, dict(M=10.0, S=1.0, mu=0.1, epsilon=0.1)),
    "Masked": (rc.Masked, dict(probability=0.5)),
    "Given": (rc.Given, dict(where=np.eye(2, dtype=bool))),
    "NoAutapses": (rc.NoAutapses, dict(of=rc.Dense())),
    "Blocks": (rc.Blocks, dict(number=1)),
    "Local": (rc.Local, dict(image=(1, 4, 4), maps=1, kernel=3)),
    "Convolution": (rc.Convolution, dict(image=(1, 4, 4), maps=1, kernel=3)),
    "MaxPool": (rc.MaxPool, dict(image=(1, 4, 4), kernel=2)),
    "from_arrays": (rc.Dataset.from_arrays, dict(name="d", x_train=X, y_train=np.array([0, 1]), x_test=X,
                                                 y_test=np.array([0, 1]))),
    "layered": (rc.layered, dict(sizes=[3, 2], rule="urfb", loss="hinge", transfer="clip", connectivity=1.0)),
}  # fmt: skip


def single(weights: float = 1.0) -> rc.Circuit:
    net = rc.Circuit(precision="float32")
    net.connect(net.stimulus("x", 3), net.population("h", 2, rc.pyramidal()), weights=weights)
    net.phases("feedforward", 1 * ms)
    return net


def connected(**options: Any) -> object:
    net = circuit()
    net.population("g", 2, rc.pyramidal())
    return net.connect(**{"pre": net["x"], "post": net["g"], **options})


CALLS["connect"] = (
    connected,
    dict(into="basal", rule=None, weights=1.0, connectivity=None, autapses=None, sends=None, during=None, learns=None,
         name="c", states=None),
)  # fmt: skip
for _kind in ("glorot", "normal", "uniform", "lognormal"):
    _right = {"glorot": dict(gain=1.0), "normal": dict(sd=1.0), "uniform": dict(low=0.0, high=1.0),
              "lognormal": dict(median=1.0, sigma=0.5)}[_kind]  # fmt: skip
    CALLS[_kind] = (lambda _kind=_kind, **o: connected(weights=getattr(rc, _kind)(**o)).network.run(X), _right)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_odd_values_are_used_or_refused_in_words(name: str, data: st.DataObject) -> None:
    call, right = CALLS[name]
    odd = data.draw(st.lists(st.sampled_from(sorted(right)), min_size=1, max_size=2, unique=True))
    changed = right | {argument: data.draw(ODD) for argument in odd}
    with warnings.catch_warnings(), suppress(rc.RecircuitError):
        warnings.simplefilter("ignore")
        call(**changed)


# --- the mechanism ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call, message", [
    (lambda: rc.Circuit(batchsize=2), "Circuit: there is no argument 'batchsize'. Did you mean `batch_size`"),
    (lambda: rc.Circuit().population("h", 2), "population: the argument 'model' is missing. It takes name, size, model"),
    (lambda: rc.Circuit().population("h", 2, rc.pyramidal(), name="g"), "'name' is given twice"),
    (lambda: rc.Circuit().population("h", name="g"), "'name' is given twice"),
    (lambda: rc.Circuit(1, 1 * ms, "float32"), "too many arguments without a name"),
    (lambda: rc.Circuit(optimise="yes"), "optimise is True or False; got 'yes'"),
    (lambda: circuit().run(X, learn=0), "learn is True or False; got 0"),
    (lambda: rc.Circuit(precision=np.array([1, 2])), "precision is 'float32' or 'float64'"),
    (lambda: rc.Circuit(seed=2**70), "seed is a whole number from 0"),
    (lambda: single().run(np.full((1, 3), 1e300), backend="numpy"), "the data hold.* more than float32 can"),
    (lambda: single(1e300).run(X, backend="numpy"), "x_to_h.w is stored as float32, which cannot hold"),
    (lambda: rc.pyramidal(tau=np.array([1, 2]) * ms), "tau is a number or a quantity.*circuit\\['h.tau'\\]"),
    (lambda: rc.Circuit(dt=np.array([1, 2]) * ms), "dt is a time above 0"),
    (lambda: rc.Neuron("basal : 1 (compartment)\nrate_pre = basal : 1"), "'rate_pre' ends with _pre or _post"),
    (lambda: rc.Neuron("rate = gain_post : 1", gain_post=1.0), "'gain_post' ends with _pre or _post"),
    (lambda: rc.Neuron("dv/dt = -v/tau : 1", tau=1 * ms, method="gsl"), "method.*euler"),
    (lambda: circuit().run(X, 0, record=["h.rate"]).plot(), "nothing to draw"),
    (lambda: circuit().run(X, backend=repeat("h.rate")), "there is no backend repeat"),
    (lambda: rc.train(rc.layered([3, 2]), ([[1.0, 1, 1]], [1]), measures=np.ones(2) * ms), "measures is a list"),
    (lambda: circuit().run(X, record=repeat("h.rate")), "record has at most 100,000 values.*never ends"),
    (lambda: rc.layered(count(1)), "sizes has at most 100,000 values"),
    (lambda: rc.layered(range(10**12)), "layered: there is not enough memory for this call"),
    (lambda: rc.layered([3, 2, 2], tau=np.inf * ms), "tau and settling are finite"),
    (lambda: circuit().run(X, True), "presentations is a whole number; got True"),
    (lambda: circuit().save(""), "save: path is the name of a file or folder; got ''"),
    (lambda: rc.train(rc.layered([3, 2]), (X, [0, 1]), 1, out=""), "train: out is the name of a file or folder; got ''"),
    (lambda: rc.load("a\0b"), "holds a NUL character"),
    (lambda: rc.load("a\0b.npz"), "holds a NUL character"),
    (lambda: rc.load("\ud800.npz"), r"holds the character \\ud800, which names of files cannot hold here"),
    (lambda: rc.load_run("~\ud800/x"), r"holds the character \\ud800"),
    (lambda: rc.Circuit.load("a/" * 3000), "is too long: a path has at most 4095 bytes, and each name in it 255"),
    (lambda: rc.Checkpoint.load(Path("x" * 256)), "is too long"),
    (lambda: circuit().save("\ud800"), r"holds the character \\ud800"),
    (lambda: find(f"{'a/' * 3000}b.py:x"), "is too long"),
    (lambda: rc.train(rc.layered([3, 2]), (X, ["a", None]), 1), "1 samples have no class; sample 1 has None"),
    (lambda: rc.train(rc.layered([3, 2]), (X, np.array(["a", np.nan], dtype=object)), 1), "sample 1 has nan"),
    (lambda: rc.train(rc.layered([3, 2]), (X, np.array(["a", 1], dtype=object)), 1), "some classes are texts and others"),
    (lambda: circuit().run(X, order=-3), "the order is whole numbers of the shape"),
    (lambda: rc.HingeOutput(mu=3 * mV), "mu is a number; got 3. "),
    (lambda: rc.urfb.with_momentum(10**400), "must be a finite number"),
    (lambda: rc.urfb.with_weight_limit(1, np.array([1, 2])), "limits are one number above 0"),
    (lambda: rc.Dataset.from_arrays("d", X, [[1], [1, 2]], X, [0, 1]), "y_train is no array"),
    (lambda: rc.Dataset.from_arrays("d", [[1], [1, 2]], [0, 1], X, [0, 1]), "x_train is no array"),
])  # fmt: skip
def test_a_call_that_cannot_be_is_refused_in_words(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(rc.RecircuitError, match=message):
        call()


def test_the_argument_that_does_not_fit_is_named_and_a_fault_of_ours_is_not_hidden() -> None:
    @checked_arguments
    def scaled(factor: float, names: list[str] | None = None, *, deep: bool = False) -> float:
        return 2 * factor + len("".join(names or [])) + (1 // 0 if deep else 0)

    assert scaled(2, ["ab"]) == 6 and scaled(factor=np.float32(1)) == 2
    with pytest.raises(rc.RecircuitError, match=r"scaled: names is a list or None; got \[1\]\."):
        scaled(1.0, [1])  # type: ignore[list-item]
    with pytest.raises(rc.RecircuitError, match="scaled: factor is a number; got None"):
        scaled(None)  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        scaled(1.0, deep=True)


@pytest.mark.parametrize("value, hint, right", [
    (1, int, True), (np.int64(1), int, True), (True, int, False), (2**70, int, False), (1, float, True), ("1", float, False),
    ("a", str | None, True), (None, str | None, True), ([1], list[str], False), (np.zeros(2), object, True),
    ({"a": 1}, dict[str, float], True), ({1: 1}, dict[str, float], False), ((1, 2), tuple[int, int], True),
    ((1,), tuple[int, int], False), (len, Callable, True), (1, Callable, False),
])  # fmt: skip
def test_what_fits_an_annotation(value: Any, hint: Any, right: bool) -> None:
    assert fits(value, hint) is right


#: What users call; what other parts of recircuit call, on every step of a closed loop too, is left out.
CALLED = {
    name: getattr(rc, name)
    for name in ("Circuit", "Dense", "Dataset", "EarlyStopping", "RunFiles", "augmented", "cross_entropy_unit", "load",
                 "load_run", "layered", "squared_error_unit", "train")
} | {
    f"{kind.__name__}.{name}": getattr(kind, name)
    for kind, names in (
        (rc.Circuit, "population stimulus target supervisor constant connect broadcast run live program close take_over reset "
                     "timetable explain diagram state set_state moment go_on_from store restore save load outputs predict "
                     "evaluate"),
        (rc.Rule, "modified with_momentum with_adam with_signs with_weight_decay with_rate_decay with_rate_steps with_gate"),
        (rc.Trace, "to_xarray to_dataframe"), (rc.History, "csv plot"), (rc.Checkpoint, "load restore save"),
        (rc.Dataset, "from_arrays standardised fingerprint"),
    )
    for name in names.split()
}  # fmt: skip


@pytest.mark.parametrize("name", CALLED)
def test_an_argument_that_there_is_not_is_refused_in_words(name: str) -> None:
    with pytest.raises(rc.RecircuitError, match="there is no argument|is missing|there is no option"):
        CALLED[name](no_such_argument=1)


@pytest.mark.parametrize("door", ["population", "tau", "weights", "record"])
def test_a_long_value_makes_no_long_message(door: str) -> None:
    net, long = circuit(), "h+" * 100_000
    with pytest.raises(rc.RecircuitError) as refused:
        {
            "population": lambda: net.population(long, 3, rc.pyramidal()),
            "tau": lambda: net.population("new", 3, rc.pyramidal(tau=long)),
            "weights": lambda: net.__setitem__("h.rate", long),
            "record": lambda: net.run(X, presentations=1, record=[long]),
        }[door]()
    text = str(refused.value)
    assert len(text) <= 4000 and str(rc.RecircuitError(text)) == text


def test_a_message_that_is_cut_keeps_its_beginning_and_its_end() -> None:
    text = str(rc.RecircuitError("h: got " + "x" * 10_000 + ". Give a number."))
    assert text.startswith("h: got xxx") and " [...] " in text and text.endswith("xxx. Give a number.")
