"""FORCE learning: a network that is chaotic by itself learns to produce a pattern (Sussillo and Abbott 2009).

Sussillo, D., and Abbott, L. F. (2009). Generating coherent patterns of activity from chaotic neural networks. Neuron 63,
544-557.

    x(t) = x(t-1) + (J r(t-1) + J_z z - x(t-1))/tau,   r = tanh(x),   z = w r                   z is fed back
    k = P r,   P <- P - k k^T/(1 + r k),   w <- w + (wanted - z) k/(1 + r k)                    recursive least squares

What is shown: a network with the gain g = 1.5 is chaotic. While the readout learns, its error is small from the first steps
on, since weights change fast (figure 2 of the paper). With fixed weights, the network then goes on with the pattern by itself.

Recursive least squares is a local rule here. P is the weights of lateral synapses, which bring k = P r into a compartment of
their own, ``known``. A lateral synapse reads ``known`` of its two units. The one number besides, 1 + r k, is a sum over all
synapses of the post unit, of what their pre units hold: ``incoming(...)``. The paper's loop feeds z back at once. Here signals
take a step: x(t) is reached by the z that was read from r(t-2).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

TAU, GAIN, FEEDBACK = 10.0, 1.5, 1.0
LATERAL = rc.Rule(
    "least_squares",
    source="Sussillo and Abbott 2009",
    forward="dw = -known_post*known_pre/(1 + incoming(known_pre*before_pre))",
)
READOUT = rc.Rule(
    "force",
    source="Sussillo and Abbott 2009",
    forward="dw = error_post*known_pre/(1 + incoming(known_pre*before_pre))",
)
UNIT = rc.Neuron(
    """
    basal  : 1 (compartment)
    known  : 1 (compartment)
    v      = v + (basal - v)/tau : 1 (stored)
    rate   = tanh(v)             : 1
    before = rate                : 1 (stored)
    """,
    tau=TAU,
)
OUTPUT = rc.Neuron("""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate    = basal           : 1
    error   = teacher - basal : 1
""")


def force(units: int = 300, density: float = 0.1, seed: int = 0) -> rc.Circuit:
    """Return the network, which has no phases: it runs, and learns in every step in which it is shown what is wanted."""
    net, random = rc.Circuit(seed=seed), np.random.default_rng(seed)
    wanted = net.target("wanted", 1, every=1 * ms)
    h = net.population("h", units, UNIT, initial={"v": 0.5 * random.normal(size=units)})
    z = net.population("z", 1, OUTPUT)
    there = random.random((units, units)) < density
    net.connect(h, h, name="J", weights=there * random.normal(0, GAIN / np.sqrt(density * units), there.shape))
    net.connect(h, h, name="P", into="known", weights=np.eye(units), rule=LATERAL)
    net.connect(h, z, name="w", weights=0.0, rule=READOUT)
    net.connect(z, h, name="feedback", weights=random.uniform(-FEEDBACK, FEEDBACK, (units, 1)))
    net.connect(wanted, z, into="teacher", weights=1.0)
    return net


def pattern(steps: int) -> NDArray[np.float64]:
    """Return a periodic sum of four sines, (steps, 1), as in figure 2 of the paper."""
    time = np.arange(steps)[:, None] * 2 * np.pi / 600
    return 1.3 / 1.5 * (np.sin(time) + np.sin(2 * time) / 2 + np.sin(3 * time) / 6 + np.sin(4 * time) / 3)


def main(out: Path = Path("."), units: int = 300, steps: int = 3600, after: int = 1200) -> dict[str, float]:
    """Let the network run, learn, and run with fixed weights; print the errors, and draw what it did."""
    net, wanted = force(units), pattern(steps + after)
    traces = {
        "before": net.run(after * ms, record=["z.rate", "h.rate[:5]"], learn=False),
        "while it learns": net.run({"wanted": wanted[:steps]}, steps * ms, record=["z.rate", "h.rate[:5]"]),
        "afterwards": net.run(after * ms, record=["z.rate", "h.rate[:5]"], learn=False),
    }
    size = float(np.mean(wanted**2))
    errors = {
        "learning": float(np.mean((traces["while it learns"]["z.rate"] - wanted[:steps]) ** 2)) / size,
        "afterwards": float(np.mean((traces["afterwards"]["z.rate"] - wanted[steps:]) ** 2)) / size,
    }
    print(
        f"mean squared error, relative to the pattern: {errors['learning']:.4f} while it learns, from the first step on,"
    )
    print(f"and {errors['afterwards']:.4f} with fixed weights, in the {after} ms afterwards")
    draw(traces, wanted, steps).savefig(out / "force.png")
    assert errors["learning"] < 0.02 and errors["afterwards"] < 0.05
    return errors


def draw(traces: dict[str, rc.Trace], wanted: NDArray, steps: int) -> Figure:
    """Draw the readout and five units before, during and after learning."""
    figure = Figure(figsize=(11, 4), layout="constrained")
    axes = figure.subplots(2, 3, sharex="col", sharey="row", width_ratios=[1, 2, 1])
    for (name, trace), (above, below) in zip(traces.items(), axes.T, strict=True):
        above.plot(trace.t, trace["z.rate"], c="C3", label="readout")
        below.plot(trace.t, trace["h.rate[:5]"] + 2.2 * np.arange(5), lw=0.8)
        above.set_title(name)
        below.set(xlabel="time, ms", yticks=[])
        shown = {"while it learns": wanted[:steps], "afterwards": wanted[steps:]}.get(name)
        if shown is not None:
            above.plot(trace.t, shown, "k--", lw=0.8, label="wanted")
    axes[0, 1].legend(loc="upper right", fontsize=8)
    axes[1, 0].set_ylabel("five of the units")
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
