"""The benchmarks compute what they say: the workload as a circuit, by hand, and straight from its equations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gpu
from benchmarks.peers.numpy import NumpyPeer
from benchmarks.peers.recircuit import RecircuitPeer
from benchmarks.targets import targets
from benchmarks.workload import MODES, Problem, Settings, distance, draw, expected, products

SETTINGS = Settings(sizes=(7, 6, 5, 4), batch_size=3, steps=12, clamped_from=5, rate=0.1, rows=8)


class OnNumpy(RecircuitPeer):
    """Without a compiler."""

    backend = "numpy"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("peer", [NumpyPeer, OnNumpy])
def test_first_presentations_are_the_same(peer, batch_size: int, mode: str) -> None:
    problem = draw(replace(SETTINGS, batch_size=batch_size))
    simulated = peer(problem, mode)
    for count in (1, 3):  # reset in between, as between samples of the time
        simulated.reset()
        simulated.present(count)
        assert distance(problem, simulated.weights(), expected(problem, count)) < 1e-4


@pytest.mark.parametrize("mode", MODES)
def test_the_ceiling_counts_the_products_of_the_circuit(mode: str) -> None:
    """But for the supervisor's one-to-one projection, and the multiplications of the state equations."""
    peer = OnNumpy(draw(SETTINGS), mode)
    learning_and_products = sum(
        e.operation.work
        for row in peer.table.entries
        for e in row
        if not e.skipped and e.operation.name.startswith(("propagate", "learn")) and "s_to_o" not in e.operation.name
    )
    assert sum(p.work for p in products(SETTINGS, mode)) == learning_and_products


def test_a_problem_survives_its_file(tmp_path: Path) -> None:
    problem = draw(SETTINGS)
    problem.save(tmp_path / "problem.npz")
    again = Problem.load(tmp_path / "problem.npz")
    assert again.settings == problem.settings
    for mine, other in zip(problem.weights + problem.feedback, again.weights + again.feedback, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_targets_of_what_was_measured() -> None:
    row = {"name": "recircuit", "presentations_per_second": 120.0, "share_of_ceiling": 0.9}
    case = {"batch_size": 100, "mode": "every", "rows": [row], "ours_to_best_peer": 1.2, "where_the_time_goes": {}}
    found = targets({"cases": [case]})
    assert [t["ok"] for t in found] == [True, True]
    assert targets({"cases": []}) == []


def test_what_a_gpu_should_show() -> None:
    rates = {"recircuit": 90.0, "cuBLAS alone": 100.0, "PyTorch eager": 30.0}
    parts = {
        "reference": {"rates": {"B = 1000, 784-4096-4096-10, needed": rates, "B = 100, 784-500-500-10, needed": rates}},
        "brian2cuda": {"presentations_per_second": 0.5},
    }
    found = {t["what"]: t["ok"] for t in gpu.targets(parts)}
    assert [ok for what, ok in found.items() if "share of the products" in what or "reference" in what] == [True, True]
    assert [ok for what, ok in found.items() if "eager" in what] == [False] and len(found) == 3
    assert gpu.targets({}) == []
    told = {
        "date": "2026-01-01", "command": "", "machine": {"processor": "p", "processors": 1, "threads": 1, "caches": {}},
        "gpu": {"name": "G"}, "seconds": 1.0, "targets": gpu.targets(parts), "parts": {"build": {"error": "no nvcc"}},
    }  # fmt: skip
    assert "**no nvcc**" in gpu.text(told) and "| NO |" in gpu.text(told)
    assert "recircuit[cuda" in gpu.wheels()
