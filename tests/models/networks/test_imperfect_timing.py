"""Networks whose time is not ideal, and the experiment that makes it worse step by step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quick_runs import quick_run
from typer.testing import CliRunner

import recircuit as rc
from recircuit.cli.application import app
from recircuit.errors import UsageError
from recircuit.models.experiments.amit2019.protocols import one_class_at_a_time, sorted_in_stretches
from recircuit.models.networks.imperfect_timing import Timing, timed


def test_quick_run_holds_all_its_checks(tmp_path: Path) -> None:
    quick_run("amit-protocols", tmp_path)
    runs = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "runs").iterdir()}
    again = CliRunner().invoke(app, ["reproduce", "amit-protocols", "--quick", "--out", str(tmp_path)])
    assert again.exit_code == 0 and {p.name: p.stat().st_mtime_ns for p in (tmp_path / "runs").iterdir()} == runs


def test_a_gate_without_jitter_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=(6, 5)), "s": rng.integers(0, 3, 6)}
    nets = [timed((5, 4, 3), rc.urfb, t, batch_size=2, seed=1) for t in (Timing(), Timing(jitter=1e-9))]
    nets[1]["timer.due"] = Timing().windows(2)[1] - 1.0  # of the first presentation; later ones are drawn
    for net in nets:
        net.run(data, presentations=3)
    for name in ("x_to_h1.w", "h1_to_o.w", "o_to_h1.w"):
        np.testing.assert_allclose(*(net[name] for net in nets), rtol=1e-6)


def test_the_gate_opens_once_a_presentation_at_a_jittered_moment() -> None:
    net = timed((5, 4, 3), rc.urfb, Timing(jitter=1.0), batch_size=1, seed=2)
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=(60, 5)), "s": rng.integers(0, 3, 60)}
    trace = net.run(data, presentations=60, record=["timer.rate"])["timer.rate"].reshape(60, -1)
    assert np.all(trace.sum(axis=1)[1:] == 1)
    late = (trace[1:].argmax(axis=1) - 21 + 11) % 22 - 11  # it is on a step before the gate opens, of 23
    assert abs(late.mean()) < 1 and 1.3 < late.std() < 2.8  # a standard deviation of 2 steps


def test_timing_in_windows() -> None:
    windows, moment = Timing(tau=2, settling=2).windows(3)
    assert windows["feedforward"] == (0, 12) and windows["feedback"] == (16, 24) and moment == 24
    windows, moment = Timing(tau=2, settling=2, overlap=1.5).windows(3)
    assert windows["onset"] == (0, 3) and windows["late"] == (0, 2) and windows["feedback"] == (16, 22) and moment == 2
    with pytest.raises(UsageError, match="expected tau"):
        Timing(settling=0)


# ---- what is shown when --------------------------------------------------------------------------------------------


def test_stretches_hold_the_same_samples_sorted() -> None:
    labels = np.random.default_rng(0).integers(0, 10, 600)
    order = np.random.default_rng(1).permutation(600).astype(np.int32).reshape(-1, 20)
    found = sorted_in_stretches(order, labels, 200)
    assert found.shape == order.shape
    for k in range(0, 600, 200):
        before, after = order.ravel()[k : k + 200], found.ravel()[k : k + 200]
        assert set(before) == set(after) and np.all(np.diff(labels[after]) >= 0)


def test_classes_come_one_at_a_time_with_a_share_of_earlier_ones() -> None:
    labels = np.random.default_rng(0).integers(0, 5, 1000)
    alone, refreshed = (one_class_at_a_time(labels, share, 20, 3) for share in (0.0, 0.25))
    rows = alone[alone >= 0]
    assert sorted(rows) == list(range(1000)) and np.all(np.diff(labels[rows]) >= 0)
    rows = refreshed[refreshed >= 0]
    last = rows[np.flatnonzero(labels[rows] == 4)[0] :]
    assert np.mean(labels[last] < 4) == pytest.approx(0.25, abs=0.03)
