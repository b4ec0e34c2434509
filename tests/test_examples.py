"""The examples that stand by themselves."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def example(name: str) -> ModuleType:
    """Return an example as a module."""
    found = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_actor_and_critic_find_their_way_through_the_corridor() -> None:
    """Five steps is the shortest way; a random walk takes about twenty-five."""
    took = example("closed_loop").main(episodes=60)
    assert np.mean(took[-20:]) < 8 < np.mean(took[:5])


def test_one_update_of_actor_and_critic() -> None:
    """After a step from state 0 to 1 with reward .5, delta = .5 + .9 V(1) - V(0), for both the states and the actions."""
    net = example("closed_loop").actor_critic(3, 2)
    value, policy = np.array([[0.2, 0.4, 0.1]]), np.zeros((2, 3))
    net["state_to_critic.w"] = value
    states, likely, acted = np.eye(3), np.array([0.3, 0.7]), np.array([1.0, 0.0])
    with net.live() as live:
        live.present({"state": states[0], "reward": 0, "going": 1})
        net["state_to_critic.w"] = value
        net["actor.likely"] = likely[None]
        live.present({"state": states[1], "reward": 0.5, "going": 1, "chosen": acted})
    delta = 0.5 + 0.9 * value[0, 1] - value[0, 0]
    assert np.allclose(net["state_to_critic.w"], value + 0.2 * delta * states[0])
    assert np.allclose(net["state_to_actor.w"], policy + 0.5 * delta * np.outer(acted - likely, states[0]))


def test_an_environment_of_gymnasium() -> None:
    pytest.importorskip("gymnasium", reason="gymnasium is not installed: pip install 'recircuit[gym]'")
    took = example("closed_loop").main("FrozenLake-v1", episodes=3)
    assert len(took) == 3 and min(took) >= 1
    with pytest.raises(SystemExit, match="numbered states and actions"):
        example("closed_loop").main("CartPole-v1", episodes=1)


def test_gymnasium_and_the_loop_of_the_example_are_one_interface() -> None:
    """The corridor, wrapped as an environment of Gymnasium, gives the same episodes as by itself."""
    pytest.importorskip("gymnasium", reason="gymnasium is not installed: pip install 'recircuit[gym]'")
    import gymnasium

    loop = example("closed_loop")

    class Wrapped(gymnasium.Env[Any, Any]):
        observation_space: Any = gymnasium.spaces.Discrete(loop.Corridor.states)
        action_space: Any = gymnasium.spaces.Discrete(loop.Corridor.actions)

        def __init__(self) -> None:
            self.corridor = loop.Corridor()

        def reset(
            self, *, seed: int | None = None, options: dict[str, Any] | None = None
        ) -> tuple[int, dict[str, Any]]:
            super().reset(seed=seed)
            return self.corridor.reset()

        def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
            return self.corridor.step(action)

    gymnasium.register("recircuit/Corridor-v0", entry_point=Wrapped)
    assert loop.main("recircuit/Corridor-v0", episodes=5) == loop.main(episodes=5)
