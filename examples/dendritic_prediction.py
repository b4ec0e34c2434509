"""Dendritic prediction: a dendrite learns to predict the soma, in rate form (Urbanczik and Senn 2014).

Urbanczik, R. and Senn, W. (2014). Learning by the dendritic prediction of somatic spiking. Neuron 81, 521-528.

    dp_i/dt = (x_i - p_i)/tau_s,   V = sum over i of w_i p_i                                     the dendrite
    C dU/dt = -g_L U + g_D (V - U) + g_E (E_E - U) + g_I (E_I - U)                               the soma; g_E, g_I: the teacher
    dw_i/dt = eta (phi(U) - phi(V*)) phi'(V*)/phi(V*) p_i,   V* = g_D/(g_L + g_D) V              phi: logistic

V* is what the soma would have without the teacher; for a logistic phi, phi'/phi is slope (1 - phi). Where the dendrite
predicts the soma, the teacher changes nothing, and nothing is learned; by the same rule the dendrite learns what the teacher
shows, and keeps it without the teacher.

What is shown: inputs are two hundred random series of 500 ms, and the teacher pulls the soma along a sum of two sines. After
learning, the soma follows the same curve without the teacher; the error is a small part of its variance.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import Hz, ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

RULE = rc.Rule(
    "dendritic-prediction",
    source="Urbanczik and Senn 2014",
    forward="dw/dt = eta*error_post*rate_pre",
    parameters=dict(eta=1 * Hz),
)
INPUT = rc.Neuron("shown : 1\ndrate/dt = (shown - rate)/tau_s : 1", tau_s=5 * ms)
CELL = rc.Neuron(
    """
    V      : 1 (compartment)
    excite : 1 (compartment)
    inhibit : 1 (compartment)
    dU/dt  = (-g_L*U + g_D*(V - U) + excite*(E_E - U) + inhibit*(E_I - U))/C : 1
    rate   = 1/(1 + exp(-slope*(U - half)))                : 1
    alone  = 1/(1 + exp(-slope*(g_D/(g_L + g_D)*V - half))) : 1
    error  = (rate - alone)*slope*(1 - alone)              : 1
    """,
    g_L=0.1,
    g_D=1.8,
    E_E=4.67,
    E_I=-0.33,
    slope=5.0,
    half=1.0,
    C=1 * ms,
)


def cell(inputs: int, rule: rc.Rule = RULE) -> rc.Circuit:
    """Return a cell with a dendrite and a soma, and a teacher that opens two conductances of the soma."""
    net = rc.Circuit(dt=0.2 * ms)
    x, unit = net.stimulus("x", inputs, INPUT, clamps="shown", every=1 * ms), net.population("cell", 1, CELL)
    net.connect(x, unit, into="V", rule=rule, weights=0.0)
    for name in ("excite", "inhibit"):
        net.connect(net.stimulus(name, 1, every=1 * ms), unit, into=name, weights=1.0)
    return net


def conductances(steps: int) -> dict[str, NDArray[np.float64]]:
    """Return the conductances of a teacher who pulls the soma along a sum of two sines."""
    t = np.arange(steps) / steps
    wanted = 1 + 0.5 * np.sin(2 * np.pi * 2 * t) + 0.3 * np.cos(2 * np.pi * 5 * t)
    whole, share = 4.0, (wanted - CELL.parameters["E_I"]) / (CELL.parameters["E_E"] - CELL.parameters["E_I"])
    return {"excite": whole * share[:, None], "inhibit": whole * (1 - share)[:, None]}


def main(out: Path = Path("."), inputs: int = 200, steps: int = 500, rounds: int = 60) -> float:
    """Learn from the teacher, print how well the soma follows without it, and draw both curves."""
    shown = (np.random.default_rng(0).random((steps, inputs)) < 0.1).astype(float) * 5
    net, teacher, duration = cell(inputs), conductances(steps), steps * ms
    none = {name: np.zeros((steps, 1)) for name in teacher}
    for _ in range(rounds):
        taught = net.run({"x": shown, **teacher}, duration, record=["cell.U"], every=1 * ms)["cell.U"][:, 0]
    alone = net.run({"x": shown, **none}, duration, learn=False, record=["cell.U"], every=1 * ms)["cell.U"][:, 0]
    late = slice(20, None)
    found = float(np.mean((alone - taught)[late] ** 2) / np.var(taught[late]))
    print(f"without the teacher the soma departs from the taught course by {found:.3f} of its variance")
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    ax = figure.subplots()
    ax.plot(taught, label="with the teacher")
    ax.plot(alone, "--", label="without, after learning")
    ax.set(xlabel="time (ms)", ylabel="potential of the soma U", ylim=(-0.6, None))
    ax.legend()
    figure.savefig(out / "dendritic_prediction.png")
    assert found < 0.1
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
