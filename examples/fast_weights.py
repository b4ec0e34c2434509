"""Fast weights: each sequence has synapses of its own, which keep its last pairs for a while (Ba et al. 2016).

Ba, J., Hinton, G., Mnih, V., Leibo, J. Z. and Ionescu, C. (2016). Using fast weights to attend to the recent past. NeurIPS 29.

    A(t) = decay A(t - 1) + v(t) k(t)^T          while pairs of a key k and a value v are shown, one after the other
    recalled = A k = sum over t of decay^age v(t) (k(t) k)            when a key is shown again

The second line is the source's: what is recalled is the past, weighed by how much each moment is like the present. The source
has a recurrent network, whose slow weights learn by backpropagation; here are its fast weights alone. They are a trace,
by which the synapses transmit, so that each batch element has its own.

What is shown: sequences of 40 pairs of random signs, 50 at a time. The theory is that of sums of random signs: a recalled value
has the right sign with the chance Phi(decay^age/s), where s^2 is the sum of decay^(2 age') over all other pairs, divided by the
number of key units. In the control all 50 sequences share their synapses, as they share all other weights. They disturb each
other, and the theory is the same, with 50 times as many pairs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import norm

import recircuit as rc

FAST = rc.Rule(
    "fast weights",
    source="Ba et al. 2016",
    forward="fast = in_store*(decay*fast + x_post*x_pre)",
    traces=("fast",),
    parameters=dict(decay=0.95),
)
SHARED = rc.Rule(
    "shared weights",
    source="Ba et al. 2016, with weights that all batch elements share",
    forward="fast = in_store*(decay*fast + x_post*x_pre)",
    state=("fast",),
    parameters=dict(decay=0.95),
)
VALUE = rc.Neuron("""
    basal : 1 (compartment)
    given : 1 (compartment)
    rate  = given : 1 (during store)
""")


def memory(keys: int, values: int, pairs: int, batch_size: int = 1, rule: rc.Rule = FAST) -> rc.Circuit:
    """Return a circuit that forgets, stores pairs, and recalls values, in one presentation."""
    net = rc.Circuit(batch_size=batch_size)
    key = net.stimulus("key", keys, every=1 * ms, during="store and recall")
    value = net.stimulus("value", values, every=1 * ms, during="store", closed="zero")
    unit = net.population("unit", values, VALUE)
    net.connect(value, unit, into="given", weights=1.0, connectivity=rc.OneToOne())
    synapses = net.connect(key, unit, name="memory", weights=0.0, rule=rule, learns="forget and store")
    net.connect(key, unit, name="recalled", weights=synapses.again("fast"), during="recall")
    net.phases("forget", 1 * ms, "store", pairs * ms, "recall", pairs * ms)
    return net


def sequences(count: int, pairs: int, keys: int, values: int, seed: int = 0) -> dict[str, NDArray[np.float64]]:
    """Return keys of length 1, each shown twice in the same order, and values, all of random signs."""
    random = np.random.default_rng(seed)
    key = random.choice([-1.0, 1.0], (count, pairs, keys)) / np.sqrt(keys)
    return {"key": np.concatenate([key, key], axis=1), "value": random.choice([-1.0, 1.0], (count, pairs, values))}


def right(rule: rc.Rule, pairs: int, keys: int, values: int, batch_size: int, rounds: int) -> NDArray[np.float64]:
    """Return for each age, from 0 on, the share of recalled values that have the right sign."""
    net, shown = memory(keys, values, pairs, batch_size, rule), sequences(rounds * batch_size, pairs, keys, values)
    trace = net.run(shown, record=["unit.basal"], elements="all")
    recalled = trace["unit.basal"].reshape(rounds, 1 + 2 * pairs, batch_size, values)[:, 1 + pairs :]
    wanted = shown["value"].reshape(rounds, batch_size, pairs, values).swapaxes(1, 2)
    return np.mean(recalled * wanted > 0, axis=(0, 2, 3))[::-1]


def theory(pairs: int, keys: int, sharing: int, decay: float = 0.95) -> NDArray[np.float64]:
    """Return the same by the theory, if so many sequences share their synapses."""
    strength = decay ** np.arange(pairs)
    return norm.cdf(strength / np.sqrt((sharing * np.sum(strength**2) - strength**2) / keys))


def main(out: Path = Path("."), pairs: int = 40, keys: int = 100, batch_size: int = 50) -> dict[str, float]:
    """Recall sequences by fast weights and by shared ones, print how often that is right, and draw it over age."""
    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    ax, found = figure.subplots(), {}
    for name, rule, sharing in (("fast weights", FAST, 1), ("shared weights", SHARED, batch_size)):
        share, expected = right(rule, pairs, keys, 50, batch_size, 20), theory(pairs, keys, sharing)
        found |= {f"{name}, last pair": share[0], f"{name}, first pair": share[-1]}
        found[f"{name}, farthest from the theory"] = np.abs(share - expected).max()
        print(f"{name:15} right: {share[0]:.1%} of the last pair (theory {expected[0]:.1%}), ", end="")
        print(f"{share[-1]:.1%} of the first (theory {expected[-1]:.1%})")
        ax.plot(share, "o", ms=3, label=name)
        ax.plot(expected, color="0.5", lw=1, zorder=0)
    ax.set(
        xlabel="age of the pair (pairs shown since then)",
        ylabel="share of values with the right sign",
        ylim=(0.48, 1.02),
    )
    ax.legend(title="grey: theory")
    figure.savefig(out / "fast_weights.png")
    assert max(value for name, value in found.items() if "theory" in name) < 0.02
    return {name: float(value) for name, value in found.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
