"""Actor and critic with eligibility traces against a loop written from the book."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def loop(module: ModuleType, episodes: int, trace: float, seed: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Sutton and Barto 2018, section 13.6, but for the power of the discount, and with one pace for both."""
    environment, random, keeps = module.Corridor(), np.random.default_rng(seed), trace * module.DISCOUNT
    states, actions = environment.states, environment.actions
    v, u, lengths = np.zeros(states), np.zeros((actions, states)), []
    for _ in range(episodes):
        place, _ = environment.reset()
        ev, eu, over, steps = np.zeros(states), np.zeros((actions, states)), False, 0
        while not over:
            x = np.eye(states)[place]
            chance = np.exp(u @ x) / np.exp(u @ x).sum()
            action = int(random.choice(actions, p=chance / chance.sum()))
            place, reward, over, late, _ = environment.step(action)
            delta = reward + module.DISCOUNT * v[place] * (not over) - v @ x
            ev = keeps * ev + x
            eu = keeps * eu + np.outer(np.eye(actions)[action] - chance, x)
            v, u, steps = v + 0.3 * delta * ev, u + 0.3 * delta * eu, steps + 1
            over = over or late
        lengths.append(steps)
    return v, u, lengths


def test_td_lambda(example: Callable[[str], ModuleType]) -> None:
    module = example("td_lambda")
    for trace in (0.0, 0.9):
        net = module.actor_critic(module.Corridor.states, module.Corridor.actions, trace)
        lengths, _ = module.learn(net, module.Corridor(), 8, seed=2)
        v, u, expected = loop(module, 8, trace, seed=2)
        assert lengths == expected and sum(lengths) > 300
        assert np.abs(net["state_to_critic.w"][0] - v).max() < 1e-10
        assert np.abs(net["state_to_actor.w"] - u).max() < 1e-10
        assert np.abs(v).max() > 0.1 < np.abs(u).max()
