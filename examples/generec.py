"""GeneRec: error-driven learning from differences of activation, in symmetric, learned and random feedback (O'Reilly 1996).

O'Reilly, R. C. (1996). Biologically plausible error-driven learning using local activation differences: the generalized
recirculation algorithm. Neural Computation 8, 895-938. Lillicrap et al. (2016) and Detorakis et al. (2019) for feedback that
is drawn at random and stays.

    minus: dx/dt = f(W x_below + G x_above + b) - x, until it has settled;  f is logistic
    plus:  the same, while the outputs are held at what is wanted
    dW_ij = rate (plus_i - minus_i) minus_j,   db_i = rate (plus_i - minus_i)

The difference of a hidden unit between the phases is an estimate of the error that backpropagation would bring it, since
f(net + G error) - f(net) is close to f' G error: so the rule needs no derivative. G learns by the same rule, in which the
sender is the output. It begins as the transpose of W (symmetric, which the rule does not keep), or at random (learned); or it
stays as it was drawn (random).

What is shown: in all three the network learns the digits of scikit-learn. The source reports no such task: it compares
epochs on small ones (encoders, a family tree), on which GeneRec learns, and is slower than its symmetric form. The
bound, set before the first run, is 12% test error.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import recircuit as rc
from recircuit.plasticity.rules import contrastive_bias, generec

FEEDBACK = ("symmetric", "learned", "random")
PHASES = dict(free="minus", taught="plus")
HIDDEN, OUTPUT = rc.two_phase_unit(**PHASES), rc.taught_output(**PHASES)


def network(
    sizes: tuple[int, int, int] = (64, 100, 10),
    feedback: str = "symmetric",
    rate: float = 0.3,
    batch_size: int = 20,
    seed: int = 0,
) -> rc.Circuit:
    """Return a network with one hidden layer, with biases, and with feedback of one of three kinds."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    always, random = "minus and plus", np.random.default_rng(seed)
    x, one = net.stimulus("x", sizes[0], rc.Neuron("rate : 1\nfree = rate : 1")), net.constant("one")
    h, o = net.population("h", sizes[1], HIDDEN), net.population("o", sizes[2], OUTPUT)
    s = net.supervisor("s", sizes[2], on=1, off=0, during="plus")
    net.connect(s, o, into="wanted", weights=1.0, connectivity=rc.OneToOne(), during="plus")
    weight, bias = generec.with_parameters(rate=rate), contrastive_bias.with_parameters(rate=rate)
    first, second, drawn = (random.normal(0, a**-0.5, (b, a)) for a, b in (sizes[:2], sizes[1:], sizes[:0:-1]))
    for pre, post, weights in ((x, h, first), (h, o, second)):
        net.connect(pre, post, into="below", rule=weight.forward, weights=weights, during=always)
        net.connect(one, post, into="below", rule=bias.forward, weights=0.0, during=always)
    back, learns = (
        second.T.copy() if feedback == "symmetric" else drawn,
        None if feedback == "random" else weight.feedback,
    )
    net.connect(o, h, into="above", sends="rate", rule=learns, weights=back, during=always)
    net.phases("minus", 20 * ms, "plus", 20 * ms, "plasticity", 1 * ms, evaluation="minus")
    return net


def main(out: Path = Path("."), epochs: int = 20) -> dict[str, float]:
    """Train with each kind of feedback, print test errors, and draw them over epochs."""
    figure, found = Figure(figsize=(5.5, 3.8), layout="constrained"), {}
    ax = figure.subplots()
    for kind in FEEDBACK:
        net = network(feedback=kind)
        history = rc.train(net, rc.load("digits"), epochs, output="o", backend="numpy", progress=False)
        found[kind] = history.test_error
        print(f"{kind:10} test error {found[kind]:.1%} on digits (the source has no such task)")
        ax.plot(np.arange(1, epochs + 1), 100 * np.array(history["test_error"]), label=kind)
    ax.set(xlabel="epoch", ylabel="test error (%)", ylim=(0, None), xticks=range(0, epochs + 1, 5), title="GeneRec")
    ax.legend(title="feedback")
    figure.savefig(out / "generec.png")
    assert max(found.values()) < 0.12, found
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
