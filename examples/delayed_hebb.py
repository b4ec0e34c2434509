"""Sequences in synapses with axonal delays: Hebb's rule with the signal that arrives (Herz et al. 1989).

Herz, A., Sulzer, B., Kühn, R. and van Hemmen, J. L. (1989). Hebbian learning reconsidered: representation of static and
dynamic objects in associative neural nets. Biological Cybernetics 60, 457-467.

    dJ_ij = rate S_i(t) S_j(t - 1 - d_ij)               while the sequence is shown; d_ij is the delay of the axon from j to i
    S_i(t) = sign(sum_j J_ij S_j(t - 1 - d_ij))         afterwards

A synapse can only pair what its post unit does with the signal that arrives, `arriving_pre`, which the pre unit sent as long
ago as the delay of its axon. Where delays are distributed broadly, the synapses of a unit know what was there at many moments
before, and so when it is time for the next pattern.

What is shown: two cyclic sequences of six random patterns, each of which lasts four steps, in two batch elements that share the
synapses. Both were seen for ten cycles. Then each element gets one cycle of its own sequence as a cue, of which a tenth of all
values have the wrong sign, and goes on by itself. The theory for many units says that it goes on at the rhythm in which it was
shown: while a pattern lasts, it has a weight of 2.5 or more in the field of a unit, and the patterns beside it of 1.5 or less.
In the control all axons have the same delay, none. Its synapses pair a pattern mostly with itself, and it stays in the last.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

HEBB = rc.Rule(
    "delayed-hebb", source="Herz et al. 1989", forward="dw = rate*x_post*arriving_pre", parameters=dict(rate=1e-3)
)
UNIT = rc.Neuron("""
    seen  : 1 (compartment)
    basal : 1 (compartment)
    rate  = (in_shown + in_cue)*seen + in_free*sign(basal) : 1 (during shown and cue and free)
""")


def associative(delays: NDArray[np.int_], shown: int, cue: int, free: int, batch_size: int = 2) -> rc.Circuit:
    """Return a circuit of units that all send to each other, with so many steps of delay from unit j to unit i in
    ``delays[i, j]``.

    In the mode `learning` the units are clamped to a series of ``shown`` steps; in the mode `recall` to one of ``cue`` steps,
    after which they run freely for ``free`` steps.
    """
    net, units = rc.Circuit(batch_size=batch_size), len(delays)
    x = net.stimulus("x", units, every=1 * ms, during="shown and cue")
    s = net.population("s", units, UNIT)
    net.connect(x, s, into="seen", weights=1.0, connectivity=rc.OneToOne())
    net.connect(s, s, rule=HEBB, weights=0.0, autapses=False, delay=delays * ms, learns="shown")
    net.phases("shown", shown * ms, mode="learning")
    net.phases("cue", cue * ms, "free", free * ms, mode="recall")
    return net


def recalled(delays: NDArray[np.int_], cycles: NDArray[np.float64], seed: int = 1) -> NDArray[np.float64]:
    """Learn cycles, of shape (sequences, steps, units), and return the overlaps of four free cycles with each of their steps.

    The overlap of two states is the mean of their product. The result has the shape (free steps, sequences, steps).
    """
    steps = cycles.shape[1]
    net = associative(delays, 10 * steps, steps, 4 * steps, batch_size=len(cycles))
    net.run(np.tile(cycles, (1, 10, 1)), mode="learning")
    wrong = np.random.default_rng(seed).random(cycles.shape) < 0.1
    trace = net.run(np.where(wrong, -cycles, cycles), mode="recall", record=["s.rate"], elements="all")
    return np.einsum("tbn,bsn->tbs", trace["s.rate"][steps:], cycles) / cycles.shape[2]


def main(out: Path = Path("."), units: int = 400, patterns: int = 6, lasting: int = 4) -> float:
    """Learn with and without delays, print how much of the sequences is recalled, and draw the overlaps."""
    random = np.random.default_rng(0)
    cycles = np.repeat(random.choice([-1.0, 1.0], (2, patterns, units)), lasting, axis=1)
    delays = random.integers(0, 3 * lasting, (units, units))
    found = {"delays of 0 to 11 steps": recalled(delays, cycles), "no delays": recalled(0 * delays, cycles)}
    right = np.tile(np.arange(patterns * lasting), 4)
    means = {name: float(overlaps[np.arange(len(right)), :, right].mean()) for name, overlaps in found.items()}
    print(*(f"{name}: overlap with what should be there {mean:.3f}" for name, mean in means.items()), sep="\n")
    figure = Figure(figsize=(9, 4), layout="constrained")
    for ax, (name, overlaps) in zip(figure.subplots(2, 1, sharex=True), found.items()):
        ax.plot(overlaps[:, 0, ::lasting])
        ax.set(ylabel="overlap", title=name, ylim=(-0.5, 1.1))
    ax.set(xlabel="step after the cue")
    figure.savefig(out / "delayed_hebb.png")
    with_delays, without = means.values()
    assert with_delays > 0.95 and without < 0.5
    return with_delays


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
