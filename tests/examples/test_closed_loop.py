"""Actor and critic without traces, in a closed loop, against a loop written from the equations."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest


def loop(environment: Any, size: tuple[int, int], episodes: int, seed: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The equations of the example: the value of the end is 0, and both weights follow the same surprise."""
    random, (states, actions) = np.random.default_rng(seed), size
    v, u, lengths = np.zeros(states), np.zeros((actions, states)), []
    for episode in range(episodes):
        left, _ = environment.reset(seed=seed + episode)
        over, steps = False, 0
        while not over:
            chance = np.exp(u[:, left]) / np.exp(u[:, left]).sum()
            action = int(random.choice(actions, p=chance / chance.sum()))
            now, reward, over, late, _ = environment.step(action)
            delta = reward + 0.9 * v[now] * (not over) - v[left]
            v[left] += 0.2 * delta
            u[:, left] += 0.5 * delta * (np.eye(actions)[action] - chance)
            left, steps, over = now, steps + 1, over or late
        lengths.append(steps)
    return v, u, lengths


def compared(module: ModuleType, make: Callable[[], Any], size: tuple[int, int], episodes: int) -> list[int]:
    """The lengths of episodes, which are those of the loop, as are all weights at the end."""
    net = module.actor_critic(*size)
    lengths = module.learn(net, make(), episodes, seed=2)
    v, u, expected = loop(make(), size, episodes, seed=2)
    assert lengths == expected
    assert np.abs(net["state_to_critic.w"][0] - v).max() < 1e-10
    assert np.abs(net["state_to_actor.w"] - u).max() < 1e-10
    assert np.abs(v).max() > 0.1 < np.abs(u).max()
    return lengths


def test_the_whole_loop(example: Callable[[str], ModuleType]) -> None:
    """Episodes and weights after more than 300 steps, of which some leave the actor where it is."""
    module = example("closed_loop")
    assert sum(compared(module, module.Corridor, (module.Corridor.states, module.Corridor.actions), 40)) > 300


def test_the_whole_loop_in_an_environment_of_gymnasium(example: Callable[[str], ModuleType]) -> None:
    gymnasium = pytest.importorskip("gymnasium", reason="gymnasium is not installed: pip install 'recircuit[gym]'")
    compared(example("closed_loop"), lambda: gymnasium.make("FrozenLake-v1", is_slippery=False), (16, 4), 60)


def test_actor_and_critic_find_their_way_through_the_corridor(example: Callable[[str], ModuleType]) -> None:
    """Five steps is the shortest way; a random walk takes about twenty-five."""
    took = example("closed_loop").main(episodes=60)
    assert np.mean(took[-20:]) < 8 < np.mean(took[:5])


def test_an_environment_of_gymnasium(example: Callable[[str], ModuleType]) -> None:
    pytest.importorskip("gymnasium", reason="gymnasium is not installed: pip install 'recircuit[gym]'")
    took = example("closed_loop").main("FrozenLake-v1", episodes=3)
    assert len(took) == 3 and min(took) >= 1
    with pytest.raises(SystemExit, match="numbered states and actions"):
        example("closed_loop").main("CartPole-v1", episodes=1)


def test_gymnasium_and_the_loop_of_the_example_are_one_interface(example: Callable[[str], ModuleType]) -> None:
    """The corridor, wrapped as an environment of Gymnasium, gives the same episodes as by itself."""
    pytest.importorskip("gymnasium", reason="gymnasium is not installed: pip install 'recircuit[gym]'")
    import gymnasium

    module = example("closed_loop")

    class Wrapped(gymnasium.Env[Any, Any]):
        observation_space: Any = gymnasium.spaces.Discrete(module.Corridor.states)
        action_space: Any = gymnasium.spaces.Discrete(module.Corridor.actions)

        def __init__(self) -> None:
            self.corridor = module.Corridor()

        def reset(
            self, *, seed: int | None = None, options: dict[str, Any] | None = None
        ) -> tuple[int, dict[str, Any]]:
            super().reset(seed=seed)
            return self.corridor.reset()

        def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
            return self.corridor.step(action)

    gymnasium.register("recircuit/Corridor-v0", entry_point=Wrapped)
    assert module.main("recircuit/Corridor-v0", episodes=5) == module.main(episodes=5)
