"""Sign symmetry: feedback weights have only the signs of the forward weights (Liao, Leibo and Poggio 2016).

Liao, Q., Leibo, J. Z. and Poggio, T. (2016). How important is weight symmetry in backpropagation? AAAI 30.

    error_k = f'(h_k) R_k error_(k+1),   R_k = size sign(W_(k+1) transposed)         uniform sign-concordant feedback (uSF)
    dW = rate error (rate below)^T,   or   dW = rate sign(mean of error (rate below)^T)         Batch Manhattan (BM)

No synapse can know the sign of another, so this is a control: it says how much of the transpose matters. The source finds that
the signs do, the sizes hardly, and that its networks need Batch Manhattan and batch normalisation; it has both on 15
tasks (here there is no batch normalisation, since units of one batch element do not know the others).

What is shown: on digits, with two hidden layers, uSF learns as well as backpropagation, with and without BM. That was the
bound before the first run: at most 2 percentage points more test error than backpropagation in the same network. The
angle between R and the transpose of W is printed: for normal weights it is arccos sqrt(2/pi), 37 degrees, for the
uniform ones here arccos sqrt(3)/2, which is 30 degrees, at the start.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import recircuit as rc
from recircuit.models.analysis.weight_alignment import angle
from recircuit.plasticity.rules import bp, sign_symmetry, sign_symmetry_manhattan

RULES = {
    "backpropagation": bp.with_parameters(rate=0.1),
    "signs": sign_symmetry.with_parameters(rate=0.1),
    "signs, Batch Manhattan": sign_symmetry_manhattan,
}
HIDDEN = rc.Neuron("""
    basal  : 1 (compartment)
    apical : 1 (compartment)
    rate  = tanh(basal)          : 1 (during forward)
    error = apical*(1 - rate**2) : 1 (during backward)
""")
OUTPUT = rc.Neuron("""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate  = 1/(1 + exp(-basal)) : 1
    error = teacher - rate      : 1
""")


def network(
    sizes: tuple[int, ...] = (64, 100, 100, 10),
    rule: rc.Rule = RULES["signs"],
    batch_size: int = 20,
    seed: int = 0,
) -> rc.Circuit:
    """Return a network with tanh layers, logistic outputs with the cross-entropy's error, and feedback from layer to layer."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    layers = [net.stimulus("x", sizes[0])]
    layers += [net.population(f"h{k}", size, HIDDEN) for k, size in enumerate(sizes[1:-1], 1)]
    layers += [net.population("o", sizes[-1], OUTPUT)]
    s = net.supervisor("s", sizes[-1], on=1, off=0, during="backward")
    net.connect(s, layers[-1], into="teacher", weights=1.0, connectivity=rc.OneToOne(), during="backward")
    for pre, post in zip(layers, layers[1:]):
        net.connect(pre, post, rule=rule.forward, during="forward")
    for lower, upper in zip(layers[1:], layers[2:]):
        net.connect(upper, lower, into="apical", rule=rule.feedback, during="backward")
    up = len(sizes) - 1
    net.phases("forward", up * ms, "backward", up * ms, "plasticity", 1 * ms, evaluation="forward")
    return net


def main(out: Path = Path("."), epochs: int = 30) -> dict[str, float]:
    """Train with each rule, print errors and angles, and draw the errors over epochs."""
    figure, found = Figure(figsize=(5.5, 3.8), layout="constrained"), {}
    ax = figure.subplots()
    for name, rule in RULES.items():
        net = network(rule=rule)
        history = rc.train(net, rc.load("digits"), epochs, output="o", backend="numpy", progress=False)
        found[name] = history.test_error
        w = net["h2_to_o.w"]
        away = 0.0 if rule.name == "bp" else angle(net["h2_to_o.partner"].T, w)
        print(f"{name:22} test error {found[name]:.1%}, angle of R and the transpose of W {away:.0f} degrees")
        ax.plot(np.arange(1, epochs + 1), 100 * np.array(history["test_error"]), label=name)
    ax.set(xlabel="epoch", ylabel="test error (%)", ylim=(0, None), title="sign symmetry")
    ax.legend()
    figure.savefig(out / "sign_symmetry.png")
    assert max(found.values()) <= found["backpropagation"] + 0.02, found
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
