"""Storkey's rule: an associative memory learns from the local fields of both units of a synapse (Storkey 1997).

Storkey, A. (1997). Increasing the capacity of a Hopfield network without sacrificing functionality. ICANN 97, 451-456.
Hopfield, J. J. (1982). Neural networks and physical systems with emergent collective computational abilities. PNAS 79,
2554-2558.

    Hopfield:  dw_ij = s_i s_j/n
    Storkey:   dw_ij = (s_i s_j - s_i h_ji - h_ij s_j)/n,   h_ij = sum over k other than i and j of w_ik s_k

`h_ij` is what comes into unit i, without the share of this synapse: `incoming(w*x_pre) - w*x_pre`. `h_ji` is the same at the
other end. Since weights are symmetric, it is also what unit j brings about in others, `outgoing(w*x_post) - w*x_post`.

What is shown: how many of M random patterns are recalled, in 100 units, when a tenth of each cue is wrong. The theory of
patterns that all stay fixed has capacities of n/(2 ln n) = 11 patterns with Hopfield's rule, and n/sqrt(2 ln n) = 33 with
Storkey's.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

HOPFIELD = rc.Rule("hopfield", source="Hopfield 1982", forward="dw = x_post*x_pre/n", parameters=dict(n=100.0))
STORKEY = rc.Rule(
    "storkey",
    source="Storkey 1997",
    parameters=dict(n=100.0),
    forward="""
    here  = incoming(w*x_pre) - w*x_pre
    there = outgoing(w*x_post) - w*x_post
    dw    = (x_post*x_pre - x_post*there - here*x_pre)/n
    """,
)
UNIT = rc.Neuron("""
    cue   : 1 (compartment)
    field : 1 (compartment)
    rate  = in_shown*cue + in_recall*(2*int(field >= 0) - 1) : 1 (during shown and recall)
""")


def memory(units: int, rule: rc.Rule, batch_size: int = 1) -> rc.Circuit:
    """Return a circuit of units with synapses to all others, with a mode in which patterns are stored, and one for recall."""
    net = rc.Circuit(batch_size=batch_size)
    x, h = net.stimulus("x", units), net.population("h", units, UNIT)
    net.connect(x, h, into="cue", weights=1.0, connectivity=rc.OneToOne())
    net.connect(h, h, into="field", rule=rule.with_parameters(n=float(units)), weights=0.0, autapses=False)
    net.phases("shown", 1 * ms, "plasticity", 1 * ms, mode="store")
    net.phases("shown", 1 * ms, "recall", 20 * ms, mode="recall")
    return net


def recalled(rule: rc.Rule, count: int, units: int = 100, wrong: float = 0.1, seed: int = 0) -> float:
    """Return which share of so many patterns come back without an error from cues of which a part is wrong."""
    random = np.random.default_rng(seed)
    patterns = np.where(random.random((count, units)) < 0.5, -1.0, 1.0)
    cues = patterns.copy()
    for cue in cues:
        cue[random.choice(units, round(wrong * units), replace=False)] *= -1
    net = memory(units, rule)
    net.run(patterns, mode="store")
    trace = net.run(cues, mode="recall", record=["h.rate"])
    return float(np.mean((trace["h.rate"][20::21] == patterns).all(axis=1)))


def main(out: Path = Path("."), repeats: int = 3) -> dict[str, NDArray[np.float64]]:
    """Store more and more patterns by both rules, print how many of them come back, and draw it."""
    counts = np.array([2, 8, 14, 20, 25, 30, 35, 40, 50])
    rules = {"Hopfield": HOPFIELD, "Storkey": STORKEY}
    found = {
        name: np.array([np.mean([recalled(rule, m, seed=seed) for seed in range(repeats)]) for m in counts])
        for name, rule in rules.items()
    }
    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    ax = figure.subplots()
    for (name, parts), capacity in zip(found.items(), (11, 33), strict=True):
        half = counts[parts >= 0.5].max()
        print(f"{name:8} recalls half of the patterns or more up to M = {half}; of M = 25 {parts[counts == 25][0]:.0%}")
        (line,) = ax.plot(counts, parts, "o-", label=name)
        ax.axvline(capacity, ls=":", color=line.get_color(), label=f"capacity of {name}'s rule")
    ax.set(xlabel="number of patterns M", ylabel="part that is recalled", title="100 units, cues with 10 wrong units")
    ax.legend(fontsize=8)
    figure.savefig(out / "storkey.png")
    assert found["Storkey"][counts == 25] > 0.9 > 0.1 > found["Hopfield"][counts == 25]
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
