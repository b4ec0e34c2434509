"""Three-factor rule: an eligibility trace lets a late reward teach (Williams 1992; Frémaux and Gerstner 2016).

Williams, R. J. (1992). Simple statistical gradient-following algorithms for connectionist reinforcement learning. Machine
Learning 8, 229-256. Frémaux, N. and Gerstner, W. (2016). Neuromodulated spike-timing-dependent plasticity, and theory of
three-factor learning rules. Front. Neural Circuits 9, 85.

    a_i ~ Bernoulli(p_i),   p_i = 1/(1 + exp(-sum over j of w_ij x_j))          a unit acts at random
    e_ij = (1 - 1/tau) e_ij + (a_i - p_i) x_j                                  the eligibility decays in every step
    dw_ij = rate (reward - expected reward) e_ij                               the third factor, which all synapses read

What is shown: four units see a pattern, and act once. The pattern is gone when the reward comes, 10 steps later. The reward
is the fraction of units that were right, and no unit knows whether it was one of these. The units learn to be right. A
trace that is forgotten within one step (tau = 1) teaches nothing: the reward stays at chance, which is one half.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

ALWAYS = "cue and act and wait and told and rest"
THREE_FACTOR = rc.Rule(
    "three-factor",
    source="Williams 1992; Fremaux and Gerstner 2016",
    forward="""
        el = (1 - 1/tau)*el + surprise_post*x_pre
        dw = rate*delta*el
    """,
    traces=("el",),
    broadcasts=("delta",),
    parameters=dict(rate=2.0, tau=20.0),
)
ACTOR = rc.Neuron(f"""
    basal  : 1 (compartment)
    wanted : 1 (compartment)
    delta  : 1 (broadcast)
    chance   = 1/(1 + exp(-basal))          : 1 (after cue)
    rate     = int(rand() < 1/(1 + exp(-basal))) : 1 (after cue)
    surprise = in_act*(rate - chance)       : 1 (during {ALWAYS})
    right    = 1 - abs(rate - wanted)       : 1
""")
CRITIC = rc.Neuron(
    f"""
    reward   : 1 (compartment)
    rate     = in_told*(reward - expected)           : 1 (during {ALWAYS})
    expected = expected + pace*(reward - expected)   : 1 (shared, during told)
    """,
    pace=0.05,
)


def three_factor(
    inputs: int, units: int, rule: rc.Rule = THREE_FACTOR, delay: int = 10, batch_size: int = 10, seed: int = 0
) -> rc.Circuit:
    """Return a circuit of units that act, and a unit that sends all synapses the reward minus the expected reward."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    x = net.stimulus("x", inputs, during="cue and act", closed="zero")
    wanted = net.target("wanted", units, during="wait and told")
    actor, critic = net.population("actor", units, ACTOR), net.population("critic", 1, CRITIC)
    net.broadcast(critic, "delta", during=ALWAYS)
    net.connect(x, actor, rule=rule, weights=0.0, during="cue", learns=ALWAYS)
    net.connect(wanted, actor, into="wanted", weights=1.0, connectivity=rc.OneToOne(), during="wait and told")
    net.connect(actor, critic, into="reward", sends="right", weights=1 / units, during="told")
    net.phases("cue", 1 * ms, "act", 1 * ms, "wait", delay * ms, "told", 1 * ms, "rest", 1 * ms)
    return net


def task(patterns: int, inputs: int, units: int, seed: int = 3) -> tuple[NDArray, NDArray]:
    """Return random patterns of length 1, and which units have to act for each."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(patterns, inputs))
    return x / np.linalg.norm(x, axis=1, keepdims=True), random.integers(2, size=(patterns, units)).astype(float)


def learn(rule: rc.Rule, blocks: int, inputs: int = 20, units: int = 4) -> NDArray[np.float64]:
    """Return the mean reward in each block of 50 presentations of ten patterns."""
    x, wanted = task(10, inputs, units)
    net, rewards = three_factor(inputs, units, rule), []
    for _ in range(blocks):
        shown = np.tile(np.arange(10), (50, 1))
        trace = net.run({"x": x, "wanted": wanted}, 50, order=shown, record=["critic.reward"], elements="all")
        rewards.append(trace["critic.reward"].reshape(50, -1, 10)[:, -1].mean())
    return np.array(rewards)


def main(out: Path = Path("."), blocks: int = 60) -> dict[str, float]:
    """Learn with the trace and without, print the rewards of the last ten blocks, and draw all of them."""
    rewards = {
        "trace of 20 steps": learn(THREE_FACTOR, blocks),
        "trace of 1 step": learn(THREE_FACTOR.with_parameters(tau=1.0), blocks),
    }
    last = {name: float(values[-10:].mean()) for name, values in rewards.items()}
    for name, value in last.items():
        print(f"{name:18} mean reward {value:.3f} (chance: 0.5, best: 1)")
    draw(rewards).savefig(out / "three_factor.png")
    assert last["trace of 20 steps"] > 0.95 and abs(last["trace of 1 step"] - 0.5) < 0.02
    return last


def draw(rewards: dict[str, NDArray]) -> Figure:
    """Draw rewards over presentations."""
    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    ax = figure.subplots()
    for name, values in rewards.items():
        ax.plot(50 * np.arange(1, len(values) + 1), values, label=name)
    ax.set(xlabel="presentations of each of the ten patterns", ylabel="mean reward", ylim=(0.4, 1.02))
    ax.legend()
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
