"""Actor and critic with eligibility traces against a loop written from the book."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest


def loop(
    module: ModuleType, environment: Any, size: tuple[int, int], episodes: int, trace: float, seed: int
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Learn as in Sutton and Barto 2018, section 13.6, without the power of the discount, and with one rate for both."""
    random, keeps, (states, actions) = np.random.default_rng(seed), trace * module.DISCOUNT, size
    v, u, lengths = np.zeros(states), np.zeros((actions, states)), []
    for episode in range(episodes):
        place, _ = environment.reset(seed=seed + episode)
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
        size = module.Corridor.states, module.Corridor.actions
        v, u, expected = loop(module, module.Corridor(), size, 8, trace, seed=2)
        assert lengths == expected and sum(lengths) > 300
        assert np.abs(net["state_to_critic.w"][0] - v).max() < 1e-10
        assert np.abs(net["state_to_actor.w"] - u).max() < 1e-10
        assert np.abs(v).max() > 0.1 < np.abs(u).max()


def test_td_lambda_in_an_environment_of_gymnasium(example: Callable[[str], ModuleType]) -> None:
    """The circuit and the loop act in the same way, since their weights are the same after every step."""
    gymnasium = pytest.importorskip("gymnasium", reason="gymnasium is not installed: pip install 'recircuit[gym]'")
    module = example("td_lambda")
    net = module.actor_critic(16, 4)
    lengths, gains = module.learn(net, gymnasium.make("FrozenLake-v1", is_slippery=False), 40, seed=2)
    environment = gymnasium.make("FrozenLake-v1", is_slippery=False)
    v, u, expected = loop(module, environment, (16, 4), 40, 0.9, seed=2)
    assert lengths == expected and sum(gains) > 0
    assert np.abs(net["state_to_critic.w"][0] - v).max() < 1e-10 and np.abs(v).max() > 0.01
    assert np.abs(net["state_to_actor.w"] - u).max() < 1e-10
