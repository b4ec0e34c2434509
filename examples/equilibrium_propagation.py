"""Equilibrium propagation: a network that settles twice follows a gradient by a Hebbian rule (Scellier and Bengio 2017).

Scellier, B. and Bengio, Y. (2017). Equilibrium propagation: bridging the gap between energy-based models and
backpropagation. Front. Comput. Neurosci. 11, 24.

    energy E = sum s^2/2 - sum over pairs W_ij f(s_i) f(s_j) - sum b_i f(s_i),   cost C = |d - y|^2/2,   f(s) = s in [0, 1]
    free:    ds/dt = -dE/ds = W s + b - s, and s is kept within [0, 1], until it has settled
    nudged:  ds/dt = -dE/ds - beta dC/ds,  for a few steps
    dW_ij = rate (s_i s_j when nudged - s_i s_j when free)/beta,   db_i = rate (s_i when nudged - s_i when free)/beta

As in the paper the sign of beta is drawn at random in each presentation: by a unit of its own, which tells it to all others
in a broadcast. W is symmetric: the synapses up and down begin equal and make the same changes. A unit keeps its free state in
a latch, which is assigned once, when the free phase is over. Unlike in the paper, a presentation begins with the state that
the one before has left, and not with that in which the same image was seen last.

What is shown: with one hidden layer it learns the digits of scikit-learn. The paper's networks end with a test error of 2 to 3%
on MNIST.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import recircuit as rc

BETA = 0.5
CONTRAST = "dw = rate*(x_post*x_pre - free_post*free_pre)/(side*beta)"
EP = rc.Rule(
    "ep",
    source="Scellier and Bengio 2017",
    forward=CONTRAST,
    feedback=CONTRAST,
    broadcasts=("side",),
    parameters=dict(rate=0.1, beta=BETA),
)
BIAS = rc.Rule(
    "ep-bias",
    source="Scellier and Bengio 2017",
    forward="dw = rate*(x_post - free_post)/(side*beta)",
    broadcasts=("side",),
    parameters=dict(rate=0.1, beta=BETA),
)
STATE = """
    below : 1 (compartment)
    {inputs}
    side  : 1 (broadcast)
    rate  = clip(rate + step*({drive} - rate), 0, 1) : 1 (during free and nudged)
    free  = rate : 1 (after free)
"""
HIDDEN = rc.Neuron(STATE.format(inputs="above : 1 (compartment)", drive="below + above"), step=0.5)
OUTPUT = rc.Neuron(
    STATE.format(inputs="wanted : 1 (compartment)", drive="below + in_nudged*side*beta*(wanted - rate)"),
    step=0.5,
    beta=BETA,
)


def network(
    sizes: tuple[int, int, int] = (64, 100, 10),
    rates: tuple[float, float] = (0.1, 0.05),
    batch_size: int = 20,
    seed: int = 0,
) -> rc.Circuit:
    """One hidden layer, with symmetric weights to the outputs."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    always, n = "free and nudged", np.random.default_rng(seed)
    x = net.stimulus("x", sizes[0], rc.Neuron("rate : 1\nfree = rate : 1"))
    h, o = net.population("h", sizes[1], HIDDEN), net.population("o", sizes[2], OUTPUT)
    coin = net.population("coin", 1, rc.Neuron("rate = 2*int(rand() < .5) - 1 : 1 (after free)"))
    net.broadcast(coin, "side", during="nudged and plasticity")
    s = net.supervisor("s", sizes[2], on=1, off=0, during="nudged")
    net.connect(s, o, into="wanted", weights=1.0, connectivity=rc.OneToOne(), during="nudged")
    up = [n.uniform(-1, 1, (b, a)) * np.sqrt(6 / (a + b)) for a, b in zip(sizes, sizes[1:])]
    first, second = (EP.with_parameters(rate=rate) for rate in rates)
    net.connect(x, h, into="below", rule=first.forward, weights=up[0], during=always)
    net.connect(h, o, into="below", rule=second.forward, weights=up[1], during=always)
    net.connect(o, h, into="above", sends="rate", rule=second.feedback, weights=up[1].T.copy(), during=always)
    one = net.constant("one")
    for layer, rate in zip((h, o), rates):
        bias = BIAS.with_parameters(rate=rate)
        net.connect(one, layer, into="below", rule=bias, weights=0.0, during=always)
    net.phases("free", 20 * ms, "nudged", 4 * ms, "plasticity", 1 * ms, evaluation="free")
    return net


def main(out: Path = Path("."), epochs: int = 25) -> float:
    """Train, print the test error, and draw the errors and one presentation."""
    digits, net = rc.load("digits"), network()
    history = rc.train(net, digits, epochs, output="o", backend="numpy", progress=False)
    alike = float(np.abs(net["h_to_o.w"] - net["o_to_h.w"].T).max())
    print(f"test error {history.test_error:.1%} on digits (source: 2 to 3% on MNIST)")
    print(f"largest difference of the weights up and down {alike:.1e} (source: 0)")
    trace = net.run(digits, presentations=1, record=["h.rate", "o.rate", "s.rate"], order=np.arange(20)[None])
    draw(history, trace).savefig(out / "equilibrium_propagation.png")
    assert history.test_error < 0.06 and alike < 1e-12
    return history.test_error


def draw(history: rc.History, trace: rc.Trace) -> Figure:
    """Errors over epochs; the outputs and some hidden units in a presentation."""
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    left, *others = figure.subplots(1, 3)
    for name in ("train_error", "test_error"):
        left.plot(100 * np.array(history[name]), label=name.replace("_", " "))
    left.set(xlabel="epoch", ylabel="error (%)", ylim=(0, None))
    left.legend()
    for ax, name, title in zip(others, ("o.rate", "h.rate"), ("outputs", "hidden units")):
        ax.plot(np.arange(1, len(trace[name]) + 1), trace[name][:, :20])
        ax.axvspan(20, 24, color="0.9", label="nudged")
        ax.set(xlabel="step", ylabel="rate", title=title)
        ax.legend()
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
