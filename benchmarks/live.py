"""How long a call of a closed loop takes: ``python -m benchmarks.live``, on a quiet machine.

A circuit of 4, 8 and 2 units and two steps is shown one observation a call, and its output is read.
"""

from __future__ import annotations

import time

import numpy as np
from brian2 import ms

import recircuit as rc


def circuit() -> rc.Circuit:
    """4-8-2, two steps a presentation."""
    net = rc.Circuit()
    x, h, o = net.stimulus("x", 4), net.population("h", 8, rc.pyramidal()), net.population("o", 2, rc.pyramidal())
    net.connect(x, h)
    net.connect(h, o)
    net.phases("feedforward", 2 * ms)
    return net


def microseconds(backend: str, calls: int = 5000) -> list[float]:
    """The 10th, 50th and 90th percentile of a call."""
    took = np.zeros(calls)
    observation = np.ones(4)
    with circuit().live(backend=backend) as live:
        for k in range(-100, calls):
            begin = time.perf_counter()
            live.present({"x": observation}, read=["o.rate"])
            took[max(k, 0)] = time.perf_counter() - begin
    return [float(v) for v in np.percentile(took, [10, 50, 90]) * 1e6]


if __name__ == "__main__":
    for name in ("numpy", "cpp"):
        low, middle, high = microseconds(name)
        print(f"{name:8} {middle:6.1f} us a call (10% below {low:.1f}, 10% above {high:.1f})")
