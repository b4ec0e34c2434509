"""Rules whose network has several modes are trained in all of them by the command line, in opened runs and in sweeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from typer.testing import CliRunner

import recircuit as rc
from recircuit.cli.application import app
from recircuit.models.sweeps.jobs import perform, training_jobs

OPTIONS = {"layers": "64-6-10", "backend": "numpy", "batch_size": "100"}
CALL = [word for name, value in OPTIONS.items() for word in (f"--{name.replace('_', '-')}", value)]


def trained(folder: Path, epochs: int) -> rc.Checkpoint:
    call = ["train", "digits", "--rule", "weight_mirror", "--epochs", str(epochs), "--out", str(folder), *CALL]
    CliRunner().invoke(app, call, catch_exceptions=False)
    return rc.Checkpoint.load(folder / "weights.safetensors")


def test_an_opened_run_goes_on_in_all_modes(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole", 2)
    trained(tmp_path / "half", 1)
    run = rc.load_run(tmp_path / "half")
    assert len(run.circuit.modes) == 2
    run.train(2, progress=False)
    there = rc.Checkpoint.load(tmp_path / "half" / "weights.safetensors")
    assert [key for key, values in whole.state.items() if not np.array_equal(there.state[key], values)] == []


def test_a_sweep_trains_in_all_modes(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole", 1).about.rows[-1]
    (job,) = training_jobs("digits", {"rule": ["weight_mirror"]}, [0], epochs=1, **OPTIONS)
    swept = perform(job.payload)["rows"][-1]
    assert [swept[name] for name in ("test_error", "h1_angle")] == [whole[name] for name in ("test_error", "h1_angle")]
