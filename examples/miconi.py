"""Node perturbation in a recurrent network: eligibility traces meet a reward at the end of a trial (Miconi 2017).

Miconi, T. (2017). Biologically plausible learning in recurrent neural networks reproduces neural dynamics observed during
cognitive tasks. eLife 6, e20899.

    x(t) = x(t-1) + (J r(t-1) + B u(t) - x(t-1))/tau + push(t),   r = tanh(x)      push: now and then, at random
    mean(t) = mean(t-1) + pace (x(t-1) - mean(t-1))
    el(t) = el(t-1) + (r_pre(t-1) (x_post(t) - mean_post(t)))^3                    an eligibility in each synapse
    dJ = - rate expected (cost - expected) el                                      at the end of a trial, and bounded

What is shown: the delayed exclusive or. Two stimuli of 200 ms follow one another, each of one of two kinds, with a delay of as
long between them and after them; then, for 200 ms, one unit of the network is to be 0.98 if they were different, and -0.98 if
not. The cost is the mean absolute error while the network responds, and 0.98 if it does not respond; `expected` is its recent
mean, for each of the four kinds of trials. The program of the source has 200 units and steps of 1 ms, and says that 95% of the
signs are right after about 1,000 trials. Here there are 100 units and steps of 2 ms, so that a trial needs an eighth of the
operations, and 95% are right after 2,250 trials; other numbers are those of that program. Here each trial begins in the same
state, and kinds of trials follow at random; in the program the state is random, kinds take turns, and nothing is learned in the
first 100 trials.

The cube lets large deviations count, which are those that a push has made. The trace has to be one for each synapse and batch
element: each trial has a cost of its own, which meets its own eligibilities.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

ALWAYS = "begin and trial and reward"
SPAN = 100  # steps of 2 ms, for which a stimulus lasts
EXPLORE = rc.Rule(
    "explore",
    source="Miconi 2017",
    forward="""
        dw = paid_post*clip(-rate*surprise_post*el, -bound, bound)
        el = going_post*(el + (before_pre*(v_post - mean_post))**3)
    """,
    traces=("el",),
    parameters=dict(rate=0.1, bound=3e-4),
)
EXPECT = rc.Rule("expect", source="Miconi 2017", forward="dw = pace*missed_post*rate_pre", parameters=dict(pace=0.25))
UNIT = rc.Neuron(
    """
    basal    : 1 (compartment)
    input    : 1 (compartment)
    surprise : 1 (broadcast)
    first    : 1
    going  = in_trial               : 1 (stored)
    paid   = in_reward              : 1 (stored)
    hit    = rand()                 : 1 (stored)
    kick   = 2*rand() - 1           : 1 (stored)
    push   = size*kick*int(hit < chance) : 1
    free   : 1
    v      = first + free*in_trial*(v + (basal + input - v)/tau + push - first)   : 1 (stored)
    mean   = in_trial*(mean + pace*(v - mean)) + (1 - in_trial)*first             : 1 (stored)
    rate   = tanh(v)                : 1
    before = rate                   : 1 (stored)
    """,
    tau=15.0, size=16 / 30, chance=0.006, pace=0.95,
)  # fmt: skip
JUDGE = rc.Neuron(
    """
    answer   : 1 (compartment)
    wanted   : 1 (compartment)
    expected : 1 (compartment)
    cost = (1 - in_begin)*(cost + in_respond*abs(answer - wanted)/steps) : 1 (stored)
    missed = cost - expected : 1
    rate = expected*missed   : 1
    """,
    steps=1,
)


def network(units: int = 100, span: int = SPAN, batch_size: int = 1, seed: int = 0, **parameters: float) -> rc.Circuit:
    """Return the network, and the unit that judges its answers. A stimulus lasts for a span, and a trial for five."""
    net, random = rc.Circuit(batch_size=batch_size, seed=seed), np.random.default_rng(seed)
    u, kind, wanted = (
        net.stimulus("u", 2, every=1 * ms, during="trial"),
        net.stimulus("kind", 4),
        net.stimulus("wanted", 1),
    )
    first, free = random.uniform(-0.1, 0.1, units), np.ones(units)
    first[[1, 10, 11]], free[[1, 10, 11]] = (1, 1, -1), 0  # units that never change, which give the others a bias
    h = net.population("h", units, UNIT, first=first, free=free)
    judge = net.population("judge", 1, JUDGE, steps=span)
    weights = random.normal(0, 1.5 / np.sqrt(units), (units, units))
    net.connect(h, h, name="J", weights=weights, rule=EXPLORE.with_parameters(**parameters), learns=ALWAYS)
    net.connect(u, h, name="B", into="input", weights=random.uniform(-1, 1, (units, 2)))
    net.connect(h, judge, into="answer", weights=np.eye(1, units))
    net.connect(wanted, judge, into="wanted", weights=1.0)
    net.connect(kind, judge, into="expected", weights=1.0, rule=EXPECT, learns="reward")
    net.broadcast(judge, "surprise")
    last = 5 * span + 2
    net.phases(begin=(0 * ms, 1 * ms), trial=(1 * ms, (last - 1) * ms), respond=((last - span) * ms, last * ms),
               reward=(last * ms, (last + 1) * ms))  # fmt: skip
    return net


def trials(count: int, random: np.random.Generator, span: int = SPAN) -> dict[str, NDArray[np.float64]]:
    """Return so many trials: stimuli, (count, steps, 2), kinds of trials, and wanted answers."""
    first, second = random.integers(0, 2, (2, count))
    u = np.zeros((count, 5 * span, 2))
    for begin, which in ((0, first), (2 * span, second)):
        u[np.arange(count)[:, None], np.arange(begin, begin + span), which[:, None]] = 1
    return {"u": u, "kind": np.eye(4)[2 * first + second], "wanted": np.where(first != second, 0.98, -0.98)[:, None]}


def learn(net: rc.Circuit, count: int, seed: int = 0, block: int = 250) -> NDArray[np.float64]:
    """Return the costs of the trials in blocks, (blocks, trials), while the network learns."""
    random, costs = np.random.default_rng(seed), []
    for _ in range(count // block):
        trace = net.run(trials(block, random), backend="auto", record=["judge.cost"], every=(5 * SPAN + 3) * ms)
        costs.append(trace["judge.cost"].ravel())
    return np.array(costs)


def main(out: Path = Path("."), count: int = 4000) -> dict[str, float]:
    """Learn, print the cost and the share of right answers, and draw them."""
    costs = learn(network(), count)
    right = np.mean(costs < 1, axis=1)
    for name, block in (("first", 0), ("last", -1)):
        print(
            f"{name} 250 of {count} trials: mean cost {costs[block].mean():.2f}, {right[block]:.1%} of the signs are right"
        )
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes, trial = figure.subplots(), 250 * np.arange(1, len(costs) + 1)
    axes.plot(trial, costs.mean(axis=1), label="mean cost of 250 trials")
    axes.plot(trial, right, label="share of right signs")
    axes.axhline(0.95, c="k", lw=0.8, ls=":")
    axes.set(xlabel="trial", ylim=(0, 1.1))
    axes.legend()
    figure.savefig(out / "miconi.png")
    assert right[-1] > 0.95 and costs[-1].mean() < costs[0].mean() / 2
    return {"cost": float(costs[-1].mean()), "right": float(right[-1])}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
