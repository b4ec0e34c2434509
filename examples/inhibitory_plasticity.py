"""Inhibitory plasticity: inhibition comes to balance excitation, in rate form (Vogels et al. 2011).

Vogels, T. P., Sprekeler, H., Zenke, F., Clopath, C. and Gerstner, W. (2011). Inhibitory plasticity balances excitation and
inhibition in sensory pathways and memory networks. Science 334, 1569-1573.

    tau dr/dt = [sum over j of (e_j - w_j) x_j]+ - r            a cell with excitatory weights e and inhibitory weights w
    dw_j/dt   = eta x_j (r - rho),   w_j >= 0                    inhibition learns until the cell fires at rho

What is shown: a cell prefers one of eight stimuli, which are shown one after the other with rate s. Inhibition begins equal
for all. The theory has a fixed point for each stimulus, w_j = [e_j - rho/s]+: inhibition becomes as tuned as excitation, and
the cell answers every stimulus with rho. When excitation changes, the cell answers the new preference until inhibition has
followed.
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
    "inhibitory",
    source="Vogels et al. 2011",
    forward="dw/dt = eta*x_pre*(x_post - rho)",
    parameters=dict(eta=0.5 * Hz, rho=0.1),
).with_weight_limit(0, None)
CELL = rc.Neuron(
    """
    excitation : 1 (compartment)
    inhibition : 1 (compartment)
    drate/dt   = (relu(excitation - inhibition) - rate)/tau : 1
    """,
    tau=10 * ms,
)
STRENGTH = 2.0


def balanced(channels: int, cells: int = 1, rule: rc.Rule = RULE, batch_size: int = 1) -> rc.Circuit:
    """Return a circuit of cells with excitation from each channel, and inhibition from one interneuron per channel,
    which learns.
    """
    net = rc.Circuit(batch_size=batch_size)
    x, i = (
        net.stimulus("x", channels),
        net.population("i", channels, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1")),
    )
    cell = net.population("cell", cells, CELL)
    net.connect(x, i, weights=1.0, connectivity=rc.OneToOne())
    net.connect(x, cell, into="excitation", weights=tuning(channels, 0.5 * channels, cells))
    net.connect(i, cell, into="inhibition", rule=rule, weights=0.3, learns="shown")
    net.phases("shown", 100 * ms)
    return net


def tuning(channels: int, preferred: float, cells: int = 1) -> NDArray[np.float64]:
    """Return excitatory weights with a maximum at one channel."""
    places = np.arange(channels) - preferred - np.arange(cells)[:, None]
    return 0.2 + np.exp(-((places / 1.5) ** 2))


def answers(net: rc.Circuit, channels: int) -> NDArray[np.float64]:
    """Return the rate of the cell at the end of each stimulus, without learning."""
    trace = net.run(STRENGTH * np.eye(channels), channels, learn=False, record=["cell.rate"])
    return trace["cell.rate"][99::100, 0]


def main(out: Path = Path("."), channels: int = 8, rounds: int = 250) -> NDArray[np.float64]:
    """Let inhibition learn, move the preference, let it learn again; print and draw how the cell answers."""
    net, stimuli, rho = balanced(channels), STRENGTH * np.eye(channels), float(RULE.parameters["rho"])
    found = [answers(net, channels)]
    for preferred in (0.5 * channels, 1.5):
        net["x_to_cell.w"] = tuning(channels, preferred)
        found.append(answers(net, channels))
        net.run(stimuli, rounds * channels)
        found.append(answers(net, channels))
        theory = np.maximum(0, net["x_to_cell.w"] - rho / STRENGTH)
        apart = np.abs(net["i_to_cell.w"] - theory).max()
        print(
            f"excitation that prefers stimulus {preferred:.1f}: answers from {found[-2].min():.3f} to {found[-2].max():.3f};"
        )
        print(f"  after learning from {found[-1].min():.4f} to {found[-1].max():.4f} (theory: {rho}), inhibition")
        print(f"  at most {apart:.4f} from the theory, where excitation is up to {net['x_to_cell.w'].max():.2f}")
        assert np.abs(found[-1] - rho).max() < 0.01 and apart < 0.01
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for label, k in (("at first", 0), ("after learning", 2), ("excitation changes", 3), ("after learning again", 4)):
        left.plot(found[k], "o-", label=label)
    left.set(xlabel="stimulus", ylabel="rate of the cell", title="Answers", ylim=(None, 2.8))
    left.legend(fontsize=8)
    right.plot(net["x_to_cell.w"][0], "o-", label="excitation")
    right.plot(net["i_to_cell.w"][0], "s--", label="inhibition")
    right.set(xlabel="stimulus", ylabel="weight", title="Weights in the end")
    right.legend(fontsize=8)
    figure.savefig(out / "inhibitory_plasticity.png")
    return np.array(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
