"""Direct random target projection: hidden layers learn from the label alone, and no error comes back (Frenkel et al. 2021).

Frenkel, C., Lefebvre, M. and Bol, D. (2021). Learning without feedback: fixed random learning signals allow for feedforward
training of deep neural networks. Front. Neurosci. 15, 629892. For the control: Nokland, A. (2016). Direct feedback alignment
provides learning in deep neural networks. NeurIPS 29.

    h_k = tanh(W_k h_(k-1) + b_k),   o = 1/(1 + exp(-(W_L h + b_L)))
    hidden:  told_k = (B_k t) (1 - h_k^2)            t: 1 for the class that is shown, 0 for others; B_k is random and stays
    output:  told_L = t - o                          minus the derivative of the cross-entropy by the field
    dW_k = rate told_k h_(k-1)^T,   db_k = rate told_k

In classification the sign of an output's error is known before there is an output: it is positive for the class that is
shown, and negative for all others. So t stands for the error, and a hidden layer need not wait for the layers above it. In
direct feedback alignment, a control, B_k brings t - o. In the other control only the outputs learn.

What is shown: with two hidden layers the network learns the digits of scikit-learn. The source reports for MNIST that hidden
layers which learn from targets do better than hidden layers which do not learn, and worse than those which learn from errors.
The check is of the first of the two, by two standard errors of as many answers; for the second there are too few test samples.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import recircuit as rc
from recircuit.plasticity.rules import drtp

RULE = drtp.with_parameters(rate=0.3)
HIDDEN = rc.Neuron("""
    basal  : 1 (compartment)
    apical : 1 (compartment)
    rate = tanh(basal)          : 1 (during forward)
    told = apical*(1 - rate**2) : 1
""")
OUTPUT = rc.Neuron("""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate = 1/(1 + exp(-basal)) : 1 (during forward)
    told = teacher - rate      : 1
""")


def network(
    sizes: tuple[int, ...] = (64, 100, 100, 10),
    hears: str = "target",
    rule: rc.Rule = RULE,
    batch_size: int = 20,
    seed: int = 0,
) -> rc.Circuit:
    """Return a network whose hidden layers receive the "target", the "error", or "nothing", in which case they do not learn."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    one, below = net.constant("one"), net.stimulus("x", sizes[0])
    hidden = [net.population(f"h{k}", size, HIDDEN) for k, size in enumerate(sizes[1:-1], 1)]
    o, s = net.population("o", sizes[-1], OUTPUT), net.supervisor("s", sizes[-1], on=1, off=0, during="tell")
    net.connect(s, o, into="teacher", weights=1.0, connectivity=rc.OneToOne(), during="tell")
    for layer in [*hidden, o]:
        learns = rule.forward if layer is o or hears != "nothing" else None
        net.connect(below, layer, rule=learns, during="forward")
        net.connect(one, layer, rule=learns, weights=0.0, during="forward")
        below = layer
    for layer in hidden if hears != "nothing" else []:
        source, sends = (s, "rate") if hears == "target" else (o, "told")
        net.connect(source, layer, into="apical", sends=sends, weights=rc.normal(1.0), during="tell")
    signal_length = (2 if hears == "error" else 1) * ms
    net.phases("forward", (len(sizes) - 1) * ms, "tell", signal_length, "plasticity", 1 * ms, evaluation="forward")
    return net


def main(out: Path = Path("."), epochs: int = 40) -> dict[str, float]:
    """Train with each signal, print the errors, and draw them over epochs and the rates of the hidden units."""
    digits, found = rc.load("digits"), {}
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for hears in ("target", "error", "nothing"):
        net = network(hears=hears)
        history = rc.train(net, digits, epochs, output="o", backend="numpy", progress=False)
        found[hears] = history.test_error
        print(f"hidden layers hear {hears:8} test error {history.test_error:.1%}")
        left.plot(np.arange(1, epochs + 1), 100 * np.array(history["test_error"]), label=hears)
        net.run(digits, presentations=1, learn=False)
        right.hist(net["h2.rate"].ravel(), bins=np.linspace(-1, 1, 41).tolist(), histtype="step", label=hears)
    left.set(xlabel="epoch", ylabel="test error (%)", ylim=(0, 20), title="What hidden layers receive")
    right.set(xlabel="rate of the units of h2, after learning", ylabel="number", xticks=[-1, -0.5, 0, 0.5, 1])
    left.legend()
    right.legend(loc="upper center")
    figure.savefig(out / "drtp.png")
    mean = (found["target"] + found["nothing"]) / 2
    chance = 2 * np.sqrt(2 * mean * (1 - mean) / len(digits.y_test))  # two standard errors of a difference
    assert found["target"] < found["nothing"] - chance, found
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
