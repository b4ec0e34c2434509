"""Fast weights against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize("rule", ["FAST", "SHARED"])
def test_fast_weights(example: Callable[[str], ModuleType], rule: str) -> None:
    module, pairs = example("fast_weights"), 5
    net = module.memory(6, 4, pairs, 3, getattr(module, rule))
    shown = module.sequences(60, pairs, 6, 4)
    trace = net.run(shown, record=["unit.basal"], elements="all")
    recalled = trace["unit.basal"].reshape(20, 1 + 2 * pairs, 3, 4)[:, 1 + pairs :]
    fast = np.zeros((4, 6))
    for sample, (keys, values) in enumerate(zip(shown["key"], shown["value"])):
        if rule == "FAST":  # each sequence has a matrix of its own
            others = [(keys, values)]
        else:  # three sequences share the mean of theirs
            three = slice(sample - sample % 3, sample - sample % 3 + 3)
            others = [*zip(shown["key"][three], shown["value"][three])]
        fast = np.zeros((4, 6))  # forgotten before each sequence
        for step in range(pairs):
            fast = 0.95 * fast + np.mean([np.outer(v[step], k[step]) for k, v in others], axis=0)
        wanted = keys[:pairs] @ fast.T
        assert np.abs(recalled[sample // 3, :, sample % 3] - wanted).max() < 1e-10
        attention = [  # the same, as the source writes it: the past, weighed by how much it is like the present
            sum(0.95 ** (pairs - 1 - t) * v[t] * (k[t] @ key) for t in range(pairs) for k, v in others) / len(others)
            for key in keys[:pairs]
        ]
        assert np.abs(np.array(attention) - wanted).max() < 1e-10
    of_last = net["memory.fast"][2] if rule == "FAST" else net["memory.fast"]
    assert np.abs(of_last - fast).max() < 1e-10 and np.abs(fast).max() > 0.2
