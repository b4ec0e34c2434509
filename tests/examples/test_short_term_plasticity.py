"""Short-term plasticity against a loop written from the papers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_short_term_plasticity(example: Callable[[str], ModuleType]) -> None:
    """Rates change in every step, in three batch elements; resources, their use, and both currents are those of a loop."""
    net = example("short_term_plasticity").one_axon(batch_size=3)
    rates = np.random.default_rng(0).uniform(0, 100, (3, 400, 1))
    net.run({"axon": rates})
    dt, tired, left, u, currents = 0.001, np.ones(3), np.ones(3), np.zeros(3), np.zeros((2, 3))
    released = np.zeros((2, 3))
    for step in range(400):
        use = u * (1 - 0.03) + 0.03
        sent = rates[:, step, 0]
        currents = currents + dt * (released - currents) / 0.003
        # What terminals release takes a step to the cell.
        tired, left, u = (
            tired + dt * ((1 - tired) / 0.8 - 0.5 * tired * sent),
            left + dt * ((1 - left) / 0.13 - use * left * sent),
            u + dt * (-u / 0.53 + 0.03 * (1 - u) * sent),
        )
        released = np.array([0.5 * tired * sent, (u * (1 - 0.03) + 0.03) * left * sent])
    assert np.abs(net["depressing.left"][:, 0] - tired).max() < 1e-10
    assert np.abs(net["facilitating.left"][:, 0] - left).max() < 1e-10
    assert np.abs(net["facilitating.u"][:, 0] - u).max() < 1e-10
    found = np.stack([net["depressing_cell.rate"][:, 0], net["facilitating_cell.rate"][:, 0]])
    assert np.abs(found - currents).max() < 1e-10
    assert tired.max() < 0.2
