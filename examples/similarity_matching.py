"""Similarity matching: a network with Hebbian and anti-Hebbian synapses finds the principal subspace (Pehlevan et al. 2015).

Pehlevan, C., Hu, T. and Chklovskii, D. B. (2015). A Hebbian/anti-Hebbian neural network for linear subspace learning: a
derivation from multidimensional scaling of streaming data. Neural Computation 27, 1461-1495.

    y settles:   y = W x - M y,   M without a diagonal
    D_i := D_i + y_i^2                                          the activity of the unit until now: its learning rate is 1/D
    dW_ij = y_i (x_j - W_ij y_i)/D_i,   dM_ij = y_i (y_j - M_ij y_i)/D_i

Each batch element adds to D what the mean of them would: D is a variable of the unit, which they share.

What is shown: data whose covariance has a few large eigenvalues. The rows of the map from x to y, F = (1 + M)^-1 W, come to
span the principal subspace, and to be orthonormal. With offline optimisation the source's cost is least for exactly that, so
both errors have 0 as their bound: |F^T F - V^T V|^2 for the projection on the subspace V (the source's measure). The source
shows it fall while samples stream in; its numbers are of other data.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

HEBB = rc.Rule("similarity-w", source="Pehlevan et al. 2015", forward="dw = x_post*(x_pre - w*x_post)/activity_post")
UNIT = rc.Neuron(
    """
    input    : 1 (compartment)
    lateral  : 1 (compartment)
    rate     = rate + step*(input - lateral - rate)  : 1 (during settle)
    activity = activity + rate**2                    : 1 (shared, during count)
    """,
    step=0.5,
)


def network(inputs: int, units: int, settling: int = 40, batch_size: int = 1, seed: int = 0) -> rc.Circuit:
    """Return a circuit of units with the same inputs, and synapses between each two of them; both learn by the same rule."""
    net, random = rc.Circuit(batch_size=batch_size, seed=seed), np.random.default_rng(seed)
    x, y = net.stimulus("x", inputs), net.population("y", units, UNIT, initial={"activity": 10.0})
    start = random.normal(size=(units, inputs)) / np.sqrt(inputs)
    net.connect(x, y, into="input", rule=HEBB, weights=start)
    net.connect(y, y, into="lateral", rule=HEBB, weights=0.0, autapses=False)
    net.phases("settle", settling * ms, "count", 1 * ms, "plasticity", 1 * ms)
    return net


def data(count: int, inputs: int, units: int, random: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Return samples, and an orthonormal basis of their principal subspace, one row for each direction."""
    basis = np.linalg.qr(random.normal(size=(inputs, inputs)))[0].T
    deviation = np.r_[np.sqrt(np.linspace(2, 1, units)), np.full(inputs - units, 0.3)]
    return (random.normal(size=(count, inputs)) * deviation) @ basis, basis[:units]


def subspace_error(net: rc.Circuit, basis: NDArray) -> float:
    """Return the squared distance of F^T F from the projection on the principal subspace."""
    found = np.linalg.solve(np.eye(len(basis)) + net["y_to_y.w"], net["x_to_y.w"])
    return float(np.sum((found.T @ found - basis.T @ basis) ** 2))


def main(out: Path = Path("."), count: int = 8000, inputs: int = 16, units: int = 4) -> float:
    """Show all samples once, print the error, and draw it over presentations."""
    samples, basis = data(count, inputs, units, np.random.default_rng(3))
    net = network(inputs, units)
    shown = np.unique(np.geomspace(10, count, 30).astype(int))
    errors = []
    for start, stop in zip(np.r_[0, shown[:-1]], shown):
        net.run(samples[start:stop])
        errors.append(subspace_error(net, basis))
    slope = np.polyfit(np.log(shown[-12:]), np.log(errors[-12:]), 1)[0]
    print(
        f"subspace error {errors[0]:.2f} after {shown[0]} and {errors[-1]:.4f} after {count} presentations (theory: 0)"
    )
    print(f"it falls as the power {slope:.2f} of the number of presentations")
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    ax = figure.subplots()
    ax.loglog(shown, errors)
    ax.set(xlabel="presentations", ylabel="error of the subspace", title="Similarity matching")
    figure.savefig(out / "similarity_matching.png")
    assert errors[-1] < 0.01 * units and slope < -0.5
    return errors[-1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
