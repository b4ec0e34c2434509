"""TD(lambda): actor and critic with eligibility traces, in a closed loop (Sutton 1988; Barto, Sutton and Anderson 1983).

Sutton, R. S. (1988). Learning to predict by the methods of temporal differences. Machine Learning 3, 9-44.
Barto, A. G., Sutton, R. S., and Anderson, C. W. (1983). Neuronlike adaptive elements that can solve difficult learning control
problems. IEEE Transactions on Systems, Man, and Cybernetics 13, 834-846. (The actor is that of Sutton and Barto 2018, 13.6.)

    delta = reward + discount V(now) - V(left),   V = v . state,   chance_a = exp(u_a . state)/sum over b of exp(u_b . state)
    el  <- discount lambda el + left,                                   dv = pace delta el
    el_a <- discount lambda el_a + ((a was done) - chance_a) left,      du_a = pace delta el_a

What is shown: at the end of a corridor there is a reward, and none on the way. With traces, one visit teaches all places on the
way to it, so that the way is found in fewer episodes than with lambda = 0, by which each visit teaches one place more.

Delta and the sum of the exponentials are broadcast; all else is local. An episode begins with ``lasts`` = 0, by which all
traces are forgotten, and ends in a state without features, whose value is 0. Python draws the action, and asks the environment.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import recircuit as rc

DISCOUNT = 0.95
CRITIC = rc.Rule(
    "critic", source="Sutton 1988", traces=("el",), parameters=dict(pace=0.3, keeps=0.9 * DISCOUNT),
    forward="el = going_post*(keeps*el + left_pre)\ndw = pace*delta_post*el",
)  # fmt: skip
ACTOR = rc.Rule(
    "actor", source="Barto, Sutton and Anderson 1983", traces=("el",), parameters=dict(pace=0.3, keeps=0.9 * DISCOUNT),
    forward="el = going_post*(keeps*el + (acted_post - rate_post)*left_pre)\ndw = pace*delta_post*el",
)  # fmt: skip
STATE = rc.Neuron("now : 1\nrate = now : 1\nleft = now : 1 (after act)")
VALUE = rc.Neuron(f"""
    basal  : 1 (compartment)
    gained : 1 (compartment)
    going  : 1 (broadcast)
    delta  : 1 (broadcast)
    value  = basal                             : 1 (after act)
    rate   = gained + {DISCOUNT}*basal - value : 1
""")
ACTION = rc.Neuron("""
    basal : 1 (compartment)
    acted : 1 (compartment)
    going : 1 (broadcast)
    delta : 1 (broadcast)
    total : 1 (broadcast)
    drive = exp(basal) : 1
    rate  = drive/total : 1 (after act)
""")


class Corridor:
    """Places in a row: action 1 goes on, action 0 goes back; at the end there is a reward of 1, and the episode is over."""

    states, actions = 12, 2

    def reset(self, seed: int | None = None) -> tuple[int, dict[str, Any]]:
        """Go to the beginning."""
        self.place, self.steps = 0, 0
        return self.place, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Return the place, the reward, whether the episode is over, and whether it has lasted too long."""
        self.place, self.steps = max(0, self.place + (1 if action else -1)), self.steps + 1
        over = self.place == self.states - 1
        return self.place, float(over), over, self.steps >= 500, {}


def actor_critic(states: int, actions: int, trace: float = 0.9) -> rc.Circuit:
    """Return the circuit; ``trace`` is lambda."""
    net, keeps = rc.Circuit(), trace * DISCOUNT
    state, chosen = net.stimulus("state", states, STATE, clamps="now"), net.stimulus("chosen", actions)
    reward, lasts = net.stimulus("reward", 1), net.stimulus("lasts", 1)
    critic, actor = net.population("critic", 1, VALUE), net.population("actor", actions, ACTION)
    net.population("pool", 1, rc.SummingUnit(actor, sends="drive", told_as="total", during="act"))
    net.connect(state, critic, rule=CRITIC.with_parameters(keeps=keeps), weights=0.0, during="feedforward and act")
    net.connect(state, actor, rule=ACTOR.with_parameters(keeps=keeps), weights=0.0, during="act")
    net.connect(reward, critic, into="gained", weights=1.0, during="feedforward")
    net.connect(chosen, actor, into="acted", weights=1.0, connectivity=rc.OneToOne(), during="feedforward")
    for source, received_as in ((lasts, "going"), (critic, "delta")):
        net.broadcast(source, received_as)
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms, "act", 3 * ms)
    return net


def learn(net: rc.Circuit, environment: Any, episodes: int, seed: int = 0) -> tuple[list[int], list[float]]:
    """Return for each episode how many steps it took, and what it gained."""
    here, done = (np.eye(net.populations[name].size) for name in ("state", "actor"))
    random, found, nothing = np.random.default_rng(seed), [], 0 * done[0]
    with net.live() as live:
        for episode in range(episodes):
            place, _ = environment.reset(seed=seed + episode)
            shown = {"state": here[place], "chosen": nothing, "reward": 0, "lasts": 0}
            over, late, steps, gained = False, False, 0, 0.0
            while not (over or late):
                chance = live.present(shown, read=["actor.rate"])["actor.rate"][0]
                action = int(random.choice(len(done), p=chance / chance.sum()))
                place, gain, over, late, _ = environment.step(action)
                shown = {"state": here[place] * (not over), "chosen": done[action], "reward": gain, "lasts": 1}
                steps, gained = steps + 1, gained + gain
            live.present(shown, read=[])
            found.append((steps, gained))
    return [steps for steps, _ in found], [gained for _, gained in found]


def elsewhere(name: str, episodes: int) -> None:
    """Learn in an environment of Gymnasium."""
    import gymnasium

    environment: Any = gymnasium.make(name)
    net = actor_critic(int(environment.observation_space.n), int(environment.action_space.n))
    _, gains = learn(net, environment, episodes)
    print(f"{name}: {np.mean(gains[-100:]):.2f} gained in the mean of the last of {episodes} episodes")


def main(out: Path = Path("."), episodes: int = 80, repeats: int = 3) -> dict[float, list[float]]:
    """Learn in the corridor with and without traces; print how long episodes took, and draw it."""
    figure, steps = Figure(figsize=(6, 3.6), layout="constrained"), {}
    for trace in (0.0, 0.9):
        nets = [actor_critic(Corridor.states, Corridor.actions, trace) for _ in range(repeats)]
        steps[trace] = np.mean([learn(net, Corridor(), episodes, k)[0] for k, net in enumerate(nets)], axis=0).tolist()
        first, then, last = (np.mean(steps[trace][part]) for part in (slice(10), slice(10, 20), slice(-10, None)))
        print(f"lambda = {trace}: {first:.0f} steps in the mean of the first ten episodes, {then:.0f} in that of the next ten, "
              f"and {last:.1f} in that of the last ten (the way is 11 steps long)")  # fmt: skip
    axes = figure.subplots()
    for trace, taken in steps.items():
        axes.semilogy(taken, label=f"lambda = {trace}")
    axes.axhline(Corridor.states - 1, c="k", lw=0.8, ls=":", label="shortest way")
    axes.set(xlabel="episode", ylabel="steps to the reward, mean of the repeats")
    axes.legend()
    figure.savefig(out / "td_lambda.png")
    assert np.mean(steps[0.9][-10:]) < 20 and np.mean(steps[0.9][10:20]) < np.mean(steps[0.0][10:20])
    return steps


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="", help="an environment of Gymnasium, such as FrozenLake-v1")
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    parser.add_argument("--episodes", type=int, default=80)
    given = parser.parse_args()
    elsewhere(given.name, given.episodes) if given.name else main(given.out, given.episodes)
