"""e-prop in its rate form: what a synapse remembers lasts as long as what its unit remembers (Bellec et al. 2020).

Bellec, G., Scherr, F., Subramoney, A., Hajek, E., Salaj, D., Legenstein, R., and Maass, W. (2020). A solution to the learning
dilemma for recurrent networks of spiking neurons. Nat. Commun. 11, 3625. This example has graded rates in the place of spikes,
so that the derivative is that of the transfer function:

    v(t) = alpha v(t-1) + W z(t-1),   a(t) = rho a(t-1) + z(t-1),   z = phi(v - beta a)       a unit that adapts
    ev(t) = alpha ev(t-1) + z_pre(t-1),   ea(t) = phi'(t-1) ev(t-1) + (rho - beta phi'(t-1)) ea(t-1)
    el(t) = phi'(t) (ev(t) - beta ea(t))                                                       eligibility
    dW(t) = rate (B error(t)) el(t),   dW_out(t) = rate_out error(t) z(t)                      B: random, and does not learn

What is shown: one of two cues is there for 5 steps. After 40 more steps a signal asks which one it was, and only then there is
an error. At first both cues have the same synapses, so that no unit tells them apart. A unit that adapts answers less if it was
active before, and its synapses remember by ea what they had to do with that. The source reports that networks learn such tasks
by e-prop if units adapt, and not if they do not. There are three controls: units that do not adapt (beta = 0), an eligibility
without ea, and a network in which only the readout learns.

Bounds: every ten trials have five of each cue, so that a network that cannot tell them apart is wrong in 50% of them. Without
ea an eligibility decays by alpha^40 = 0.0003 until the question. So controls are to be wrong in 45 to 55%, and e-prop in less
than 2%. An error reaches the recurrent units two steps late, and meets the eligibility of its own step (`late`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

ALPHA, RHO, BETA = float(np.exp(-1 / 5)), float(np.exp(-1 / 60)), 0.3
ALWAYS = "begin and cue and wait and recall and rest"
EPROP = rc.Rule(
    "eprop",
    source="Bellec et al. 2020",
    forward="""
        dw = (in_recall + in_rest)*rate*credit_post*late
        late = el
        ea = (1 - in_begin)*(before_post*ev + (rho - beta*before_post)*ea)
        ev = (1 - in_begin)*(alpha*ev + arriving_pre)
        el = slope_post*(ev - beta*ea)
    """,
    traces=("late", "ea", "ev", "el"),
    parameters=dict(rate=0.1, alpha=ALPHA, rho=RHO, beta=BETA),
)
OUT = "dw = rate*error_post*arriving_pre"
READOUT = rc.Rule("readout", source="Bellec et al. 2020", forward=OUT, parameters=dict(rate=0.02))
UNIT = rc.Neuron(
    f"""
    basal  : 1 (compartment)
    credit : 1 (compartment)
    v      = (1 - in_begin)*({ALPHA}*v + basal)  : 1 (during {ALWAYS})
    a      = (1 - in_begin)*({RHO}*a + rate)     : 1 (during {ALWAYS})
    before = slope                             : 1 (during {ALWAYS})
    above  = clip(v - beta*a, 0, inf)          : 1
    rate   = tanh(above)                       : 1
    slope  = int(v > beta*a)*(1 - rate**2)     : 1
    """,
    beta=BETA,
)
OUTPUT = rc.Neuron("""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate  = basal                         : 1
    error = in_recall*(teacher - basal)   : 1 (during recall and rest)
""")


def eprop(
    units: int,
    outputs: int = 1,
    wait: int = 40,
    beta: float = BETA,
    rule: rc.Rule | None = EPROP,
    readout: rc.Rule = READOUT,
    batch_size: int = 10,
) -> rc.Circuit:
    """Return a circuit of recurrent units with a linear readout, which receive an error while they are asked."""
    net, random = rc.Circuit(batch_size=batch_size), np.random.default_rng(0)
    x, wanted = net.stimulus("x", 3, every=1 * ms), net.target("wanted", outputs, during="recall")
    h, y = net.population("h", units, UNIT, beta=beta), net.population("y", outputs, OUTPUT)
    weights = random.normal(0, 1, (units, 3))[:, [0, 0, 2]]
    net.connect(x, h, weights=weights, rule=rule, during=ALWAYS, learns=ALWAYS)
    recurrent = random.normal(0, 1 / np.sqrt(units), (units, units))
    net.connect(h, h, weights=recurrent, rule=rule, autapses=False, during=ALWAYS, learns=ALWAYS)
    out, back = (random.normal(0, 1 / np.sqrt(units), (outputs, units)) for _ in range(2))
    net.connect(h, y, weights=out, rule=readout, during=ALWAYS, learns="recall")
    net.connect(wanted, y, into="teacher", weights=1.0, connectivity=rc.OneToOne(), during="recall")
    net.connect(y, h, name="B", into="credit", sends="error", weights=back.T, during=ALWAYS)
    net.phases("begin", 1 * ms, "cue", 5 * ms, "wait", wait * ms, "recall", 5 * ms, "rest", 2 * ms)
    return net


def trials(count: int, wait: int = 40, seed: int = 1) -> tuple[NDArray, NDArray]:
    """Return which cue each trial has, as 1 or -1, and the inputs, (trials, steps, 3): two cues, and the signal that asks."""
    random, steps = np.random.default_rng(seed), 1 + 5 + wait + 5 + 2
    side = random.permuted(np.tile(np.arange(10) % 2, (count // 10, 1)), axis=1).ravel()
    shown = np.zeros((count, steps, 3))
    shown[np.arange(count), 1:6, side] = 1
    shown[:, 6 + wait : 11 + wait, 2] = 1
    return 2.0 * side[:, None] - 1, shown


def learn(net: rc.Circuit, blocks: int, block: int = 200) -> NDArray[np.float64]:
    """Return the share of wrong answers in each block, at the last step of the question."""
    wrong, elements = [], net.batch_size
    for seed in range(blocks):
        wanted, shown = trials(block, seed=seed)
        trace = net.run({"x": shown, "wanted": wanted}, record=["y.rate"], elements="all")
        answer = trace["y.rate"].reshape(block // elements, shown.shape[1], elements)[:, -3].reshape(block, 1)
        wrong.append(float(np.mean(np.sign(answer) != wanted)))
    return np.array(wrong)


def main(out: Path = Path("."), units: int = 30, blocks: int = 12) -> dict[str, float]:
    """Learn by e-prop and by the controls, print the errors of the last three blocks, and draw all of them."""
    learned = {
        "e-prop": learn(eprop(units), blocks),
        "units do not adapt": learn(eprop(units, beta=0.0, rule=EPROP.with_parameters(beta=0.0)), blocks),
        "eligibility without ea": learn(eprop(units, rule=EPROP.with_parameters(beta=0.0)), blocks),
        "readout alone": learn(eprop(units, rule=None), blocks),
    }
    last = {name: float(wrong[-3:].mean()) for name, wrong in learned.items()}
    for name, wrong in last.items():
        print(f"{name:23} {100 * wrong:.1f}% wrong in the last 600 of {200 * blocks} trials (chance: 50%)")
    draw(learned).savefig(out / "eprop.png")
    assert last["e-prop"] < 0.02 and all(abs(wrong - 0.5) < 0.05 for name, wrong in last.items() if name != "e-prop")
    return last


def draw(learned: dict[str, NDArray]) -> Figure:
    """Draw errors over trials."""
    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    ax = figure.subplots()
    for (name, wrong), style in zip(learned.items(), ("-", "-", (0, (5, 5)), (0, (2, 6)))):
        ax.plot(200 * np.arange(1, len(wrong) + 1), 100 * wrong, ls=style, lw=2.5, label=name)
    ax.axhline(50, color="0.6", lw=0.8)
    ax.set(xlabel="trials", ylabel="wrong answers in %", title="Line: chance")
    ax.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
