"""Benna-Fusi synapses: a chain of hidden variables makes them forget slowly (Benna and Fusi 2016).

Benna, M. K. and Fusi, S. (2016). Computational principles of synaptic memory consolidation. Nat. Neurosci. 19, 1697-1706.

    C_1 du_1 = memory + g_1 (u_2 - u_1)                                 u_1 is the weight
    C_k du_k = g_(k-1) (u_(k-1) - u_k) + g_k (u_(k+1) - u_k)            k = 2 ... m, and u_(m+1) = 0
    C_k = 2^(k-1),  g_k = alpha 2^-k                                    tubes twice as narrow between beakers twice as wide

A memory is a random number, 1 or -1, for each synapse; here it is the product of the two units' random rates. All variables
change by what they were before the presentation.

What is shown: the signal of a memory, the mean over synapses of memory times weight, decays as the power -1/2 of its age from
8 to 2,048 presentations, and later at the rate of the slowest variable. If the weight is alone (a chain of one) the signal
decays exponentially. The source concludes that memories last for a time that grows nearly with the number of synapses.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

UNIT = rc.Neuron("""
    nothing : 1 (compartment)
    own     : 1 (compartment)
    rate    = own : 1
""")


def chain(length: int, alpha: float = 0.5) -> rc.Rule:
    """Return the rule of synapses with so many variables, of which the weight is the first."""
    names = ["w", *(f"u{k}" for k in range(2, length + 1))]
    lines = [f"before{k} = {name}" for k, name in enumerate(names, 1)]
    for k, name in enumerate(names, 1):
        gain = "x_post*x_pre" if k == 1 else f"alpha*{2.0 ** -(k - 1)}*(before{k - 1} - before{k})"
        after = f"before{k + 1} - before{k}" if k < length else f"-before{k}"
        lines.append(f"{name} += ({gain} + alpha*{2.0**-k}*({after}))/{2.0 ** (k - 1)}")
    source = "Benna and Fusi 2016"
    return rc.Rule(
        "chain", source=source, forward="\n".join(lines), state=tuple(names[1:]), parameters=dict(alpha=alpha)
    )


def storing(pre: int, post: int, rule: rc.Rule) -> rc.Circuit:
    """Return a circuit in which synapses store random rates of two populations, one memory in each presentation."""
    net = rc.Circuit()
    x, y, h = net.stimulus("x", pre), net.stimulus("y", post), net.population("h", post, UNIT)
    net.connect(y, h, into="own", weights=1.0, connectivity=rc.OneToOne())
    net.connect(x, h, into="nothing", rule=rule, weights=0.0, name="chain")
    net.phases("shown", 1 * ms, "plasticity", 1 * ms)
    return net


def signal(rule: rc.Rule, ages: NDArray[np.int_], pre: int = 50, post: int = 50, seed: int = 0) -> NDArray[np.float64]:
    """Return the signal of the first memory at some ages; later memories are blank, since they add nothing but noise."""
    net, random = storing(pre, post, rule), np.random.default_rng(seed)
    x, y = (np.where(random.random((1, size)) < 0.5, -1.0, 1.0) for size in (pre, post))
    net.run({"x": x, "y": y}, 1)
    found, age = [], 0
    for until in ages:
        if until > age:
            net.run({"x": 0 * x, "y": 0 * y}, int(until - age))
        found.append(float(np.mean(net["chain.w"] * y.T * x)))
        age = until
    return np.array(found)


def main(out: Path = Path("."), length: int = 7) -> dict[str, float]:
    """Follow the signal of a memory with and without hidden variables, print how it decays, and draw it."""
    ages = np.unique(np.round(2 ** np.arange(0, 14.1, 0.5)).astype(int))
    both = {f"{length} variables": signal(chain(length), ages), "the weight alone": signal(chain(1), ages)}
    figure = Figure(figsize=(5.5, 3.8), layout="constrained")
    ax = figure.subplots()
    for name, values in both.items():
        ax.loglog(ages, np.maximum(values, 1e-12), "o-", ms=3, label=name)
    ax.loglog(ages, 0.6 * ages**-0.5, "k:", label="power -1/2")
    ax.set(xlabel="age of the memory (presentations)", ylabel="signal", ylim=(1e-4, 2))
    ax.legend()
    figure.savefig(out / "benna_fusi.png")
    long, alone = both.values()
    middle = (ages >= 8) & (ages <= 2048)
    found = {
        "power": float(np.polyfit(np.log(ages[middle]), np.log(long[middle]), 1)[0]),
        "rate": float(-np.polyfit(ages[ages <= 32], np.log(alone[ages <= 32]), 1)[0]),
    }
    print(f"with {length} variables the signal decays as the power {found['power']:.3f} of its age (theory: -0.5)")
    print(f"alone it decays exponentially, at the rate {found['rate']:.4f} (theory: {-np.log(1 - 0.25):.4f})")
    assert abs(found["power"] + 0.5) < 0.05 and abs(found["rate"] + np.log(0.75)) < 1e-6
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
