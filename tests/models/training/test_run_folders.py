"""The folder of a run: nothing in it is lost, mixed, executed or used by two at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recircuit as rc
from recircuit import atomic_files as files
from recircuit.atomic_files import write_together
from recircuit.cli import main
from recircuit.errors import RecircuitError, UsageError
from recircuit.folder_lock import locked
from recircuit.models.data import Dataset
from recircuit.models.sweeps.jobs import training_jobs
from recircuit.models.training.run_files import CONFIG, METRICS, WEIGHTS, RunFiles

RULE = """
from pathlib import Path
from recircuit import Rule
Path("executed").write_text("")
mine = Rule("mine", source="here", forward="dw = pace*error_post*x_pre", feedback="dw = pace*error_pre*x_post",
            parameters={"pace": .3})
"""

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in a folder with small data; returns exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "small.npz", **arrays())

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run


def arrays(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, 60)
    x = (np.eye(3, 4)[y] + 0.3 * rng.normal(size=(60, 4))).astype(np.float32)
    return {"x_train": x[:40], "y_train": y[:40], "x_test": x[40:], "y_test": y[40:]}


def data() -> Dataset:
    return Dataset.from_arrays("small", **arrays())


def network() -> rc.Circuit:
    return rc.layered([4, 5, 3], batch_size=10)


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file with its content and the time of its last change."""
    return {p.name: (p.read_bytes() if p.is_file() else b"", p.lstat().st_mtime_ns) for p in folder.iterdir()}


TRAIN = ("train", "small.npz", "--epochs", "1", "--out", "a", "--layers", "4-5-3")
RESUME = ("train", "small.npz", "--epochs", "3", "--out", "a", "--resume")


# --- a refused run changes nothing ------------------------------------------------------------------------------------


def other_data(folder: Path) -> None:
    np.savez(folder.parent / "small.npz", **arrays(seed=1))


def edited(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / CONFIG).read_text())
    config["run"] |= changes
    (folder / CONFIG).write_text(json.dumps(config))


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe_instead(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOILED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "other data": (other_data, "trained on other data"),
    "no data": (lambda folder: (folder.parent / "small.npz").unlink(), "Cannot read small.npz"),
    "no weights": (lambda folder: (folder / WEIGHTS).unlink(), "a run without its weights"),
    "empty weights": (lambda folder: (folder / WEIGHTS).write_bytes(b""), "is damaged"),
    "truncated weights": (lambda folder: os.truncate(folder / WEIGHTS, 400), "is damaged"),
    "a folder for weights": (lambda folder: folder_instead(folder / WEIGHTS), "Is a directory"),
    "a pipe for weights": (lambda folder: pipe_instead(folder / WEIGHTS), "not a regular file"),
    "a broken link": (
        lambda f: ((f / WEIGHTS).unlink(), (f / WEIGHTS).symlink_to("nowhere")),
        "Cannot read the checkpoint",
    ),
    "another network": (lambda folder: edited(folder, layers="4-6-3"), "another network"),
    "another seed": (lambda folder: edited(folder, seed=3), "seed"),
    "no such option": (lambda folder: edited(folder, loss="none"), "run.loss: "),
    "no such rule": (lambda folder: edited(folder, rule="none"), "There is no rule"),
    "no json": (lambda folder: (folder / CONFIG).write_text("{"), "is not what recircuit writes"),
    "a folder for json": (lambda folder: folder_instead(folder / CONFIG), "Is a directory"),
    "a pipe for json": (lambda folder: pipe_instead(folder / CONFIG), "not a regular file"),
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_a_refused_resume_changes_nothing(spoiled: str, call: Call, tmp_path: Path) -> None:
    assert call(*TRAIN)[0] == 0
    spoil, text = SPOILED[spoiled]
    spoil(tmp_path / "a")
    before = contents(tmp_path / "a")
    code, out, err = call(*RESUME)
    assert code in (1, 2) and text in err and err.count("\n") == 1 and "bug" not in err
    assert contents(tmp_path / "a") == before and "epoch 2/3" not in out


@pytest.mark.parametrize("name", [METRICS, "curves.png", CONFIG])
@pytest.mark.parametrize("option", ["--resume", "--overwrite"])
def test_what_cannot_be_written_is_refused_before_anything_changes(
    name: str, option: str, call: Call, tmp_path: Path
) -> None:
    """A folder has the name of a file."""
    train = ("train", "small.npz", "--layers", "4-3-3", "--backend", "numpy", "--out", "run")
    assert call(*train, "--epochs", "1")[0] == 0
    (tmp_path / "run" / name).unlink(missing_ok=True)
    (tmp_path / "run" / name).mkdir()
    before = {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir() if p.is_file()}
    code, _, error = call(*train, "--epochs", "2", option)
    assert code == 1 and f"{name}: " in error
    assert {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir() if p.is_file()} == before


def test_options_that_do_not_fit_change_nothing(call: Call, tmp_path: Path) -> None:
    assert call(*TRAIN)[0] == 0
    before = contents(tmp_path / "a")
    for options in (("--batch-size", "7"), ("--rate", "nan"), ("--rule", "none"), ("--layers", "4-9-3")):
        assert call(*RESUME, *options)[0] == 2
        assert call(*TRAIN, "--overwrite", *options[:1], "nonsense")[0] == 2
    assert contents(tmp_path / "a") == before


@pytest.mark.parametrize("options", [("--resume", "--epochs", "3"), ("--overwrite", "--rule", "frfb")])
def test_ctrl_c_while_compiling_changes_nothing(
    options: tuple[str, ...], call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    assert call(*TRAIN)[0] == 0
    before = contents(tmp_path / "a")
    monkeypatch.setattr(rc.Circuit, "program", stopped)
    code, _, err = call(*TRAIN, *options)
    assert code == 130 and "Stopped before any training; nothing in a has changed" in err
    code, _, err = call("train", "small.npz", "--out", "new")
    assert code == 130 and contents(tmp_path / "a") == before and not (tmp_path / "new").exists()


def test_a_second_ctrl_c_does_not_reach_the_files(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first comes in the second epoch, the second one while its end is written."""
    replace, times = os.replace, []

    def twice(*given: Any) -> None:
        times.append(given)
        if len(times) == 4:  # weights of the first epoch
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        replace(*given)

    monkeypatch.setattr(os, "replace", twice)
    code, _, err = call("train", "small.npz", "--epochs", "9", "--out", "a", "--layers", "4-5-3")
    assert code == 130 and "Stopped after 1 of 9 epochs, which are in a; add --resume" in err
    assert rc.Checkpoint.load(tmp_path / "a" / WEIGHTS).about.epoch == 1
    assert len((tmp_path / "a" / METRICS).read_text().splitlines()) == 2


# --- files that belong together ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", range(9))
def test_whenever_it_is_cut_the_files_are_of_one_run(
    moment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = ({name: f"{run} {name}".encode() for name in "abc"} for run in ("old", "new"))
    for name, content in old.items():
        (tmp_path / name).write_bytes(content)
    count = iter(range(100))

    class PowerCut(BaseException):
        pass

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def cut(*given: Any, **options: Any) -> Any:
            if next(count) == moment:
                raise PowerCut
            return call(*given, **options)

        return cut

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", counted(os.replace))
        patch.setattr(Path, "unlink", counted(Path.unlink))
        patch.setattr(files, "_remove", lambda path: None)
        try:
            write_together(tmp_path, new, "c")
        except PowerCut:
            assert moment < 7  # three files beside are new, the old last one goes, three take their places
    found = {name: (tmp_path / name).read_bytes() for name in "abc" if (tmp_path / name).exists()}
    assert found in (old, new) or "c" not in found


def test_a_disk_that_is_full_loses_nothing(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    assert call(*TRAIN)[0] == 0
    before = contents(tmp_path / "a")
    monkeypatch.setattr(os, "fsync", full)
    code, _, err = call(*TRAIN, "--overwrite", "--rule", "frfb")
    assert code == 1 and "No space left on device" in err and contents(tmp_path / "a") == before


def test_what_a_killed_run_has_half_written_is_removed(tmp_path: Path) -> None:
    rc.train(network(), data(), 1, backend="numpy", out=tmp_path)
    (tmp_path / f".{WEIGHTS}.123").write_text("half")
    rc.train(network(), data(), 2, backend="numpy", out=RunFiles(tmp_path, resume=True))
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".")]


# --- a rule in a file -------------------------------------------------------------------------------------------------


def test_a_file_is_executed_only_by_a_user_who_knows_it(call: Call, tmp_path: Path) -> None:
    rules, executed = tmp_path / "my rules.py", tmp_path / "executed"
    rules.write_text(RULE)
    spec = "./my rules.py:mine"
    assert call(*TRAIN, "--rule", spec)[0] == 0
    before = contents(tmp_path / "a")
    executed.unlink()
    code, _, err = call(*RESUME)
    assert code == 2 and f"--rule '{spec}'" in err and "--trust" in err and err.count("\n") == 1
    assert not executed.exists() and contents(tmp_path / "a") == before
    assert call(*RESUME, "--trust")[0] == 0 and executed.exists()
    assert call("train", "small.npz", "--out", "a", "--resume", "--epochs", "4", "--rule", spec)[0] == 0


@pytest.mark.parametrize("change", ["the file", "the record", "no file"])
def test_trust_is_in_the_file_as_it_was(change: str, call: Call, tmp_path: Path) -> None:
    rules, executed = tmp_path / "rules.py", tmp_path / "executed"
    rules.write_text(RULE)
    assert call(*TRAIN, "--rule", "rules.py:mine")[0] == 0
    executed.unlink()
    if change == "the file":
        rules.write_text(RULE + "\nPath('executed').write_text('more')\n")
    elif change == "no file":
        rules.unlink()
    else:
        config = json.loads((tmp_path / "a" / CONFIG).read_text())
        del config["rule_hash"]
        (tmp_path / "a" / CONFIG).write_text(json.dumps(config))
    before = contents(tmp_path / "a")
    code, _, err = call(*RESUME, "--trust")
    assert code == 2 and "rules.py" in err and not executed.exists() and contents(tmp_path / "a") == before


# --- two at once ------------------------------------------------------------------------------------------------------


def test_a_folder_is_of_one_run_at_a_time(call: Call, tmp_path: Path) -> None:
    assert call(*TRAIN)[0] == 0
    before = contents(tmp_path / "a")
    code = "import sys, time; from pathlib import Path; from recircuit.folder_lock import locked\n"
    code += "with locked(Path('a')): print('held', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        for options in (RESUME, (*TRAIN, "--overwrite")):
            code, _, err = call(*options)
            assert code == 1 and "a is in use: another run is writing there" in err
        with pytest.raises(RecircuitError, match="is in use"):
            rc.train(network(), data(), 2, out=RunFiles(tmp_path / "a", resume=True))
        other.kill()
    assert contents(tmp_path / "a") == before
    assert call(*RESUME)[0] == 0


def test_a_thread_is_another_run_too(tmp_path: Path) -> None:
    refused: list[str] = []

    def other() -> None:
        try:
            with locked(tmp_path):
                pass
        except RecircuitError as problem:
            refused.append(str(problem))

    with locked(tmp_path), locked(tmp_path):  # what a call holds, those that it makes hold too
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(refused) == 1
    other()
    assert len(refused) == 1


def test_a_process_that_was_forked_meanwhile_does_not_hold_the_folder(tmp_path: Path) -> None:
    with locked(tmp_path):
        child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        child.start()
    try:
        with locked(tmp_path) as lock:
            lock.make()
    finally:
        child.kill()
        child.join()


def test_a_run_that_began_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    with locked(tmp_path / "new") as lock:
        rc.train(network(), data(), 1, backend="numpy", out=tmp_path / "new")
        with pytest.raises(RecircuitError, match="another run has begun there"):
            lock.make()


def test_a_rule_in_continuous_time_is_trained_and_goes_on(call: Call, tmp_path: Path) -> None:
    text = "dw/dt = rate*error_post*x_pre"
    source = f"import recircuit as rc\nfrom brian2 import Hz\nmine = rc.Rule('mine', source='test', forward='{text}',"
    (tmp_path / "rule.py").write_text(f"{source} parameters=dict(rate=900*Hz))")
    options = ["--rule", "rule.py:mine", "--layers", "4-3-3", "--backend", "numpy", "--out", "run"]
    assert call("train", "small.npz", *options, "--epochs", "1", "--rate", "800")[0] == 0
    code, out, _ = call("train", "small.npz", "--rule", "rule.py:mine", "--resume", "--epochs", "2", "--out", "run")
    assert code == 0 and "after 2 epochs" in out
    assert "rate = 0.8 kHz" in (tmp_path / "run" / "config.json").read_text()


def test_names_of_files_that_are_no_text_are_kept(call: Call, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(b"caf\xe9"))
    folder.mkdir()
    data = (tmp_path / "small.npz").rename(folder / "small.npz")
    options = ["--layers", "4-3-3", "--backend", "numpy", "--epochs", "1", "--out", str(folder / "run")]
    assert call("train", str(data), *options)[0] == 0
    assert call("train", str(data), "--resume", "--epochs", "2", "--out", str(folder / "run"))[0] == 0
    run = rc.load_run(folder / "run")
    assert len(run.history) == 2 and run.config.data == str(data) and run.data.name == r"caf\udce9/small.npz"
    assert call("show", str(folder / "run"), "--out", str(folder / "figure.png"))[0] == 0
    assert "2 of 2" in call("runs", str(folder))[1]
    (job,) = training_jobs(str(data), {"rule": ["urfb"]}, [0], layers="4-3-3", backend="numpy", epochs=1)
    job.keep(folder, {"rows": [{"test_error": 0.5}], "seconds": 1.0, "diverged": ""})
    assert job.finished(folder) is not None and job.where["data"].endswith(str(data))


# --- what is written over ---------------------------------------------------------------------------------------------


def test_train_overwrites_a_run_only_with_the_option(tmp_path: Path) -> None:
    net = network()
    rc.train(net, data(), 1, backend="numpy", out=tmp_path)
    before = contents(tmp_path)
    with pytest.raises(
        UsageError, match="holds a run of 1 epoch. Go on with it .out=RunFiles.*resume=True.*overwrite=True"
    ):
        rc.train(net, data(), 1, backend="numpy", out=tmp_path)
    assert contents(tmp_path) == before
    assert len(rc.train(net, data(), 2, backend="numpy", out=RunFiles(tmp_path, overwrite=True))) == 2


@pytest.mark.parametrize("damage", [b"", b"nothing"])
def test_what_cannot_be_read_is_not_written_over(damage: bytes, tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(damage)
    with pytest.raises(UsageError, match="holds a run that cannot be read"):
        rc.train(network(), data(), 1, backend="numpy", out=tmp_path)


def test_weights_that_are_missing_are_no_new_start(tmp_path: Path) -> None:
    rc.train(network(), data(), 1, backend="numpy", out=tmp_path)
    (tmp_path / WEIGHTS).unlink()
    before = contents(tmp_path)
    with pytest.raises(RecircuitError, match="a run without its weights"):
        rc.train(network(), data(), 2, backend="numpy", out=RunFiles(tmp_path, resume=True))
    assert contents(tmp_path) == before


# --- signals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_as_ctrl_c_does(number: signal.Signals, call: Call, tmp_path: Path) -> None:
    go = ("train", "small.npz", "--layers", "4-5-3", "--backend", "numpy", "--out")
    command = [sys.executable, "-c", "from recircuit.cli import main; main()", *go, "a", "--epochs", "1000000"]
    usual = partial(signal.signal, number, signal.SIG_DFL)  # as a terminal starts it, whatever the tests run under
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=usual
    ) as process:
        metrics, until = tmp_path / "a" / METRICS, time.monotonic() + 60
        while not metrics.exists() or len(metrics.read_text().splitlines()) < 3:
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.005)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number and "add --resume to go on" in err and err.count("\n") == 1
    saved = rc.Checkpoint.load(tmp_path / "a" / WEIGHTS)
    assert len(metrics.read_text().splitlines()) == saved.about.epoch + 1
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [CONFIG, "curves.png", METRICS, WEIGHTS]
    assert call(*go, "whole", "--epochs", str(saved.about.epoch))[0] == 0
    whole = rc.Checkpoint.load(tmp_path / "whole" / WEIGHTS)
    assert all(np.array_equal(value, whole.state[key]) for key, value in saved.state.items())


def test_sigterm_while_compiling_leaves_nothing(call: Call, tmp_path: Path) -> None:
    """The compiler is one that never ends; it has written its number at that time."""
    script, numbers_file, cache = tmp_path / "slow", tmp_path / "told", tmp_path / "cache"
    (temporary := tmp_path / "temporary").mkdir()
    compiling = f'case " $* " in *" -c "*) touch $TMPDIR/$$.s; echo $$ >> {numbers_file}; sleep 600; exit 1;; esac'
    script.write_text(f'#!/bin/sh\n{compiling}\nexec g++ "$@"\n')
    script.chmod(0o755)
    command = [sys.executable, "-c", "from recircuit.cli import main; main()", *TRAIN, "--backend", "cpp"]
    environment = os.environ | {"CXX": str(script), "RECIRCUIT_CACHE": str(cache), "TMPDIR": str(temporary)}
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment) as process:
        until = time.monotonic() + 60
        while not numbers_file.exists():
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 143 and "nothing in a has changed" in err and not (tmp_path / "a").exists()
    assert [p.name for p in cache.iterdir() if not p.name.endswith(".lock")] == [] and [*temporary.iterdir()] == []
    until = time.monotonic() + 10
    while (
        left := [pid for pid in numbers_file.read_text().split() if Path(f"/proc/{pid}").exists()]
    ) and time.monotonic() < until:
        time.sleep(0.01)
    assert left == []


def test_handlers_are_as_they_were_after_a_command(call: Call) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    assert call("--version")[0] == 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
