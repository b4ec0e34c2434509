"""Hebb's rule with delays against a loop over steps and synapses."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_delayed_hebb(example: Callable[[str], ModuleType]) -> None:
    """All weights after two series in each of two elements, and every step of a recall, are those of a loop."""
    module, random, n = example("delayed_hebb"), np.random.default_rng(3), 9
    delays = random.integers(0, 4, (n, n))
    net = module.associative(delays, shown=12, cue=5, free=20)
    series, cues = random.choice([-1.0, 1.0], (4, 12, n)), random.choice([-1.0, 1.0], (2, 5, n))
    net.run(series, mode="learning")
    free = net.run(cues, mode="recall", record=["s.rate"], elements="all")["s.rate"][5:]

    sent = [np.zeros((2, n))] * 4  # what was sent: the last entry is the state before this step
    w = np.zeros((n, n))

    def arriving() -> np.ndarray:
        """Return what each synapse receives, (element, post, pre)."""
        return np.array([[[sent[-1 - d][b, j] for j, d in enumerate(row)] for row in delays] for b in range(2)])

    for first in (0, 2):
        for t in range(12):
            now = series[first : first + 2, t]
            w += 1e-3 * np.mean(now[:, :, None] * arriving(), axis=0) * (1 - np.eye(n))
            sent.append(now)
    assert np.abs(net["s_to_s.w"] - w).max() < 1e-10 and np.abs(w).max() > 3e-3
    sent += list(cues.transpose(1, 0, 2))
    for state in free:
        field = np.sum(w * arriving(), axis=2)
        assert np.all((state == np.sign(field)) | (np.abs(field) < 1e-12))
        sent.append(state)


def test_a_sequence_is_recalled_at_its_rhythm(example: Callable[[str], ModuleType]) -> None:
    """One sequence is easier than two: with 100 units nearly all of it is recalled. Without delays its last pattern stays."""
    module, random = example("delayed_hebb"), np.random.default_rng(5)
    cycle = np.repeat(random.choice([-1.0, 1.0], (1, 5, 100)), 3, axis=1)
    delays = random.integers(0, 9, (100, 100))
    overlaps = module.recalled(delays, cycle)[:, 0]
    assert np.mean(overlaps[np.arange(60), np.tile(np.arange(15), 4)]) > 0.9
    assert np.all(module.recalled(0 * delays, cycle)[:, 0, -1] > 0.9)
