"""The backend numpy takes the code of equations apart and writes it again, and the lines give the same bits as they stood."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.backends.numpy import operation_code, presentations
from recircuit.circuits.backends.numpy.codeobject import whole
from recircuit.circuits.backends.numpy.flow import Flow, NotUnderstood
from recircuit.circuits.backends.numpy.reading import read
from recircuit.circuits.backends.numpy.storage import Pool
from recircuit.circuits.backends.numpy.writing import StraightLines

CODES = {
    "parameters": "tau = p[0]\nk = 1.0/tau\na = x.copy()\na = a + k*(y - a)\nx[:] = a",
    "a comparison as a number": "x[:] = y*int(x > 0.5)",
    "comparisons that are subtracted": "x[:] = int(x > p[0]) - int(x < - p[0])",
    "numbers of double precision in between": "a = (1.0 + p[0])*int(x > 1) + int((x >= 0) & (x <= 1))\n"
    "b = q[0]*int(x < -1)\nx[:] = a - b",
    "an array that is written before it is read for the last time": "a = x.copy()\nx[:] = y*2.0\ny[:] = a + x",
    "two arrays that change places": "a = x.copy()\nb = y.copy()\nx[:] = b\ny[:] = a",
    "a value in two arrays": "a = tanh(x)\nx[:] = a\ny[:] = a\nx[:] = a*y",
    "a value that is read after its array has changed again": "a = x*y\nx[:] = a\nx[:] = x + 1.0\ny[:] = a*x",
    "powers": "x[:] = x**2 + abs(x)**1.5 - p[0]**2 + (1.0 + x**2)**-1 + abs(x)**p[0]",
    "an addition in place": "a = x.copy()\na += y*q[0]\nx[:] = a",
    "an addition of more digits in place": "a = x.copy()\na += int(y > 0)*p[0]\nx[:] = a",
    "a single number that changes": "k = z[0]\nk += 1\nz[0] = k\nx[:] = k*x",
    "an index": "x[:] = x + y[index]\ny[index] = x",
    "clipping": "x[:] = clip(x*q[0], - 1, 1) + clip(y, 0, inf)",
    "whole numbers of numbers": "x[:] = int(x*3.0) + x % 0.3 + (y // 0.7)",
    "functions that draw": "a = draw(x)\nb = draw(x)\nx[:] = a - b*x",
    "a function that gives its argument back": "a = x*y\nb = same(a)\nc = a + 1.0\nx[:] = c*b",
    "nothing that is there": "x[:] = 0.0\ny[:] = p[0]",
    "a value as it is": "a = + x\nx[:] = + y\ny[:] = + (+ a)\nx[:] = + x",
    "a copy of an array that changes": "y[:] = + x\nx[:] = + (x*p[0])\nx[:] = x + y",
    "what is not true": "x[:] = x*int(~((x > 0) | (y > 0)))",
}


def names(dtype: str) -> dict[str, Any]:
    random = np.random.default_rng(2)
    x, y = (np.random.default_rng(k).normal(size=7).astype(dtype) for k in range(2))
    single = {name: np.array([value], dtype) for name, value in (("p", 0.3), ("q", 1.7), ("z", 0.9))}
    functions = {"abs": np.abs, "tanh": np.tanh, "clip": np.clip, "int": whole, "inf": np.inf, "same": lambda a: a}
    drawing = {"draw": lambda a: random.random(len(a)), "index": np.array([3, 1, 0, 2, 6, 5, 4])}
    return {"x": x, "y": y, **single, **functions, **drawing}


def straight(code: str, namespace: dict[str, Any], times: int = 1) -> StraightLines:
    flow, lines = Flow({"p", "q", "index"}), ast.parse(code).body
    if times == 1:
        read(flow, lines, namespace)
    else:
        flow.loop(times, {"x", "y", "z"}, lambda: read(flow, lines, namespace))
    return StraightLines(flow, {}, Pool())


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("what", CODES)
def test_a_function_does_what_the_lines_do(what: str, dtype: str, times: int) -> None:
    lines, ours = names(dtype), names(dtype)
    function = straight(CODES[what], ours, times)
    run = function.given([])
    for value in (0.3, 0.7):  # set between two runs
        lines["p"][:] = ours["p"][:] = value
        with np.errstate(all="ignore"):
            function.prepare()
            for _ in range(2):
                for _ in range(times):
                    exec(CODES[what], lines)
                run()
    for name in ("x", "y", "z"):
        assert ours[name].dtype == dtype
        np.testing.assert_array_equal(ours[name], lines[name], err_msg=function.source)


@pytest.mark.parametrize("operator", ["+", "-", "*", "/"])
def test_a_result_of_double_precision_that_is_kept_in_single_precision_is_computed_in_it(operator: str) -> None:
    """It is so over all magnitudes, with zeros, subnormal numbers, infinity and NaN."""
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**32, (2, 200_000), dtype=np.uint32).view(np.float32)
    bits[:, :50_000] = rng.normal(size=(2, 50_000)) * 10.0 ** rng.integers(-45, 38, (2, 50_000))
    bits[rng.random(bits.shape) < 0.05] = 0
    a, b = bits
    ours = {"a": a, "w": np.zeros(len(a)), "b": b, "x": np.zeros_like(a)}
    flow = Flow(())
    wide = [flow.compute(np.dtype(np.float64), (flow.load(name, ours[name]),)) for name in "ab"]
    function = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.true_divide}[operator]
    flow.store("x", ours["x"], flow.compute(function, tuple(wide)))
    made = StraightLines(flow, {}, Pool())
    assert "buffer" not in made.source  # nothing is converted
    with np.errstate(all="ignore"):
        made.given([])()
        wanted = function(a.astype(np.float64), b.astype(np.float64)).astype(np.float32)
    np.testing.assert_array_equal(ours["x"], wanted)
    np.testing.assert_array_equal(np.signbit(ours["x"])[wanted == 0], np.signbit(wanted)[wanted == 0])


def test_what_does_not_change_in_a_loop_is_computed_before_it() -> None:
    flow, namespace = Flow(()), names("float64")
    flow.loop(5, {"x"}, lambda: read(flow, ast.parse("x[:] = x + tanh(y)*y").body, namespace))
    before, _, within = StraightLines(flow, {}, Pool()).source.partition("for _ in range(5)")
    assert "tanh(" in before and "tanh(" not in within


def test_a_result_that_nobody_reads_is_not_computed() -> None:
    assert "tanh(" not in straight("a = tanh(x)\nx[:] = 0.0", names("float64")).source


@pytest.mark.parametrize(
    "code", ["for k in range(3):\n    x[:] = x + 1", "x[1] = 2.0", "x[:] = unknown*x", "x[:] = 1/0*x"]
)
def test_a_code_with_something_else_in_it_is_left_as_it_is(code: str) -> None:
    with pytest.raises(NotUnderstood):
        straight(code, names("float64"))


def two(seed: int = 0) -> rc.Circuit:
    """Return a circuit with a clock that is read, series, and recorded steps."""
    net = rc.Circuit(batch_size=2, dt=1 * ms, seed=seed)
    x = net.stimulus("x", 3, every=2 * ms)
    h = net.population(
        "h", 3, rc.Neuron("basal : 1 (compartment)\ndv/dt = (basal + sin(t/ms) - v)/tau : 1\nrate = v : 1", tau=3 * ms)
    )
    net.connect(x, h, weights=1.0, connectivity=rc.OneToOne())
    net.phases("a", 8 * ms)
    return net


@pytest.mark.parametrize("blocks", [1, 3, 32])
def test_time_and_series_are_those_of_each_step(blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presentations, "BLOCKS", blocks)
    shown = {"x": np.random.default_rng(0).normal(size=(2, 4, 3))}
    numpy, interpreter = (
        two().run(shown, 3, record=["h.v", "x.rate"], backend=name) for name in ("numpy", "interpreter")
    )
    for key in ("h.v", "x.rate"):
        np.testing.assert_allclose(numpy[key], interpreter[key], rtol=1e-12)


#: Rules with traces: the weights learn from them as they were, or as they become, or before they read the weight.
TRACED = {
    "as they were": "dw = rate*y_post*el\nel = y_post*(el + .1*(x_pre - el))\nother = y_post*el",
    "each from the other": "dw = rate*y_post*other\nother = y_post*el\nel = y_post*(el + .1*(x_pre - el))",
    "as they become": "el = y_post*(el + .1*(x_pre - el))\ndw = rate*y_post*el\nother = el",
    "what is added is a part of the weight": "dw = rate*y_post*el*w\nel = w*x_pre + .5*el\nother = y_post*el",
}


@pytest.mark.parametrize("shown", ["ones", "zeros and ones", "numbers"])
@pytest.mark.parametrize("rule", TRACED)
def test_traces_in_straight_lines_have_the_bits_of_the_loop_over_elements(
    rule: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are so many synapses that factors of one are left out."""
    random = np.random.default_rng(1)
    y = {
        "ones": np.ones((20, 20)),
        "zeros and ones": random.integers(0, 2, (20, 20)) * 1.0,
        "numbers": random.normal(size=(20, 20)),
    }
    data = {"x": random.normal(size=(20, 30)), "y": y[shown]}

    def learned() -> list[np.ndarray]:
        net = rc.Circuit(20, dt=1 * ms)
        x, taught = net.stimulus("x", 30), net.stimulus("y", 20)
        h = net.population(
            "h", 20, rc.Neuron("y_in : 1 (compartment)\nb : 1 (compartment)\ny = y_in : 1\nrate = y_in + b : 1")
        )
        net.connect(taught, h, into="y_in", weights=1.0, connectivity=rc.OneToOne())
        mine = rc.Rule("mine", source="test", forward=TRACED[rule], traces=("el", "other"), parameters={"rate": 0.1})
        net.connect(x, h, into="b", name="p", rule=mine, weights=np.linspace(-1, 1, 600).reshape(20, 30))
        net.phases("a", 3 * ms, "plasticity", 2 * ms)
        net.run(data, presentations=3, backend="numpy")
        return [net[f"p.{name}"] for name in ("w", "el", "other")]

    ours = learned()
    monkeypatch.setattr(presentations._Code, "traced", None)
    for a, b in zip(ours, learned(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.ptp(ours[1])


@pytest.mark.parametrize("factor", [1.0, -0.0, 0.5, np.nan, np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_factor_of_one_is_left_out(dtype: str, factor: float) -> None:
    """It is left out in place or not, wherever the factor is another number, and with NaN and infinity among the values."""
    values = np.random.default_rng(0).normal(size=(4, 50, 50)).astype(dtype)
    values[0, 0, :4] = np.nan, np.inf, -np.inf, -0.0
    for place in (0, 77, 199):
        few = np.ones((4, 50, 1), dtype)
        few.reshape(-1)[place] = factor
        ours = {"few": few, "x": values.copy(), "y": np.zeros_like(values)}
        flow = Flow(())
        one, many = flow.load("few", few), flow.load("x", ours["x"])
        flow.store("y", ours["y"], flow.compute(np.multiply, (one, many)))
        flow.store("x", ours["x"], flow.compute(np.multiply, (many, one)))
        function = StraightLines(flow, {}, Pool())
        assert "scale(" in function.source and "multiply(" not in function.source
        with np.errstate(all="ignore"):
            function.given([])()
            wanted = few * values
        for name in "xy":
            np.testing.assert_array_equal(ours[name], wanted)
            there = ~np.isnan(wanted)
            np.testing.assert_array_equal(np.signbit(ours[name])[there], np.signbit(wanted)[there])


def _trace(monkeypatch: pytest.MonkeyPatch, most: int) -> tuple[np.ndarray, int]:
    """Return the weights after five samples in three elements, and the bytes that are taken beside the variables."""
    monkeypatch.setattr(operation_code, "MOST", most)
    rule = rc.Rule("r", source="a test", traces=("el",), forward="el = .9*el + x_pre*x_post\ndw = .1*el*x_post")
    net = rc.Circuit(batch_size=3, seed=1)
    net.connect(net.stimulus("x", 20), net.population("h", 10, rc.pyramidal()), rule=rule)
    net.phases("feedforward", 2 * ms, "plasticity", 2 * ms)
    net.run(np.random.default_rng(0).normal(size=(5, 20)))
    pool: Pool = net.program()._presentations._pool_of_traces  # type: ignore[attr-defined]
    return net["x_to_h.w"], sum(values.nbytes for values in pool.names.values())


def test_a_large_trace_takes_its_own_memory_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values in between, of the size of the trace, are kept for small traces only; the bits are the same."""
    (small, beside), (large, nothing) = _trace(monkeypatch, 600), _trace(monkeypatch, 599)
    assert beside >= 600 * 8 and nothing == 0
    assert np.array_equal(small, large)
