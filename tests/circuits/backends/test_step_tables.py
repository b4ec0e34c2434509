"""The backend numpy looks step functions of small arrays up in tables, which have the bits of the lines."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.backends.numpy import presentations
from recircuit.circuits.backends.numpy.codeobject import whole
from recircuit.circuits.backends.numpy.flow import Flow
from recircuit.circuits.backends.numpy.overwritten import without_overwritten
from recircuit.circuits.backends.numpy.reading import read
from recircuit.circuits.backends.numpy.step_functions import look_up
from recircuit.circuits.backends.numpy.step_tables import NotUniform
from recircuit.circuits.backends.numpy.storage import Pool
from recircuit.circuits.backends.numpy.writing import StraightLines

#: What depends on x by comparisons only, or on x + z.
CODES = {
    "one": "y[:] = (1.0 + p[0])*int(x > 2*q[0]) + int((x >= q[0]) & (x <= 2*q[0])) - p[0]*int(x < - q[0])",
    "numbers that are halved": "s = x*p[0]\ny[:] = int(s > q[0]) - int(s < - 0.0) + 3*int(s + s >= p[0]) + int(s <= q[0])",
    "a cycle": "t[:] = 0.0\nH = x + z\n" + 4 * (
        "G = H - 2.0*q[0]*t\n"
        "o = (1.0 + p[0])*int(G > 3*q[0]) + int((G >= q[0]) & (G <= 3*q[0])) - p[0]*int(G < -q[0])\n"
        "t[:] = int(o > 1) - int(o < - p[0])\n"
    ) + "y[:] = o",
    "falling": "a = int(q[0] - x > 0)\ny[:] = int((p[0] - x) - 7.0*a < 0) + 2.0*a + int(a - x >= q[0]) + p[0]*a",
    "too large and too small": "a = 3.0e38*int(x > 0)\ny[:] = int(x + a > 1) + 2*int(x - a > 1) + 4*int(x - a + a < 5)",
    "what is also read elsewhere": "a = int(x > q[0])*p[0]\nH = x + a\nb = int(H > 1) + int(H < - 1) + int(H > 2)\n"
    "y[:] = H + b\nt[:] = b - a*p[0] + int(H >= 4) - int(H > 5)",
    "whether two arrays differ": "b = int(x > z)\ny[:] = 1.5*int(b > 0.5) + int(b < 0.7) - p[0]*int(b >= 1) + int(b <= 0)",
    "written anew": "y[:] = int(x > 0) + int(x > 1)*p[0] - int(x < q[0])\nx[:] = z\nt[:] = y*x + int(x > q[0]) - int(x < p[0])",
}  # fmt: skip


def numbers(dtype: str, count: int = 1000) -> np.ndarray:
    """Return numbers of all magnitudes and around the thresholds, with zeros, subnormal numbers, infinity and NaN."""
    rng, size = np.random.default_rng(0), np.dtype(dtype).itemsize
    bits = rng.integers(0, 256, (count, size), dtype=np.uint8).view(dtype)[:, 0]
    near = (rng.integers(-12, 12, count) * np.array(0.1, dtype)).astype(dtype)
    for _ in range(2):
        near = np.concatenate([near, np.nextafter(near, np.array(9, dtype)), np.nextafter(near, np.array(-9, dtype))])
    special = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, np.finfo(dtype).max, -np.finfo(dtype).max], dtype)
    return np.concatenate([bits, near, special]).astype(dtype)


def names(dtype: str) -> dict[str, Any]:
    x = numbers(dtype)
    arrays = {"x": x, "z": np.roll(x, 7), **{name: np.zeros_like(x) for name in "yt"}}
    return arrays | {"p": np.array([0.3], dtype), "q": np.array([1.7], dtype), "int": whole}


def made(code: str, namespace: dict[str, Any]) -> StraightLines:
    flow = Flow({"p", "q"})
    read(flow, ast.parse(code).body, namespace)
    look_up(flow)
    return StraightLines(flow, {}, Pool())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("what", CODES)
def test_a_table_has_the_bits_of_the_lines(what: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recircuit.circuits.backends.numpy.step_functions.NUMBERS", 10**6)
    lines, ours = names(dtype), names(dtype)
    function = made(CODES[what], ours)
    assert "take_0_0(" in function.source
    for p in (0.3, 0.3, -0.7, 1e30):
        lines["p"][:] = ours["p"][:] = p
        ours["x"][:] = lines["x"][:] = numbers(dtype)
        with np.errstate(all="ignore"):
            function.prepare()
            exec(CODES[what], lines)
            function.run([])
        for name in "xyt":
            np.testing.assert_array_equal(ours[name], lines[name], err_msg=f"{name}, {p}")
            there = ~np.isnan(lines[name])
            np.testing.assert_array_equal(np.signbit(ours[name])[there], np.signbit(lines[name])[there])


def test_a_parameter_that_is_no_number_has_no_table() -> None:
    ours = {
        name: values[:20].copy() if len(values) > 1 else values
        for name, values in names("float64").items()
        if name != "int"
    }
    function = made(CODES["one"], ours | {"int": whole})
    ours["p"][:] = np.nan
    with pytest.raises(NotUniform):
        function.prepare()


@pytest.mark.parametrize(
    "code", ["y[:] = int(x > 0)", "y[:] = tanh(x)*int(x > 0) + z*int(x < 1) + x", "y[:] = x*x + z"]
)
def test_what_a_table_does_not_make_shorter_is_left(code: str) -> None:
    ours = names("float32") | {"tanh": np.tanh}
    assert "take" not in made(code, ours).source


def test_large_arrays_are_compared_and_not_looked_up() -> None:
    """A search takes longer than comparisons of many numbers at once."""
    ours = names("float32")
    assert len(ours["x"]) > 1_000 and "take" not in made(CODES["one"], ours).source


def output(weights: Any, *, steps: int = 4, batch_size: int = 3) -> rc.Circuit:
    net = rc.Circuit(batch_size=batch_size, precision="float32", seed=1)
    h, o = net.stimulus("h", 6), net.population("o", 5, rc.HingeOutput(M=4.0, S=1.0, mu=0.1, epsilon=0.1))
    net.connect(h, o, rule=rc.urfb.forward, weights=rc.normal(1.0))
    net.phases("feedforward", 2 * ms, "error", steps * ms, "plasticity", 1 * ms)
    net["t_to_o.w"] = np.broadcast_to(weights, 5)
    return net


def learned(net: rc.Circuit, **options: Any) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    data = {"h": 3 * rng.normal(size=(60, 6)).astype(np.float32), "s": rng.integers(0, 5, 60)}
    recorded = net.run(data, backend="numpy", **options)
    kept = {key: np.array(recorded[key]) for key in options.get("record", ())}
    return kept | {key: np.array(net[key]) for key in ("h_to_o.w", "o.rate", "t.rate", "o.control_t", "t.drive_o")}


@pytest.mark.parametrize("weights", [-8.0, np.linspace(-9, -7, 5)], ids=["alike", "each its own"])
@pytest.mark.parametrize(("steps", "record"), [(4, []), (8, ["o.rate", "t.rate"]), (40, [])])
def test_an_output_circuit_learns_the_same_bits_with_tables(
    weights: Any, steps: int, record: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = learned(output(weights, steps=steps), record=record)
    monkeypatch.setattr(presentations, "look_up", lambda flow: None)
    monkeypatch.setattr(presentations, "UNROLLED", 1)
    monkeypatch.setattr(presentations, "without_overwritten", lambda instructions, arrays: instructions)
    plain = learned(output(weights, steps=steps), record=record)
    assert np.ptp(plain["o.rate"])
    for key, values in plain.items():
        assert values.tobytes() == ours[key].tobytes(), key


def test_weights_that_are_set_between_runs_change_the_table() -> None:
    """Weights are alike, then each different, then alike again; all is as in a circuit that has had them from the start."""
    net = output(-8.0)
    for weights in (-8.0, np.linspace(-9, -7, 5), -2.5):
        net["t_to_o.w"] = np.broadcast_to(weights, 5)
        other = output(weights)
        other.set_state(net.state())
        ours, wanted = learned(net), learned(other)
        assert all(ours[key].tobytes() == wanted[key].tobytes() for key in wanted)


def test_an_array_that_is_written_again_before_it_is_read_is_written_once() -> None:
    values, flow = np.zeros(3), Flow(())
    flow.store("a", values, flow.object(1.0))
    flow.call("f", ("b",), ("b",))
    flow.store("a", values, flow.object(2.0))
    flow.call("f", ("a",), ())
    flow.store("a", values, flow.object(3.0))
    assert len(without_overwritten(flow.instructions, flow.arrays)) == 4
    flow.arrays["the same"] = values.reshape(3, 1)
    assert len(without_overwritten(flow.instructions, flow.arrays)) == 5
