"""The backend numpy computes once what cannot change within a run, and gives the same bits as the lines as they stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.backends.numpy.steady import Prepared

CODES = {
    "parameters": "tau = p[0]\nk = 1.0/tau\na = x.copy()\nx[:] = a + k*(y - a)",
    "a name that is set twice": "k = p[0]\na = k*x\nk = q[0]\nx[:] = a + k",
    "a name that is set within a loop": "k = p[0]\nfor i in range(3):\n    x[:] = x + k*i\n    k = k + p[0]",
    "a value that something writes": "k = z[0]\nx[:] = k*x\nz[:] = z + p[0]",
    "arrays in another shape": "v = x.reshape(2, 2)\nnp.multiply(v, y.reshape(2, 2).T, out=x.reshape(2, 2))",
    "an array under another name": "v = x\nv += p[0]\nx[:] = v*y",
    "a function that draws": "k = p[0]*draw()\nx[:] = k*x",
    "nothing that stays": "x[:] = x*2.0",
}


def names(dtype: str) -> dict[str, Any]:
    random = np.random.RandomState(0)
    x, y = (np.random.default_rng(k).normal(size=4).astype(dtype) for k in range(2))
    single = {name: np.array([value], dtype) for name, value in (("p", 0.3), ("q", 1.7), ("z", 0.9))}
    return {"x": x, "y": y, **single, "np": np, "draw": random.random_sample}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("what", CODES)
def test_a_function_does_what_the_lines_do(what: str, dtype: str) -> None:
    lines, prepared = names(dtype), names(dtype)
    code = Prepared(CODES[what], prepared, {"p", "q"})
    for value in (0.3, 0.7):  # set between two runs
        lines["p"][:] = prepared["p"][:] = value
        code.prepare()
        for _ in range(3):
            exec(CODES[what], lines)
            code.act()
    for name in ("x", "z"):
        assert prepared[name].dtype == dtype
        np.testing.assert_array_equal(prepared[name], lines[name])


def test_a_parameter_that_is_set_between_calls_of_a_closed_loop_counts() -> None:
    net = rc.Circuit(dt=1 * ms)
    x = net.stimulus("x", 2)
    h = net.population("h", 2, rc.Neuron("basal : 1 (compartment)\nrate = gain*basal : 1", gain=2.0))
    net.connect(x, h, weights=1.0, connectivity=rc.OneToOne())
    net.phases("feedforward", 1 * ms)
    with net.live(backend="numpy") as live:
        first = live.present({"x": [1.0, 3.0]}, read="h.rate")["h.rate"]
        net["h.gain"] = 5.0
        second = live.present({"x": [1.0, 3.0]}, read="h.rate")["h.rate"]
    np.testing.assert_array_equal(np.concatenate([first, second]), [[2.0, 6.0], [5.0, 15.0]])
