"""Long runs in the background: they go on where they were stopped or killed, here or from a small file elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import recircuit as rc
from benchmarks.results import under_way
from recircuit.models.experiments import EXPERIMENTS, Check, Experiment, Settings
from recircuit.models.experiments.framework.experiment import Report
from recircuit.models.experiments.framework.saved_runs import each, kept
from recircuit.models.experiments.framework.training_runs import resumable, trained
from recircuit.models.training.run_files import RunFiles
from tools.long_runs.compact import LIMIT, pack, unpack
from tools.long_runs.rows import ROWS, Row, in_turn
from tools.long_runs.runner import ROOT, UNFINISHED, Keeper, go

EPOCHS = 4
ROW = Row("digits-again", 2, EPOCHS, 1, "numpy")


def run(settings: Settings) -> Report:
    """Run URFB on digits, in batches of 100."""
    data, epochs = rc.load("digits"), settings.epochs or 1

    def one(name: str, width: int, seed: int) -> dict[str, Any]:
        net = rc.layered([64, width, 10], "urfb", batch_size=100, seed=seed)
        out = resumable(settings, f"{name}-{seed}", {"seed": seed}, epochs)
        history = trained(settings, net, data, epochs, label=f"{name}, seed {seed}", out=out)
        return {"test": history["test_error"].tolist()}

    found = each(settings, {"URFB": 30}, lambda width: {"width": width, "epochs": epochs}, one)
    errors = [run["test"][-1] for run in found["URFB"]]
    return Report([Check("test error", float(np.mean(errors)), "<=", 0.9)], Figure(figsize=(1, 1)))


EXPERIMENT = Experiment("digits-again", "none", "Digits are learned.", run, shortens=True, keeps=True)


def go_on(folder: Path, report: Callable[[str], object] = lambda text: None, row: Row = ROW) -> None:
    """Run what a row lacks, as the command does."""
    for _, seed in in_turn([row]):
        if not row.has(seed, folder):
            go(row, EXPERIMENT, seed, folder, report)


def whole(folder: Path) -> dict[str, Any]:
    """Return the curves of a row that was not stopped."""
    go_on(folder)
    return curves(folder)


def curves(folder: Path) -> dict[str, Any]:
    paths = (folder / ROW.id / "runs").glob("*.json")
    return {path.name: json.loads(path.read_text())["found"] for path in paths}


def seeds_of_result(folder: Path) -> list[int]:
    return json.loads((folder / ROW.id / "result.json").read_text())["seeds"]


def stop_at(text: str) -> Any:
    def message(line: str) -> None:
        if text in line:
            raise KeyboardInterrupt

    return message


def test_a_row_that_was_stopped_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    stopped = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        go_on(stopped, stop_at("seed 1, epoch 3"))
    runs = stopped / ROW.id / UNFINISHED / "runs"
    assert {path.name for path in runs.iterdir()} == {"URFB-1", "URFB-1.packed"}
    assert ROW.has(0, stopped) and not ROW.has(1, stopped) and not ROW.finished(stopped)
    assert seeds_of_result(stopped) == [0] and list(curves(stopped)) == ["URFB-0.json"]
    go_on(stopped)
    assert curves(stopped) == whole(tmp_path / "whole") and seeds_of_result(stopped) == [0, 1]
    assert ROW.finished(stopped) and not runs.exists()
    assert not replace(ROW, epochs=EPOCHS + 1).finished(stopped)
    assert not replace(ROW, seeds=3).finished(stopped)


def test_a_longer_result_of_one_seed_replaces_a_shorter_one_and_a_shorter_row_is_not_run(tmp_path: Path) -> None:
    go_on(tmp_path)
    longer = replace(ROW, seeds=1, epochs=EPOCHS + 1)
    go_on(tmp_path, row=longer)
    assert longer.finished(tmp_path) and seeds_of_result(tmp_path) == [0]
    assert {name: len(found["test"]) for name, found in curves(tmp_path).items()} == {"URFB-0.json": EPOCHS + 1}
    go_on(tmp_path, stop_at("seed 0"), replace(ROW, seeds=1))
    assert seeds_of_result(tmp_path) == [0] and not (tmp_path / ROW.id / UNFINISHED).exists()


def test_all_rows_are_run_from_one_seed_before_any_is_run_from_the_next() -> None:
    one, two = Row("a", 1, None, 1), Row("b", 2, None, 1)
    assert in_turn([one, two]) == [(one, 0), (two, 0), (two, 1)]
    assert [row for row, seed in in_turn(ROWS) if seed == 0] == list(ROWS) and in_turn([]) == []


def test_another_machine_goes_on_from_what_is_committed(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        go_on(tmp_path / "here", stop_at("seed 1, epoch 3"))
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    shutil.rmtree(tmp_path / "there" / ROW.id / UNFINISHED / "runs" / "URFB-1")
    assert list(under_way(tmp_path / "there" / ROW.id)) == ["- Further runs are under way: URFB-1 (2 epochs)"]
    seen: list[str] = []
    go_on(tmp_path / "there", seen.append)
    assert [line.split(" ", 1)[1] for line in seen] == [f"URFB, seed 1, epoch {k} of {EPOCHS}" for k in (3, 4)]
    here, whole_run = curves(tmp_path / "there"), whole(tmp_path / "whole")
    assert here["URFB-0.json"] == whole_run["URFB-0.json"]
    assert here["URFB-1.json"]["test"][:2] == whole_run["URFB-1.json"]["test"][:2]
    assert here["URFB-1.json"]["test"] == pytest.approx(whole_run["URFB-1.json"]["test"], abs=0.02)


@pytest.mark.parametrize("about", [{"seed": 0}, {"seed": 0, "epochs": 1}])
def test_a_checkpoint_is_left_only_for_a_longer_run_that_can_go_on_from_it(
    about: dict[str, Any], tmp_path: Path
) -> None:
    settings, made = Settings(out=tmp_path), []

    def compute() -> dict[str, Any]:
        out = resumable(settings, "URFB-0", about, 1)
        net = rc.layered([64, 5, 10], "urfb", batch_size=100)
        made.append(trained(settings, net, rc.load("digits"), 1, label="URFB", out=out)["test_error"].tolist())
        return {"test": made[-1]}

    runs, folder = tmp_path / "runs", tmp_path / "runs" / "URFB-0"
    found = kept(settings, "URFB-0", {**about, "epochs": 1}, compute)
    assert {path.name for path in runs.iterdir()} == {"URFB-0.json", *(["URFB-0"] if "epochs" not in about else [])}
    folder.mkdir(exist_ok=True)  # as after a kill between the result and what is removed
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    assert kept(settings, "URFB-0", {**about, "epochs": 1}, compute) == found and len(made) == 1
    assert folder.exists() == ("epochs" not in about)


def test_a_packed_file_goes_with_the_run_that_is_finished(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    for name in ("FA-0.json", "FA-0.packed", "FA-1.packed"):
        (runs / name).write_text("{}", encoding="utf-8")
    Keeper(tmp_path).pack()
    assert {path.name for path in runs.iterdir()} == {"FA-0.json", "FA-1.packed"}


@pytest.mark.parametrize("limit", [LIMIT, 20_000])
def test_a_packed_run_has_the_weights_to_its_bits_and_fits(limit: int, tmp_path: Path) -> None:
    net = rc.layered([64, 200, 10], "urfb", batch_size=20, seed=1)
    out = RunFiles(tmp_path / "a", files={"about.json": b"{}"})
    rc.train(net, rc.load("digits"), 1, backend="numpy", out=out, progress=False)
    content = pack(tmp_path / "a", limit)
    assert content is not None and len(content) <= limit
    unpack(content, tmp_path / "b")
    found = rc.Checkpoint.load(tmp_path / "b" / "weights.safetensors").state
    step = 2.0**-15 if limit == LIMIT else 2.0**-4
    for name, value in net.state().items():
        kept = found[name]
        if name.startswith(("x.", "h1.")) and value.size > 1000:  # what the units hold
            assert kept.shape == value.shape and not kept.any()
        else:
            np.testing.assert_allclose(kept, value, atol=step * float(np.abs(value).max()))
    assert pack(tmp_path / "a", 100) is None and pack(tmp_path) is None


@pytest.mark.slow
def test_a_row_that_was_killed_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path[:0] = ['tests', '.']\n"
        "from pathlib import Path\n"
        "from test_long_runs import go_on\n"
        f"go_on(Path({str(tmp_path / 'killed')!r}), lambda text: print(text, flush=True))\n"
    )
    command = [sys.executable, "-c", code]
    for text in ("seed 0, epoch 2", "seed 1, epoch 3"):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ)
        assert process.stdout is not None
        while text not in process.stdout.readline():
            assert process.poll() is None
        time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert curves(tmp_path / "killed") == whole(tmp_path / "whole")


def test_every_row_is_an_experiment_that_keeps_its_runs_and_has_these_methods() -> None:
    for row in ROWS:
        experiment = EXPERIMENTS.find(row.id)
        assert experiment.keeps and (row.epochs is None or experiment.shortens)
        assert not experiment.methods or row.methods == len(experiment.methods)


def test_the_command_says_from_how_many_seeds_a_row_is_finished() -> None:
    command = [sys.executable, "-m", "tools.long_runs", "--list"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and [line.split()[0] for line in done.stdout.splitlines()] == [row.id for row in ROWS]


def test_a_row_whose_data_are_not_there_is_left_out(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.long_runs", "--only", "baldi-cifar", "--results", str(tmp_path)]
    without = {name: value for name, value in os.environ.items() if name != "RECIRCUIT_DATA"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=without)
    assert done.returncode == 0 and "baldi-cifar was left out: " in done.stdout, done.stdout + done.stderr
