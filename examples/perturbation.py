"""Node and weight perturbation: how much slower than the gradient they learn (Werfel, Xie and Seung 2005).

Werfel, J., Xie, X. and Seung, H. S. (2005). Learning curves for stochastic gradient descent in linear feedforward networks.
Neural Computation 17, 2699-2718.

A linear network o = W x with N inputs and M outputs learns to be W*, from x with independent normal entries, one at a time:

    gradient:            dW = -rate dE/dW,   E = |o - W* x|^2/2
    node perturbation:   dW = -rate (E noisy - E) noise x^T/sd^2,   with noise of variance sd^2 in each output
    weight perturbation: dW = -rate (E noisy - E) noise/sd^2,       with noise of variance sd^2 in each weight

On average all three follow the gradient. The mean square of an update, for small noise, is that of the gradient times 1, M + 2
and M N + 2, and that of the gradient is N + 2 times its mean's. So with the best rate the mean of |W - W*|^2 shrinks by
1 - 1/(N + 2), 1 - 1/((M + 2)(N + 2)) and 1 - 1/((M N + 2)(N + 2)) in each presentation, and the best rate is what
stands behind the minus.

What is shown: with N = 8 and M = 4 the time constants are 10, 60 and 340 presentations, and the mean over 60 networks is where
this theory says, to within three standard errors of the mean (the bound, set before the first run), in each of
four points of time. The source shows the same for its learning curves, in its Figure 2.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc
from recircuit.plasticity.rules import frfb, reinforcement, weight_perturbation

LOSS = rc.Neuron("""
    squares : 1 (compartment)
    clean = squares         : 1 (after clean)
    rate  = squares - clean : 1 (during noisy)
""")
OUTPUT = rc.Neuron("""
    basal      : 1 (compartment)
    wanted     : 1 (compartment)
    difference : 1 (broadcast)
    sd         : 1
    noise    = sd*randn()              : 1 (during draw)
    rate     = basal + in_noisy*noise  : 1 (during clean and noisy)
    miss     = (wanted - rate)**2      : 1
    error    = wanted - basal          : 1
    estimate = -difference*noise/sd**2 : 1
    slope    = 1.0                     : 1
""")


def network(
    inputs: int, outputs: int, rule: rc.Rule, node_noise: float, batch_size: int = 1, seed: int = 0
) -> rc.Circuit:
    """Return a linear layer that answers first without noise and then with it, and a unit for the change of the loss."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    x, s = net.stimulus("x", inputs), net.stimulus("s", outputs)
    o = net.population("o", outputs, OUTPUT, initial={"sd": node_noise})
    loss = net.population("loss", 1, LOSS)
    for name in ("difference", "rise"):  # as node and weight perturbation call it
        net.broadcast(loss, name, during="plasticity")
    twice = "clean and noisy"
    learns = "draw and plasticity" if rule.name == weight_perturbation.name else "plasticity"
    net.connect(x, o, rule=rule.forward, weights=0.0, during=twice, learns=learns)
    net.connect(s, o, into="wanted", weights=1.0, connectivity=rc.OneToOne(), during="clean")
    net.connect(o, loss, into="squares", sends="miss", weights=0.5, during=twice)
    net.phases("clean", 2 * ms, "draw", 1 * ms, "noisy", 2 * ms, "plasticity", 1 * ms, evaluation=["clean"])
    return net


def methods(inputs: int, outputs: int) -> dict[str, tuple[rc.Rule, float, float]]:
    """Return for each method the rule at its best rate, the noise of the nodes, and the time constant."""
    times = [(k * (inputs + 2)) for k in (1, outputs + 2, outputs * inputs + 2)]
    rules = (frfb, reinforcement, weight_perturbation)
    gradient, node, weight = (rule.with_parameters(rate=1 / time) for rule, time in zip(rules, times))
    return {
        "gradient": (gradient, 1e-4, times[0]),
        "node perturbation": (node, 1e-4, times[1]),
        "weight perturbation": (weight, 1e-4, times[2]),
    }


def learn(net: rc.Circuit, blocks: list[int], runs: int, seed: int = 1) -> NDArray[np.float64]:
    """Return |W - W*|^2 as a share of its first value, (runs, blocks), after so many presentations each; W begins at zero."""
    random, found = np.random.default_rng(seed), []
    outputs, inputs = net["x_to_o.w"].shape
    for _ in range(runs):
        wanted, curve = random.normal(size=(outputs, inputs)), []
        net["x_to_o.w"] = np.zeros((outputs, inputs))
        for count in blocks:
            x = random.normal(size=(count, inputs))
            net.run({"x": x, "s": x @ wanted.T})
            curve.append(((net["x_to_o.w"] - wanted) ** 2).sum() / (wanted**2).sum())
        found.append(curve)
    return np.array(found)


def main(out: Path = Path("."), runs: int = 60, inputs: int = 8, outputs: int = 4) -> dict[str, NDArray[np.float64]]:
    """Learn with each method for two of its time constants, hold the curves against the theory, and draw them."""
    figure, curves = Figure(figsize=(5.5, 3.8), layout="constrained"), {}
    ax = figure.subplots()
    for name, (rule, noise, time) in methods(inputs, outputs).items():
        count = int(time) // 2
        found = learn(network(inputs, outputs, rule, noise), 4 * [count], runs)
        mean, spread = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(runs)
        at = count * np.arange(1, 5)
        theory = (1 - 1 / time) ** at
        shown = [f"{m:.2f} ({t:.2f})" for m, t in zip(mean, theory)]
        print(f"{name}: time constant {time:.0f} presentations; |W - W*|^2 (theory): {', '.join(shown)}")
        line = ax.errorbar(at, mean, spread, fmt="o", label=name)
        steps = np.arange(at[-1] + 1)
        ax.plot(steps, (1 - 1 / time) ** steps, color=line[0].get_color())
        assert (np.abs(mean - theory) < 3 * spread).all(), (mean, theory, spread)
        curves[name] = mean
    ax.set(xlabel="presentations", ylabel="|W - W*|^2, as a share of the first", xscale="log", ylim=(0, 1))
    ax.legend(title="lines: theory", loc="lower left", fontsize=8)
    figure.savefig(out / "perturbation.png")
    return curves


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
