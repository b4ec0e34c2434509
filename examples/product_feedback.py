"""Product feedback: errors come down a chain of two matrices, so that no pair of units has synapses both ways.

Li, J. A. and Benna, M. K. (2024). Deep learning without weight symmetry. arXiv:2405.20594 (product feedback alignment).

    h = tanh(W1 x),   o = W2 h,   error_o = wanted - o
    error_p = B error_o,   error_h = (1 - h^2) R error_p               p: many units between, B is drawn and stays
    dW = rate error (rate below)^T - rate decay W,   dR = rate h error_p^T - rate decay R

R learns by Kolen and Pollack's rule, with error_p in the place of error_o. It comes to hold W2^T B^T, so that R B comes to
W2^T B^T B. With columns of length 1, B^T B is the unit matrix except for a noise of size 1/sqrt(units of p), and the product
is the transpose of W2 up to an angle of arctan sqrt(outputs/units of p): with 10 outputs and 400 units 9.0 degrees.

What is shown: on digits the angle of R B to the transpose of W2 falls, while that of R to anything that W has stays 90 degrees
by its shape. Bounds, from this theory, before the first run: twice its angle, 18 degrees, and 5% test error. The source
reports an accuracy close to backpropagation's in deep convolutional networks, and no digits.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import recircuit as rc
from recircuit.models.analysis.weight_alignment import angle
from recircuit.plasticity.rules import kolen_pollack

RULE = kolen_pollack.with_parameters(rate=0.05, decay=0.01)
HIDDEN = rc.Neuron("""
    basal  : 1 (compartment)
    apical : 1 (compartment)
    rate  = tanh(basal)          : 1 (during forward)
    error = apical*(1 - rate**2) : 1 (during backward)
""")
BETWEEN = rc.Neuron("apical : 1 (compartment)\nerror = apical : 1 (during backward)\nrate = error : 1")
OUTPUT = rc.Neuron("""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate  = basal           : 1
    error = teacher - basal : 1
""")


def network(
    sizes: tuple[int, ...] = (64, 100, 10),
    between: int = 400,
    rule: rc.Rule = RULE,
    batch_size: int = 20,
    seed: int = 0,
) -> rc.Circuit:
    """Return a network with any number of hidden layers, and a population of units between each and the layer above it."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    layers = [net.stimulus("x", sizes[0])]
    layers += [net.population(f"h{k}", size, HIDDEN) for k, size in enumerate(sizes[1:-1], 1)]
    layers += [net.population("o", sizes[-1], OUTPUT)]
    s = net.supervisor("s", sizes[-1], on=1, off=0, during="backward")
    net.connect(s, layers[-1], into="teacher", weights=1.0, connectivity=rc.OneToOne(), during="backward")
    for pre, post in zip(layers, layers[1:]):
        net.connect(pre, post, rule=rule.forward, during="forward")
    for lower, upper in zip(layers[1:], layers[2:]):
        p = net.population(f"p{lower.name.removeprefix('h')}", between, BETWEEN)
        net.connect(upper, p, into="apical", sends="error", weights=rc.normal(between**-0.5), during="backward")
        net.connect(p, lower, into="apical", sends="error", rule=rule.feedback, weights=rc.glorot(), during="backward")
    up, down = len(sizes) - 1, 2 * (len(sizes) - 2) + 1
    net.phases("forward", up * ms, "backward", down * ms, "plasticity", 1 * ms, evaluation="forward")
    return net


def product_angle(net: rc.Circuit) -> float:
    """Return the angle between R B and the transpose of W2, in degrees."""
    return angle(net["p1_to_h1.w"] @ net["o_to_p1.w"], net["h1_to_o.w"])


def main(out: Path = Path("."), epochs: int = 120, units: int = 400) -> float:
    """Train, print error and angle, and draw them over epochs."""
    digits, net = rc.load("digits"), network(between=units)
    theory = np.degrees(np.arctan(np.sqrt(10 / units)))
    angles, errors = [product_angle(net)], []
    for _ in range(epochs // 5):
        history = rc.train(net, digits, 5, output="o", backend="numpy", progress=False)
        angles.append(product_angle(net))
        errors.append(100 * history.test_error)
    print(
        f"test error {errors[-1]:.1f}% on digits, angle of R B and W2 transposed {angles[-1]:.1f} (theory {theory:.1f})"
    )
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(5 * np.arange(len(angles)), angles)
    left.axhline(theory, color="0.6", ls="--", label="theory")
    left.set(xlabel="epoch", ylabel="angle of R B and W2 transposed (degrees)", ylim=(0, None))
    left.legend()
    right.plot(5 * np.arange(1, len(angles)), errors)
    right.set(xlabel="epoch", ylabel="test error (%)", ylim=(0, None))
    figure.savefig(out / "product_feedback.png")
    assert angles[-1] < 2 * theory and errors[-1] < 5, (angles[-1], errors[-1])
    return angles[-1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
