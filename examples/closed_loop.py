"""Actor and critic: they learn in a closed loop, without eligibility traces (Barto, Sutton and Anderson 1983).

Barto, A. G., Sutton, R. S., and Anderson, C. W. (1983). Neuronlike adaptive elements that can solve difficult learning control
problems. IEEE Transactions on Systems, Man, and Cybernetics 13, 834-846.

    delta = reward + discount V(now) - V(left),   dv = .2 delta left,   du_a = .5 delta ((a was done) - chance_a) left

The circuit holds all that the method needs: the critic's value of the state that was left, the reward prediction error
delta = reward + discount*value - value before, and rules that are local except for delta, which is broadcast. Python draws the
action and asks the environment. What is shown: in a corridor, whose end is 5 steps away, episodes of chance last about 25
steps; after 60 episodes they are to last less than 8 on average over 20. (`td_lambda.py` has the same with traces.)

    python examples/closed_loop.py                 a corridor, which is a part of this file
    python examples/closed_loop.py FrozenLake-v1   an environment of Gymnasium (pip install 'recircuit[gym]')
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import recircuit as rc

DISCOUNT = 0.9
#: dw = rate * delta * (what the unit is responsible for) * (the state that was left)
CRITIC = rc.Rule(
    "critic", source="Barto et al. 1983", forward="dw = rate*delta_post*left_pre", parameters=dict(rate=0.2)
)
ACTOR = rc.Rule(
    "actor", source="Barto et al. 1983", forward="dw = rate*error_post*delta_post*left_pre", parameters=dict(rate=0.5)
)


class Corridor:
    """Places in a row: action 1 goes on, action 0 goes back; at the end there is a reward of 1, and the episode is over."""

    states, actions = 6, 2

    def reset(self, seed: int | None = None) -> tuple[int, dict[str, Any]]:
        """Go to the beginning."""
        self.place, self.steps = 0, 0
        return self.place, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Return the place, the reward, whether the episode is over, and whether it has lasted too long."""
        self.place, self.steps = max(0, self.place + (1 if action else -1)), self.steps + 1
        over = self.place == self.states - 1
        return self.place, float(over), over, self.steps >= 200, {}


def actor_critic(states: int, actions: int, seed: int = 0) -> rc.Circuit:
    """Return a circuit into which states come one by one; its critic has one unit, and its actor one for each action.

    In the phase `remember` both see the state once more, by weights that have just changed.
    """
    net = rc.Circuit(seed=seed)
    state = net.stimulus(
        "state", states, rc.Neuron("now : 1\nrate = now : 1\nleft = now : 1 (during remember)"), clamps="now"
    )
    reward, going = net.stimulus("reward", 1), net.stimulus("going", 1)
    chosen = net.stimulus("chosen", actions)
    critic = net.population("critic", 1, rc.Neuron(
        "basal : 1 (compartment)\ngained : 1 (compartment)\ngoes_on : 1 (compartment)\nrate = basal*goes_on : 1\n"
        f"value = basal : 1 (during remember)\ndelta = gained + {DISCOUNT}*rate - value : 1 (during feedforward)"
    ))  # fmt: skip
    surprise = net.population("surprise", 1, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1"))
    actor = net.population("actor", actions, rc.Neuron(
        "basal : 1 (compartment)\nacted : 1 (compartment)\ndelta : 1 (broadcast)\nrate = basal : 1\n"
        "likely : 1\nerror = acted - likely : 1"
    ))  # fmt: skip
    net.connect(reward, critic, into="gained", weights=1.0)
    net.connect(going, critic, into="goes_on", weights=1.0)
    net.connect(critic, surprise, sends="delta", weights=1.0)
    net.connect(chosen, actor, into="acted", weights=1.0, connectivity=rc.OneToOne())
    net.broadcast(surprise, "delta")
    net.connect(state, critic, rule=CRITIC, weights=0.0, during="feedforward and remember")
    net.connect(state, actor, rule=ACTOR, weights=0.0, during="feedforward and remember")
    net.phases("feedforward", 3 * ms, "plasticity", 1 * ms, "remember", 1 * ms)
    return net


def learn(net: rc.Circuit, environment: Any, episodes: int, seed: int = 0, backend: str = "numpy") -> list[int]:
    """Return how many steps each episode took."""
    one_hot, choices = (np.eye(net.populations[name].size) for name in ("state", "actor"))
    random, lengths = np.random.default_rng(seed), []
    with net.live(backend=backend) as live:
        for episode in range(episodes):
            place, _ = environment.reset(seed=seed + episode)
            # The first state of an episode is only remembered: nothing was left for it.
            net["state.left"] = 0
            net["critic.value"] = 0
            given = {"state": one_hot[place], "reward": 0, "going": 1, "chosen": 0 * choices[0]}
            preferences = live.present(given, read=["actor.rate"])["actor.rate"][0]
            over = late = False
            steps = 0
            while not (over or late):
                likely = np.exp(preferences - preferences.max())
                likely /= likely.sum()
                action = int(random.choice(len(choices), p=likely))
                place, gain, over, late, _ = environment.step(action)
                net["actor.likely"] = likely[None]
                given = {"state": one_hot[place], "reward": gain, "going": float(not over), "chosen": choices[action]}
                preferences = live.present(given, read=["actor.rate"])["actor.rate"][0]
                steps += 1
            lengths.append(steps)
    return lengths


def main(name: str = "", episodes: int = 100) -> list[int]:
    """Learn in the corridor, or in the environment of Gymnasium that is named."""
    if not name:
        return learn(actor_critic(Corridor.states, Corridor.actions), Corridor(), episodes)
    import gymnasium

    environment = gymnasium.make(name)
    spaces: Any = environment.observation_space, environment.action_space
    if not all(isinstance(space, gymnasium.spaces.Discrete) for space in spaces):
        sys.exit(
            f"{name} has {spaces[0]} and {spaces[1]}; this example needs numbered states and actions, as FrozenLake-v1."
        )
    return learn(actor_critic(int(spaces[0].n), int(spaces[1].n)), environment, episodes)


def draw(took: list[int], name: str) -> Figure:
    """Draw the lengths of the episodes."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    ax = figure.subplots()
    ax.plot(np.arange(1, len(took) + 1), took)
    ax.set(xlabel="episode", ylabel="steps", ylim=(0, None), title=name or "corridor; line: shortest way")
    if not name:
        ax.axhline(Corridor.states - 1, c="k", lw=0.8, ls=":")
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="", help="an environment of Gymnasium, such as FrozenLake-v1")
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    given = parser.parse_args()
    took = main(given.name)
    print("steps of an episode, ten at a time:", [float(np.mean(took[k : k + 10])) for k in range(0, len(took), 10)])
    draw(took, given.name).savefig(given.out / "closed_loop.png")
    assert given.name or np.mean(took[60:80]) < 8
