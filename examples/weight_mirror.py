"""Weight mirrors: in pauses, noise teaches the feedback weights what the forward weights are (Akrout et al. 2019).

Akrout, M., Wilson, C., Humphreys, P. C., Lillicrap, T. and Tweed, D. (2019). Deep learning without weight transport. NeurIPS
32, section 4.1.

    engaged:  h_k = tanh(W_k h_(k-1)),  o = W_L h,  error_o = wanted - o,  error_k = (1 - h_k^2) R_k error_(k+1)
              dW = rate error (rate below)^T
    mirror:   the units of a layer send noise of variance 1, and z = W noise arrives above
              dR = mirror_rate noise z^T - mirror_decay R

The two are modes of one circuit. The mean of noise z^T is the transpose of W, so that R comes to point where it points.
By theory R averages the last 2 B/mirror_decay samples, for B batch elements; the noise of n units below then leaves an angle of
arctan sqrt(n mirror_decay/(2 B)). With n = 100, B = 20 and mirror_decay = .005 that is 6.4 degrees, if W stood still.

What is shown: on digits the angle between R and the transpose of W falls to that of the theory, while the network learns. The
bounds were set before the first run: 12 degrees (theory 6.4, and W moves), 5% test error.
The source reports errors on ImageNet that nearly match those of backpropagation.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import recircuit as rc
from recircuit.models.analysis.weight_alignment import angle
from recircuit.plasticity.rules import weight_mirror

MIRROR = weight_mirror.with_parameters(rate=0.02, mirror_rate=0.005, mirror_decay=0.005)
HIDDEN = rc.Neuron("""
    basal  : 1 (compartment)
    apical : 1 (compartment)
    rate  = in_forward*tanh(basal) + in_draw*randn() : 1 (during forward and draw)
    error = apical*(1 - rate**2)                     : 1 (during backward)
    spontaneous = rate                               : 1
""")
OUTPUT = rc.Neuron("""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate  = basal           : 1
    error = teacher - basal : 1
""")


def network(
    sizes: tuple[int, ...] = (64, 100, 100, 10), rule: rc.Rule = MIRROR, batch_size: int = 20, seed: int = 0
) -> rc.Circuit:
    """Return a network with any number of hidden layers; the mode `mirror` trains all of their feedback weights at once."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    layers = [net.stimulus("x", sizes[0])]
    layers += [net.population(f"h{k}", size, HIDDEN) for k, size in enumerate(sizes[1:-1], 1)]
    layers += [net.population("o", sizes[-1], OUTPUT)]
    s = net.supervisor("s", sizes[-1], on=1, off=0, during="backward")
    net.connect(s, layers[-1], into="teacher", weights=1.0, connectivity=rc.OneToOne(), during="backward")
    for pre, post in zip(layers, layers[1:]):
        net.connect(pre, post, rule=rule.forward, during="forward" if pre is layers[0] else "forward and mirror")
    for lower, upper in zip(layers[1:], layers[2:]):
        net.connect(
            upper, lower, into="apical", rule=rule.feedback, weights=rc.glorot(), during="backward", learns="mirror"
        )
    up, down = len(sizes) - 1, len(sizes) - 2
    net.phases("forward", up * ms, "backward", (down + 1) * ms, "plasticity", 1 * ms, evaluation="forward")
    net.phases("draw", 1 * ms, "mirror", 1 * ms, mode="mirror")
    return net


def angles(net: rc.Circuit) -> list[float]:
    """Return the angles between R and the transpose of W, in degrees, from the lowest layer up."""
    names = [(p.post.name, p.pre.name) for p in net.projections.values() if p.into == "apical"]
    return [angle(net[f"{upper}_to_{lower}.w"], net[f"{lower}_to_{upper}.w"]) for lower, upper in names]


def main(out: Path = Path("."), epochs: int = 40, pauses: int = 8) -> list[float]:
    """Train, with pauses in each epoch; print error and angles, and draw them over epochs."""
    digits, net = rc.load("digits"), network()
    curve, errors = [angles(net)], []
    order = np.random.default_rng(0)
    for _ in range(epochs):
        for part in np.array_split(order.permutation(digits.n_train), pauses):
            net.run(
                {"x": digits.x_train * digits.scale, "s": digits.y_train},
                order=part[: len(part) // 20 * 20].reshape(-1, 20),
            )
            net.run(presentations=100, mode="mirror")
        curve.append(angles(net))
        errors.append(100 * net.evaluate(digits).error)
    print(f"test error {errors[-1]:.1f}% on digits")
    print(f"angles of R and W transposed {curve[-1][0]:.1f} and {curve[-1][1]:.1f} degrees (theory 6.4)")
    draw(curve, errors).savefig(out / "weight_mirror.png")
    assert max(curve[-1]) < 12 and errors[-1] < 5
    return curve[-1]


def draw(curve: list[list[float]], errors: list[float]) -> Figure:
    """Draw angles and errors over epochs."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(curve, label=["h1", "h2"])
    left.axhline(np.degrees(np.arctan(np.sqrt(100 * 0.005 / 40))), color="0.6", ls="--", label="theory")
    left.set(xlabel="epoch", ylabel="angle of R and W transposed (degrees)", ylim=(0, None))
    left.legend()
    right.plot(np.arange(1, len(errors) + 1), errors)
    right.set(xlabel="epoch", ylabel="test error (%)", ylim=(0, None))
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
