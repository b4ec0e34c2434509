"""AGREL, attention-gated reinforcement learning: reward and attention teach a hidden layer (Roelfsema and van Ooyen 2005).

Roelfsema, P. R. and van Ooyen, A. (2005). Attention-gated reinforcement learning of internal representations for
classification. Neural Computation 17, 2176-2214.

    y_j = 1/(1 + exp(-sum over i of v_ij x_i)),   a_k = sum over j of w_jk y_j
    unit s wins with the chance z_s = exp(a_s)/(sum over k of exp(a_k)); then its rate is 1, and all others are 0
    delta = 1 - z_s if that was right, and -1 if not;   f(delta) = delta/(1 - delta) if that was right, and -1 if not
    dw_js = beta f(delta) y_j,   and the same for the feedback weights from s to j
    dv_ij = beta f(delta) x_i y_j (1 - y_j) w'_sj                attention: feedback from the winner alone

A choice with these chances is the largest of all a_k + g_k, where each g_k = -log(-log(uniform noise)) is of a Gumbel
distribution. One unit with a window over all outputs finds it, and projects back to the winner alone. On average over
choices the weights change as by backpropagation; a trial tells the network only whether its choice was right.

What is shown: the digits of scikit-learn are learned from rewards, and the hidden layer takes part in it. If only the outputs
learn, the test error is higher. (The source has smaller tasks, and counts trials.)
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import recircuit as rc

OUTPUT_RULE = rc.Rule(
    "agrel",
    source="Roelfsema and van Ooyen 2005",
    forward="dw = beta*f*won_post*x_pre",
    feedback="dw = beta*f*won_pre*x_post",
    broadcasts=("f",),
    parameters=dict(beta=0.2),
)
HIDDEN_RULE = rc.Rule(
    "agrel hidden",
    source="Roelfsema and van Ooyen 2005",
    forward="dw = beta*f*attention_post*x_post*(1 - x_post)*x_pre",
    broadcasts=("f",),
    parameters=dict(beta=0.2),
)
HIDDEN = rc.Neuron("""
    basal     : 1 (compartment)
    attention : 1 (compartment)
    rate      = 1/(1 + exp(-basal)) : 1
""")
OUTPUT = rc.Neuron("""
    basal   : 1 (compartment)
    won     : 1 (compartment)
    teacher : 1 (compartment)
    whole   : 1 (broadcast)
    noisy   = basal - log(-log(rand())) : 1 (after answer)
    might   = exp(basal)               : 1
    chance  = won*might/whole          : 1
    right   = won*teacher              : 1
    rate    = basal                    : 1
""")
JUDGE = rc.Neuron("""
    chance : 1 (compartment)
    right  : 1 (compartment)
    rate   = right*(1 - chance)/(chance + 1 - right) - (1 - right) : 1
""")


def network(
    sizes: tuple[int, int, int] = (64, 60, 10),
    beta: float = 0.2,
    hidden: bool = True,
    batch_size: int = 10,
    seed: int = 0,
) -> rc.Circuit:
    """Return a network with one hidden layer, outputs that compete, and a unit that knows whether the choice was right."""
    net, random = rc.Circuit(batch_size=batch_size, seed=seed), np.random.default_rng(seed)
    x, h, o = net.stimulus("x", sizes[0]), net.population("h", sizes[1], HIDDEN), net.population("o", sizes[2], OUTPUT)
    best = net.population("best", 1, rc.Neuron("basal : 1 (compartment)\nrate = 1.0 : 1"))
    net.population("total", 1, rc.SummingUnit(o, sends="might", told_as="whole"))
    judge, one = net.population("judge", 1, JUDGE), net.constant("one")
    net.broadcast(judge, "f")
    first, second = (random.uniform(-0.25, 0.25, shape) for shape in (sizes[1::-1], sizes[:0:-1]))
    outward, inward = OUTPUT_RULE.with_parameters(beta=beta), HIDDEN_RULE.with_parameters(beta=beta) if hidden else None
    for pre, post, rule, weights in ((x, h, inward, first), (one, h, inward, 0.0), (h, o, outward, second)):
        net.connect(pre, post, rule=rule, weights=weights)
    net.connect(o, h, into="attention", sends="won", rule=outward.feedback, weights=second.T.copy())
    up = net.connect(o, best, sends="noisy", connectivity=rc.MaxPool.of_all(sizes[2]), during="choose")
    net.connect(best, o, into="won", weights=up.T)
    s = net.supervisor("s", sizes[2], on=1, off=0)
    net.connect(s, o, into="teacher", weights=1.0, connectivity=rc.OneToOne())
    for part in ("chance", "right"):
        net.connect(o, judge, into=part, sends=part, weights=1.0, name=part)
    net.phases("answer", 2 * ms, "choose", 1 * ms, "judge", 4 * ms, "plasticity", 1 * ms, evaluation="answer")
    return net


def main(out: Path = Path("."), epochs: int = 30) -> dict[str, float]:
    """Learn with and without the hidden layer, print test errors, and draw them over epochs."""
    figure, found = Figure(figsize=(5.5, 3.8), layout="constrained"), {}
    ax = figure.subplots()
    for name, hidden in (("both layers learn", True), ("outputs learn", False)):
        history = rc.train(
            network(hidden=hidden), rc.load("digits"), epochs, output="o", backend="numpy", progress=False
        )
        found[name] = history.test_error
        print(f"{name:17} test error {found[name]:.1%} after {epochs} epochs of rewarded choices")
        ax.plot(np.arange(1, epochs + 1), 100 * np.array(history["test_error"]), label=name)
    ax.set(xlabel="epoch", ylabel="test error (%)", ylim=(0, None), title="AGREL")
    ax.legend()
    figure.savefig(out / "attention_gated.png")
    assert found["both layers learn"] < 0.08 and found["both layers learn"] < found["outputs learn"]
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
