"""Kolen-Pollack: feedback weights become the transpose of the forward weights, without transport (Akrout et al. 2019).

Akrout, M., Wilson, C., Humphreys, P. C., Lillicrap, T. and Tweed, D. (2019). Deep learning without weight transport. NeurIPS
32. Kolen, J. F. and Pollack, J. B. (1994). Backpropagation without weight transport. IEEE ICNN, 1375-1380.

    h = tanh(W1 x),   o = W2 h,   error_o = wanted - o,   error_h = (1 - h^2) R error_o
    dW = rate error (rate below)^T - rate decay W,   dR = rate h error_o^T - rate decay R

What is shown: on digits the angle between R and the transpose of W2 falls towards 0, while the network learns. With feedback
that stays as it was (feedback alignment) the angle remains large.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import recircuit as rc
from recircuit.plasticity.rules import kolen_pollack

RULE = kolen_pollack.with_parameters(rate=0.05, decay=0.01)
HIDDEN = rc.Neuron("""
    basal  : 1 (compartment)
    apical : 1 (compartment)
    rate  = tanh(basal)          : 1 (during forward)
    error = apical*(1 - rate**2) : 1 (during backward)
""")
OUTPUT = rc.Neuron("""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate  = basal           : 1
    error = teacher - basal : 1
""")


def network(
    sizes: tuple[int, int, int] = (64, 100, 10), learns_back: bool = True, batch_size: int = 20, seed: int = 0
) -> rc.Circuit:
    """Return a network with one hidden layer, whose feedback learns, or does not."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    x, h = net.stimulus("x", sizes[0]), net.population("h", sizes[1], HIDDEN)
    o, s = net.population("o", sizes[2], OUTPUT), net.supervisor("s", sizes[2], on=1, off=0, during="backward")
    net.connect(x, h, rule=RULE.forward, during="forward")
    net.connect(h, o, rule=RULE.forward, during="forward")
    back = RULE.feedback if learns_back else None
    net.connect(o, h, into="apical", sends="error", rule=back, weights=rc.glorot(), during="backward")
    net.connect(s, o, into="teacher", weights=1.0, connectivity=rc.OneToOne(), during="backward")
    net.phases("forward", 2 * ms, "backward", 2 * ms, "plasticity", 1 * ms, evaluation="forward")
    return net


def angle(net: rc.Circuit) -> float:
    """Return the angle between R and the transpose of W2, in degrees."""
    w, r = net["h_to_o.w"].T.ravel(), net["o_to_h.w"].ravel()
    return float(np.degrees(np.arccos(w @ r / np.linalg.norm(w) / np.linalg.norm(r))))


def main(out: Path = Path("."), epochs: int = 120) -> dict[str, float]:
    """Train with both kinds of feedback, print errors and angles, and draw them over epochs."""
    figure, angles = Figure(figsize=(9, 3.6), layout="constrained"), {}
    left, right = figure.subplots(1, 2)
    for name, learns_back in (("Kolen-Pollack", True), ("fixed feedback", False)):
        net, digits = network(learns_back=learns_back), rc.load("digits")
        curve, errors = [angle(net)], []
        for _ in range(epochs):
            history = rc.train(net, digits, 1, output="o", backend="numpy", progress=False)
            curve.append(angle(net))
            errors.append(100 * history.test_error)
        print(f"{name:14} test error {errors[-1]:.1f}%, angle of R and W2 transposed {curve[-1]:.1f} degrees")
        left.plot(curve, label=name)
        right.plot(np.arange(1, epochs + 1), errors, label=name)
        angles[name] = curve[-1]
    left.set(xlabel="epoch", ylabel="angle (degrees)", ylim=(0, None))
    right.set(xlabel="epoch", ylabel="test error (%)", ylim=(0, None))
    right.legend()
    figure.savefig(out / "kolen_pollack.png")
    assert angles["Kolen-Pollack"] < 10 and errors[-1] < 8 and angles["fixed feedback"] > 30
    return angles


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
