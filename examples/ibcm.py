"""IBCM: units that inhibit each other look for different patterns (Intrator and Cooper 1992, their network).

Intrator, N. and Cooper, L. N. (1992). Objective function formulation of the BCM theory of visual cortical plasticity. Neural
Networks 5, 3-17.

    c_k = w_k x,   C_k = c_k - eta sum over j != k of c_j            a unit, less what the others are doing
    phi_k = C_k (C_k - theta_k),   theta_k: the mean of C_k^2 over the recent past
    dw_k = rate (phi_k - eta sum over j != k of phi_j) x             the gradient of the summed objectives of all units

The gradient has a sum over the other units. It arrives by the same lateral synapses: first the units send each other c, then
phi. Without inhibition (eta = 0) it is the rule of `bcm.py`.

What is shown: forty networks of five units see five patterns. Single units choose a pattern at random, so that five of
them find 5 (1 - (4/5)^5) = 3.36 different patterns on average. With inhibition they find more of them (the source: lateral
inhibition makes the neurons of a network find different features). The answers are as the theory says in both cases: C = 5
for one pattern and 0 for the four others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

IBCM = rc.Rule(
    "ibcm", source="Intrator and Cooper 1992", forward="dw = rate*credit_post*x_pre", parameters=dict(rate=0.005)
)
UNIT = rc.Neuron(
    """
    basal     : 1 (compartment)
    inhibited : 1 (compartment)
    blamed    : 1 (compartment)
    c      = basal                           : 1 (during feedforward)
    rate   = c - inhibited                   : 1 (during inhibit)
    theta  = theta + pace*(rate**2 - theta)  : 1 (shared, during average)
    phi    = rate*(rate - theta)             : 1
    credit = phi - blamed                    : 1
    """,
    pace=0.1,
)


def network(
    inputs: int,
    units: int,
    networks: int = 1,
    eta: float = 0.1,
    rule: rc.Rule = IBCM,
    batch_size: int = 5,
    seed: int = 0,
) -> rc.Circuit:
    """Return several networks side by side, which see the same stimuli; units inhibit the others of their network."""
    net, size = rc.Circuit(batch_size=batch_size, seed=seed), units * networks
    x, h = net.stimulus("x", inputs), net.population("h", size, UNIT)
    weights = np.random.default_rng(seed).uniform(0, 0.5, (size, inputs))
    net.connect(x, h, rule=rule, weights=weights, during="feedforward")
    others = np.kron(np.eye(networks), 1 - np.eye(units))
    net.connect(h, h, name="inhibition", into="inhibited", sends="c", weights=eta * others, during="inhibit")
    net.connect(h, h, name="blame", into="blamed", sends="phi", weights=eta * others, during="share")
    net.phases("feedforward", 1 * ms, "inhibit", 1 * ms, "average", 1 * ms, "share", 1 * ms, "plasticity", 1 * ms)
    return net


def patterns(count: int, inputs: int) -> NDArray[np.float64]:
    """Return bumps of activity around a ring, which overlap: they are linearly independent, but far from orthogonal."""
    places, centres = np.arange(inputs) / inputs, np.arange(count) / count
    return np.exp(3 * (np.cos(2 * np.pi * (places - centres[:, None])) - 1))


def answers(net: rc.Circuit, shown: NDArray) -> NDArray[np.float64]:
    """Return the sums C of all units for each of the patterns, of shape (patterns, units)."""
    c = shown @ net["x_to_h.w"].T
    return c - c @ net["inhibition.w"].T


def main(out: Path = Path("."), count: int = 5, inputs: int = 20, networks: int = 40) -> dict[float, float]:
    """Let the networks learn without and with inhibition, and count and draw the patterns that they find."""
    shown, found, strongest = patterns(count, inputs), {}, {}
    for eta in (0.0, 0.1, 0.2):
        net = network(inputs, count, networks, eta)
        net.run(np.tile(shown, (8000, 1)))
        last = answers(net, shown)
        strongest[eta] = last.max(axis=0)
        chosen = last.argmax(axis=0).reshape(networks, count)
        found[eta] = [len(set(row)) for row in chosen.tolist()]
        print(
            f"eta = {eta:.2f}: {np.mean(found[eta]):.2f} of {count} patterns are found in the mean; largest answer "
            f"{strongest[eta].min():.2f} to {strongest[eta].max():.2f} (theory: {count})"
        )
    expected = count * (1 - (1 - 1 / count) ** count)
    print(f"by chance {expected:.2f} are found")
    draw(found, count).savefig(out / "ibcm.png")
    chance = 3 * np.std(found[0.0]) / np.sqrt(networks)  # three standard errors of the mean
    assert abs(np.mean(found[0.0]) - expected) < chance and np.mean(found[0.2]) > expected + chance
    assert all(np.abs(value / count - 1).max() < 0.05 for value in strongest.values())
    return {eta: float(np.mean(number)) for eta, number in found.items()}


def draw(found: dict[float, list[int]], count: int) -> Figure:
    """Draw in how many networks how many patterns were found."""
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    ax = figure.subplots()
    for k, (eta, number) in enumerate(found.items()):
        ax.bar(np.arange(count + 1) + 0.25 * k, np.bincount(number, minlength=count + 1), 0.25, label=f"eta = {eta}")
    ax.set(xlabel="patterns with a unit of their own", ylabel="networks")
    ax.legend()
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
