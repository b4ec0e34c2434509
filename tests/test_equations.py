"""What an equation may hold: its sizes, its names, its functions and their slopes."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from scipy.special import exprel
from text_inputs import EXPRESSIONS, TakesText, circuit, rule

import recircuit as rc
from recircuit.circuits.description.neurons.equations import readable
from recircuit.circuits.library.transfer import transfer as find_transfer
from recircuit.circuits.lowering.equations.evaluation import evaluate
from recircuit.errors import RecircuitError
from recircuit.plasticity.names import UNIT_FUNCTIONS
from recircuit.plasticity.reserved import why_reserved

# --- Sizes ------------------------------------------------------------------------------------------------------------

TOO_LARGE = {
    "9**9**9*basal": "`9 ** 9 ** 9` is not a real number",
    "basal**9**9**9": "`9 ** 9 ** 9`",
    "basal**9**9": "written out",
    "((basal + 1)**99)**99": "written out",
    "(10001/10000)**100000*basal": "written out",
    "1e309*basal": "`1e309` is too large a number",
    "9" * 4000: "is too large a number",
    "exp(1000)": "`exp(1000)` is not a real number",
    "(-8)**(1/3)": "is not a real number",
    "1/0": "`1 / 0` divides by zero",
    "basal%0": "divides by zero",
    "basal//(3 - 3)": "divides by zero",
    "+".join(["basal"] * 500): "too large",
    "basal*" * 60_000 + "1": "at most 100,000 characters",
}


@pytest.mark.parametrize("text", TOO_LARGE, ids=lambda t: t[:30])
def test_what_would_never_end_is_refused_with_the_piece(text: str) -> None:
    for take in (EXPRESSIONS["latch"], EXPRESSIONS["transfer"], lambda text: rule(forward="dw = " + text)):
        with pytest.raises(RecircuitError) as refusal:
            take(text.replace("basal", "x_pre") if take not in EXPRESSIONS.values() else text)
        assert take not in EXPRESSIONS.values() or TOO_LARGE[text] in str(refusal.value)


def test_a_unit_that_would_never_end_is_refused() -> None:
    with pytest.raises(RecircuitError, match=r"unit of 'gain': `9 \*\* 9 \*\* 9`"):
        rc.Neuron("gain : metre**9**9**9")


@pytest.mark.parametrize("method", ["exponential_euler", "euler"])
def test_a_method_that_multiplies_out_refuses_too_many_terms(method: str) -> None:
    product = "*".join(f"(basal + {k})" for k in range(20))
    text = f"basal : 1 (compartment)\ndrate/dt = ({product} - rate)/tau : 1"
    if method == "euler":
        rc.Neuron(text, tau=2 * ms, method=method)
        return
    with pytest.raises(RecircuitError, match="terms when it is multiplied out"):
        rc.Neuron(text, tau=2 * ms, method=method)


# --- Names ------------------------------------------------------------------------------------------------------------

C_WORDS = (
    "xor asm not_eq bitand compl alignas errno NULL EOF M_PI INFINITY NAN CHAR_BIT stdin double thread_local INT_MAX "
    "SIGINT ENOENT threadIdx"
).split()


@pytest.mark.parametrize("name", [*C_WORDS, "\u03b1", "w\u00e4hler", "\uff42asal"])
def test_names_that_a_compiler_reads_otherwise_are_refused_where_they_are_declared(name: str) -> None:
    declared: dict[str, TakesText] = {
        "variable": lambda name: rc.Neuron(f"{name} = 1 : 1"),
        "state": lambda name: rc.Neuron(f"{name} = 1 : 1 (during p)"),
        "compartment": lambda name: rc.Neuron(f"{name} : 1 (compartment)"),
        "parameter": lambda name: rc.Neuron("rate = 1 : 1", **{name: 1.0}),
        "parameter of a rule": lambda name: rule(parameters={name: 1.0}),
        "state of a rule": lambda name: rule(state=(name,)),
        "value of a rule": lambda name: rule(forward=f"{name} = x_pre\ndw = {name}"),
        "broadcast": lambda name: (net := circuit()).broadcast(net.constant("one"), name),
    }
    if not name.isascii():
        declared["population"] = lambda name: rc.Circuit().population(name, 2, rc.pyramidal())
    for declare in declared.values():
        with pytest.raises(RecircuitError, match="C|cannot|ASCII|letters"):
            declare(name)


@pytest.mark.cpp
def test_no_macro_of_the_compiler_can_be_a_name(tmp_path: Path) -> None:
    headers = (
        "algorithm atomic chrono climits cfloat cmath cerrno csignal cstddef cstdint cstdio cstdlib cstring ctime fcntl.h "
        "fstream iostream limits map memory mutex random sched.h sys/mman.h sys/prctl.h sys/stat.h thread unistd.h vector"
    ).split()
    source = tmp_path / "headers.cpp"
    source.write_text("".join(f"#include <{header}>\n" for header in headers))
    listed = subprocess.run(
        ["g++", "-std=gnu++17", "-dM", "-E", str(source)], capture_output=True, text=True, check=True
    )
    macros = {line.split()[1].partition("(")[0] for line in listed.stdout.splitlines()}
    assert [name for name in sorted(macros) if not name.startswith("_") and why_reserved(name) is None] == []


# --- Functions --------------------------------------------------------------------------------------------------------

FIELD = np.array([0.3, -0.6, 0.4, 0.45])
VALUES: dict[str, Any] = {
    "log1p(exp(basal))": np.log1p(np.exp(FIELD)),
    "expm1(basal)": np.expm1(FIELD),
    "exprel(basal)": exprel(FIELD),
    "max(basal, .1)": np.maximum(FIELD, 0.1),
    "min(basal, .1, 0)": np.minimum(FIELD, 0),
    "relu(basal)": np.maximum(FIELD, 0),
    "basal*(basal > 0)": np.maximum(FIELD, 0),
    "clip(basal, -inf, .2)": np.minimum(FIELD, 0.2),
    "(basal > 0) + (not basal > .42)": np.array([2, 1, 2, 1]),
    "sin(basal) + cos(basal) - tan(basal)": np.sin(FIELD) + np.cos(FIELD) - np.tan(FIELD),
    "sinh(basal)*cosh(basal) + tanh(basal)": np.sinh(FIELD) * np.cosh(FIELD) + np.tanh(FIELD),
    "arcsin(basal) + arccos(basal)*arctan(basal)": np.arcsin(FIELD) + np.arccos(FIELD) * np.arctan(FIELD),
    "log(abs(basal)) + log10(abs(basal)) + sqrt(abs(basal))": sum(f(abs(FIELD)) for f in (np.log, np.log10, np.sqrt)),
    "exp(basal) + ceil(basal) + floor(basal)*sign(basal)": np.exp(FIELD)
    + np.ceil(FIELD)
    + np.floor(FIELD) * np.sign(FIELD),
    "int(basal*3) + basal//.25 + basal%.25": np.trunc(FIELD * 3) + FIELD // 0.25 + FIELD % 0.25,
    "timestep(t, dt)*basal": FIELD,
    "0*poisson(2) + basal": FIELD,
    "0*rand() + basal": FIELD,
    "0*randn() + basal": FIELD,
}


@pytest.mark.parametrize("backend", ["numpy", pytest.param("cpp", marks=pytest.mark.cpp)])
def test_functions_are_those_of_numpy_on_every_backend(backend: str) -> None:
    lines = [f"v{k} = {text} : 1 (during feedforward)" for k, text in enumerate(VALUES)]
    net = rc.Circuit()
    x, h = net.stimulus("x", 4), net.population("h", 4, rc.Neuron("\n".join(["basal : 1 (compartment)", *lines])))
    net.connect(x, h, weights=np.eye(4))
    net.phases("feedforward", 2 * ms)
    net.run(FIELD[None], backend=backend)
    for k, (text, wanted) in enumerate(VALUES.items()):
        np.testing.assert_allclose(net[f"h.v{k}"][0], wanted, rtol=1e-12, err_msg=text)
    net.close()


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_whole_numbers_may_be_large(backend: str) -> None:
    """They have 64 bits, as in compiled circuits."""
    net = rc.Circuit()
    lines = ["given : 1", *(f"v{k} = {f}(given) : 1 (stored)" for k, f in enumerate(("floor", "ceil", "int")))]
    net.population("h", 2, rc.Neuron("\n".join([*lines, "rate = given : 1"])), given=np.array([-5e9 - 0.5, 4e12 + 0.5]))
    net.phases("p", 1 * ms)
    net.run(presentations=1, backend=backend)
    for k, wanted in enumerate(([-5e9 - 1, 4e12], [-5e9, 4e12 + 1], [-5e9, 4e12])):
        assert net[f"h.v{k}"][0].tolist() == wanted


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_rules_know_the_functions_of_units(backend: str) -> None:
    net = rc.Circuit()
    largest = "w = max(.1, relu(w - .2*x_pre), min(x_post, inf) - 1)"
    h = net.population("h", 3, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1 (during show)"))
    w = np.array([[0.5, 0.1], [-0.3, 0.7], [2.0, 1.0]])
    net.connect(net.stimulus("x", 2), h, weights=w, rule=rule(forward=largest))
    net.phases("show", 1 * ms, "plasticity", 1 * ms)
    x = np.array([0.5, -1.0])
    net.run(x[None], backend=backend)
    wanted = np.maximum(np.maximum(0.1, w - 0.2 * x), (w @ x)[:, None] - 1)
    np.testing.assert_allclose(net["x_to_h.w"], wanted, atol=1e-15)


def test_words_of_python_and_functions_of_other_libraries_are_answered() -> None:
    field = "basal : 1 (compartment)\n"
    with pytest.raises(RecircuitError, match=r"`is` is a word of Python; call it `is_`"):
        rc.Neuron(field + "dis/dt = (basal - is)/tau : 1", tau=5 * ms)
    with pytest.raises(RecircuitError, match=r"Write int\(c\)\*a \+ int\(not c\)\*b, which is a where"):
        rc.Neuron(field + "rate = where(basal > 0, 1, basal) : 1")


def test_variables_that_read_each_other_in_a_circle_are_named() -> None:
    lines = "rate = 2*ahead : 1\nahead = basal + error : 1\nerror = basal - slope : 1\nslope = ahead : 1\nbasal : 1"
    with pytest.raises(
        RecircuitError,
        match="'ahead' reads 'error', which reads 'slope', which reads 'ahead'. In such a cycle none can",
    ):
        rc.Neuron(lines)
    assert rc.Neuron(lines.replace("slope = ahead : 1", "slope = ahead : 1 (stored)")).stored == ["slope", "basal"]


def test_every_function_is_tried() -> None:
    assert {name for name in UNIT_FUNCTIONS if not any(f"{name}(" in text for text in VALUES)} == set()


@pytest.mark.parametrize(
    "text",
    [
        "relu(basal)", "max(basal, 0)", "max(0, basal)", "max(basal, 0.1*basal)", "min(1, max(tanh(basal), basal))",
        "clip(1, basal, basal**2)", "basal*(basal > 0)", "sqrt(basal**2 + 1)", "log1p(exp(basal))",
    ],
)  # fmt: skip
def test_slopes_are_those_of_finite_differences(text: str) -> None:
    f, slope = (lambda u, e=e: evaluate(e, {"basal": u}) for e in find_transfer(text))
    u, h = np.array([-2.0, -0.3, 0.4, 3.0]), 1e-6
    np.testing.assert_allclose(slope(u), (f(u + h) - f(u - h)) / (2 * h), rtol=1e-7, atol=1e-9)


def test_the_logistic_function_has_a_slope_for_every_field_in_single_precision() -> None:
    """Its bits are those of the formula wherever exp(-u) is finite; beyond, the formula for the slope is inf/inf."""
    largest = np.finfo("float32").max
    u = np.array([-largest, -1000, -88.8, -88.7, -88, -60, -44.4, -44.3, -1, 0, 1, 88, 1000, largest], "float32")
    with np.errstate(over="ignore", invalid="ignore"):
        f, slope = (evaluate(readable(e, "here"), {"basal": u}) for e in find_transfer("logistic"))
        e = np.exp(-u)
        plain = 1 / (1 + e), e / (1 + e) ** 2
    for ours, formula in zip((f, slope), plain, strict=True):
        assert ours.dtype == u.dtype
        np.testing.assert_array_equal(ours[3:], formula[3:])
        np.testing.assert_allclose(ours[:3], 0, atol=1e-38)


@pytest.mark.parametrize(
    "text", ["tanh(basal)", " 1/(1+exp(-basal))", "clip(basal,-1,1)*2**.5", "int(basal>0 and basal<1)"]
)
def test_text_that_brian2_reads_stays_as_it_is(text: str) -> None:
    assert readable(text, "here") == text
