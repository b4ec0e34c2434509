"""Wilson-Cowan: two populations begin and cease to oscillate, an ensemble in one run (Wilson and Cowan 1972).

Wilson, H. R., and Cowan, J. D. (1972). Excitatory and inhibitory interactions in localized populations of model neurons.
Biophysical Journal 12, 1-24. For noise: Gardiner, C. W. (2009). Stochastic Methods, chapter 4 (small noise expansion).

    tau dE/dt = -E + (k_e - E) S_e(c1 E - c2 I + P) + sigma sqrt(tau) xi
    tau dI/dt = -I + (k_i - I) S_i(c3 E - c4 I)     + sigma sqrt(tau) xi'
    S(x) = 1/(1 + exp(-a (x - theta))) - 1/(1 + exp(a theta)),   k = 1 - 1/(1 + exp(a theta))

What is shown: the parameters of the source for a limit cycle. Each batch element has an input P of its own. The source reports
that there is no cycle below a threshold of P, nor above a second one, and shows the cycle at P = 1.25. Theory says where: NumPy
finds the points of rest by Newton's method, and their eigenvalues. The cycle begins where the last stable point vanishes (a
saddle node), and ceases where a point becomes stable again (Hopf bifurcation).

Beyond it small noise makes E and I fluctuate around the point of rest. With the derivatives J, the step h = dt/tau, and
M = 1 + h J, the covariance C solves C = M C M^T + h sigma^2. A point is stable if the eigenvalues of M are within the unit
circle: time has steps of 0.1 ms here, which moves the second threshold from 1.88 to 2.06, and the circuit has to follow.

Bounds: both thresholds to one step of P, 0.025; E at rest to 1e-6; the standard deviation of E to 5%, since it is known to
about 2% from 80 elements and 1 s each, and sigma^2 has terms of higher order.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

TAU, DT = 10.0, 0.1
#: Steepness and threshold of the excitatory and the inhibitory population.
EXCITATORY, INHIBITORY = (1.3, 4.0), (2.0, 3.7)
C1, C2, C3, C4 = 16.0, 12.0, 15.0, 3.0
EQUATIONS = """
    basal    : 1 (compartment)
    drate/dt = (-rate + (k - rate)*S)/tau + sigma*xi/sqrt(tau) : 1
    S = 1/(1 + exp(-steep*(basal + P - theta))) - 1 + k : 1
    k = 1 - 1/(1 + exp(steep*theta)) : 1
"""


def population(steep: float, theta: float, sigma: float) -> rc.Neuron:
    """Return a population of one unit, with its sigmoid, its input and its noise."""
    return rc.Neuron(EQUATIONS, steep=steep, theta=theta, P=0.0, sigma=sigma, tau=TAU * ms)


def wilson_cowan(inputs: NDArray, sigma: float = 0.0, seed: int = 0) -> rc.Circuit:
    """Return a circuit of the two populations, without phases, with an input of its own in each batch element."""
    net = rc.Circuit(batch_size=len(inputs), dt=DT * ms, seed=seed)
    e = net.population("E", 1, population(*EXCITATORY, sigma))
    i = net.population("I", 1, population(*INHIBITORY, sigma))
    for pre, post, weight in ((e, e, C1), (i, e, -C2), (e, i, C3), (i, i, -C4)):
        net.connect(pre, post, weights=weight)
    net["E.P"] = inputs[:, None]
    return net


def flow(state: NDArray, P: float) -> NDArray[np.float64]:
    """Return tau times the derivatives of E and I without noise, from the equations of the source."""
    e, i = state
    inputs, found = (C1 * e - C2 * i + P, C3 * e - C4 * i), []
    for rate, x, (steep, theta) in zip(state, inputs, (EXCITATORY, INHIBITORY)):
        least = 1 / (1 + np.exp(steep * theta))
        found.append(-rate + (1 - least - rate) * (1 / (1 + np.exp(-steep * (x - theta))) - least))
    return np.array(found)


def jacobian(state: NDArray, P: float, h: float = 1e-6) -> NDArray[np.float64]:
    """Return the derivatives of the flow, by central differences."""
    return np.stack([(flow(state + h * d, P) - flow(state - h * d, P)) / (2 * h) for d in np.eye(2)], axis=1)


def stable(P: float, h: float) -> NDArray[np.float64] | None:
    """Return the point of rest that is stable in steps of h, if there is one, by Newton's method from a grid of starts."""
    for e, i in product((0, 0.15, 0.3), (0, 0.1, 0.2, 0.35)):
        state = np.array([e, i], float)
        for _ in range(20):
            state = state - np.clip(np.linalg.solve(jacobian(state, P), flow(state, P)), -0.1, 0.1)
        at_rest = np.abs(flow(state, P)).max() < 1e-12
        if at_rest and np.abs(np.linalg.eigvals(np.eye(2) + h * jacobian(state, P))).max() < 1:
            return state
    return None


def spread(P: float, sigma: float, h: float) -> float:
    """Return the standard deviation of E under small noise: C = M C M^T + h sigma^2."""
    state, one = stable(P, h), np.eye(2)
    M = one + h * jacobian(np.array(state), P)
    C = np.linalg.solve(np.eye(4) - np.kron(M, M), h * sigma**2 * one.ravel())
    return float(np.sqrt(C[0]))


def sweep(inputs: NDArray) -> tuple[NDArray, NDArray]:
    """Return for each input the lowest and the highest E in a second and in the next one, as (2, 2, inputs)."""
    net, found = wilson_cowan(inputs), []
    net.run(1500 * ms)
    for _ in range(2):
        trace = net.run(1000 * ms, record=["E.rate"], elements="all")["E.rate"][:, :, 0]
        found.append((trace.min(axis=0), trace.max(axis=0)))
    return np.array(found), trace


def main(out: Path = Path("."), sigma: float = 0.003, noisy: float = 2.75) -> dict[str, float]:
    """Run the ensemble, find the thresholds, compare them and the noise with the theory, and draw."""
    inputs, h = np.arange(0, 3.01, 0.025), DT / TAU
    found, trace = sweep(inputs)
    size = found[:, 1] - found[:, 0]
    cycles = (size[1] > 1e-4) & (size[1] > 0.9 * size[0])
    states = [stable(P, h) for P in inputs]
    none = np.array([state is None for state in states])
    begins, ends = inputs[cycles][[0, -1]]
    print(f"cycles from P = {begins:.3f} to {ends:.3f} (theory: {inputs[none][0]:.3f} to {inputs[none][-1]:.3f})")
    rest = max(
        abs(trace[-1, k] - state[0]) for k, state in enumerate(states) if state is not None and size[1, k] < 1e-9
    )
    print(f"E at rest differs from the theory by {rest:.1e} at most, where it has settled")
    net = wilson_cowan(np.full(80, noisy), sigma)
    net.run(300 * ms)
    fluctuates = float(net.run(1000 * ms, record=["E.rate"], elements="all", every=1 * ms)["E.rate"].std())
    print(f"standard deviation of E at P = {noisy}: {fluctuates:.5f} (theory {spread(noisy, sigma, h):.5f})")
    draw(inputs, found[1], states, trace).savefig(out / "wilson_cowan.png")
    assert abs(begins - inputs[none][0]) < 0.026 and abs(ends - inputs[none][-1]) < 0.026
    assert rest < 1e-6 and abs(fluctuates / spread(noisy, sigma, h) - 1) < 0.05
    return {"begins": float(begins), "ends": float(ends), "fluctuates": fluctuates}


def draw(inputs: NDArray, extremes: NDArray, states: list, trace: NDArray) -> Figure:
    """Draw extremes and points of rest over the input, and a cycle."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(inputs, extremes.T, ".", c="C0", ms=3)
    left.plot(inputs, [np.nan if state is None else state[0] for state in states], c="k")
    left.set(xlabel="input P", ylabel="lowest and highest E", title="Line: stable point, by theory")
    for P in (1.25, 1.75):
        right.plot(np.arange(3000) * DT, trace[:3000, np.abs(inputs - P).argmin()], label=f"P = {P}")
    right.set(xlabel="time in ms", ylabel="E", ylim=(None, 0.33))
    right.legend(fontsize=8, ncols=2)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
