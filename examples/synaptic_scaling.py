"""Synaptic scaling: it keeps a unit at its rate, and the relations between its weights (Turrigiano et al. 1998).

Turrigiano, G. G., Leslie, K. R., Desai, N. S., Rutherford, L. C., and Nelson, S. B. (1998). Activity-dependent scaling of
quantal amplitude in neocortical neurons. Nature 391, 892-896. van Rossum, M. C. W., Bi, G. Q., and Turrigiano, G. G. (2000).
Stable Hebbian learning from spike timing-dependent plasticity. J. Neurosci. 20, 8812-8821. Miller, K. D., and MacKay, D. J. C.
(1994). The role of constraints in Hebbian learning. Neural Computation 6, 100-126.

    a <- a + pace (y - a)                                a unit's mean rate; y = w x
    scaling by the rate:     dw = eta y x + beta w (goal - a)/goal
    scaling by the weights:  dw = eta y x, then w <- w goal/(sum of the unit's w)

What is shown: the Hebbian part alone grows without bound. Each kind of scaling keeps it in bounds, and the theory says where
the weights go, with C the mean of x x^T: where they rest C w is a multiple of w. So w has the direction of the leading
eigenvector of C, and the length for which its unit is where scaling wants it: by the rate, a = goal (1 + eta s/beta) with the
eigenvalue s; by the weights, sum w = goal.

Then Hebbian learning ends, and all input is halved, for units that scale by their rate. In theory every weight doubles, and
the rate comes back. In the source, neurons without spikes for two days had larger miniature currents, by one factor for all of
them: the ranked amplitudes before and after lie on a line through zero.

Bounds: weights walk at random around their mean, by sqrt(eta var(y x)/(2 B s)) = 0.0002 each for B = 20, where they are about
0.1; so the cosine with the eigenvector is to be above 0.9999. The mean rate walks by about 1%, since it is a mean over some
1,000 stimuli; so rates and factors are to be within 4% of the theory. The factor is the same for all weights of a unit, up to
rounding.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

GOAL, BETA, ETA = 2.0, 0.005, 0.00005
RATE_SCALED = rc.Rule(
    "rate_scaled",
    source="van Rossum et al. 2000",
    forward="dw = eta*x_post*x_pre + beta*w*(goal - mean_post)/goal",
    parameters=dict(eta=ETA, beta=BETA, goal=GOAL),
)
WEIGHT_SCALED = rc.Rule(
    "weight_scaled",
    source="Miller and MacKay 1994",
    forward="""
        dw = eta*x_post*x_pre
        w = w*goal/incoming(w)
    """,
    parameters=dict(eta=ETA, goal=GOAL),
)
UNIT = rc.Neuron(
    """
    basal : 1 (compartment)
    rate = basal                        : 1 (during feedforward)
    mean = mean + pace*(basal - mean)   : 1 (shared, during feedforward)
    """,
    pace=0.02,
)


def scaled(inputs: int, units: int, rule: rc.Rule, batch_size: int = 20, seed: int = 0) -> rc.Circuit:
    """Return a circuit of linear units, with synapses that begin at random and are positive."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    x = net.stimulus("x", inputs)
    h = net.population("h", units, UNIT, initial={"mean": GOAL})
    weights = np.random.default_rng(seed).uniform(0, 2 * GOAL / inputs, (units, inputs))
    net.connect(x, h, rule=rule, weights=weights)
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
    return net


def stimuli(samples: int, inputs: int, seed: int = 1) -> NDArray[np.float64]:
    """Return rates of inputs, each of which has its own mean, in two halves whose inputs rise and fall together."""
    random = np.random.default_rng(seed)
    group = np.repeat(random.uniform(0.5, 1.5, (samples, 2)), inputs // 2, axis=1)
    return random.uniform(0.3, 1.7, inputs) * group * random.uniform(0.8, 1.2, (samples, inputs))


def eigenvector(x: NDArray) -> tuple[float, NDArray[np.float64]]:
    """Return the largest eigenvalue of the mean of x x^T, and its eigenvector, of length 1 and positive."""
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    return float(values[-1]), np.abs(vectors[:, -1])


def learn(x: NDArray, rule: rc.Rule, blocks: int, units: int = 4) -> NDArray[np.float64]:
    """Return the weights of all units after each block, in which all stimuli are shown."""
    net, weights = scaled(x.shape[1], units, rule), []
    for _ in range(blocks):
        net.run(x)
        weights.append(net["x_to_h.w"].copy())
    return np.array(weights)


def halved(x: NDArray, weights: NDArray, blocks: int = 40) -> tuple[NDArray, NDArray]:
    """Return the weights of units that only scale: first settled under all input, then in each block under half of it."""
    net, taken = scaled(x.shape[1], len(weights), RATE_SCALED.with_parameters(eta=0.0)), []
    net["x_to_h.w"] = weights
    for block in range(2 * blocks):
        net.run(x if block < blocks else x / 2)
        taken.append(net["x_to_h.w"].copy())
    return taken[blocks - 1], np.array(taken)


def main(out: Path = Path("."), inputs: int = 20, blocks: int = 150) -> dict[str, float]:
    """Learn with each kind of scaling and with none, then halve the input, and compare with the theory."""
    x = stimuli(2000, inputs)
    s, direction = eigenvector(x)
    rules = {"by the rate": RATE_SCALED, "by the weights": WEIGHT_SCALED, "none": RATE_SCALED.with_parameters(beta=0.0)}
    learned = {name: learn(x, rule, blocks) for name, rule in rules.items()}
    wanted, found = GOAL * (1 + ETA * s / BETA), {}
    for name, w in ((name, weights[-1]) for name, weights in learned.items()):
        found[name] = float((w @ direction / np.linalg.norm(w, axis=1)).min())
        print(f"scaling {name:14} cosine with the eigenvector {found[name]:.6f}; sum of weights {w[0].sum():.4g}")
    rate = np.mean(x @ learned["by the rate"][-1].T, axis=0)
    print(f"scaling by the rate: mean rates {rate.min():.3f} to {rate.max():.3f} (theory {wanted:.3f})")
    before, taken = halved(x, learned["by the rate"][-1])
    factors = taken[-1] / before
    print(f"half the input: weights grow by {factors.min():.3f} to {factors.max():.3f} (theory 2)")
    draw(learned, taken, before, direction).savefig(out / "synaptic_scaling.png")
    assert found["by the rate"] > 0.9999 and found["by the weights"] > 0.9999
    assert np.abs(rate / wanted - 1).max() < 0.04
    assert np.abs(learned["by the weights"][-1].sum(axis=1) / GOAL - 1).max() < 1e-12
    assert learned["none"][-1].sum() > 100 * learned["by the rate"][-1].sum()
    assert np.abs(factors / 2 - 1).max() < 0.04 and np.ptp(factors, axis=1).max() < 1e-9
    return {"cosine": found["by the rate"], "factor": float(factors.mean()), "rate": float(rate.mean())}


def draw(learned: dict, taken: NDArray, before: NDArray, direction: NDArray) -> Figure:
    """Draw sums of weights, directions, and weights before and after the input is halved."""
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for (name, weights), style in zip(learned.items(), ("-", "--", ":")):
        left.semilogy(weights[:, 0].sum(axis=1), ls=style, lw=2, label=f"scaling: {name}")
        middle.plot(weights[:, 0] @ direction / np.linalg.norm(weights[:, 0], axis=1), ls=style, lw=2, label=name)
    left.set(xlabel="blocks of 2,000 stimuli", ylabel="sum of a unit's weights")
    middle.set(xlabel="blocks of 2,000 stimuli", ylabel="cosine with the eigenvector")
    right.plot(before[0], taken[-1][0], "o", [0, before[0].max()], [0, 2 * before[0].max()], "k", ms=4, lw=0.8)
    right.set(xlabel="weights before", ylabel="weights under half the input", title="Line: twice the weight")
    left.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
