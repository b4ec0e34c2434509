"""The command line: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import csv
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import matplotlib
import numpy as np
import pytest

import recircuit
from recircuit.circuits.backends import BACKENDS
from recircuit.cli import main
from recircuit.cli.problems import explained
from recircuit.errors import RecircuitError, UsageError
from recircuit.plasticity import find

RULES = """
from recircuit import Rule
mine = Rule("mine", source="here", forward="dw = pace*error_post*x_pre", feedback="dw = pace*error_pre*x_post",
            parameters={"pace": .3})
bad = Rule("bad", source="here", forward="dw = rate*error_post/x_pre", parameters={"rate": .3})
number = 3
"""


@pytest.fixture
def call(capsys, tmp_path: Path, monkeypatch):
    """Run a command in an empty folder; returns exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run


@pytest.fixture
def small(call, tmp_path: Path) -> str:
    """Write an .npz file of 60 samples, four features, three classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 80)
    x = (np.eye(3, 4)[y] + 0.3 * rng.normal(size=(80, 4))).astype(np.float32)
    np.savez(tmp_path / "small.npz", x_train=x[:60], y_train=y[:60], x_test=x[60:], y_test=y[60:])
    return "small.npz"


def table(folder: Path) -> list[dict[str, str]]:
    """Return metrics.csv without its times."""
    with (folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [{k: v for k, v in row.items() if k not in ("seconds", "presentations_per_second")} for row in rows]


def contents(folder: Path) -> dict[str, bytes]:
    """Return the contents of every file of a folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def weights(folder: Path) -> dict[str, np.ndarray]:
    return {k: v for k, v in recircuit.Checkpoint.load(folder / "weights.safetensors").state.items() if ".w" in k}


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def test_brian2_does_not_ask_for_a_report_of_an_error_of_recircuit() -> None:
    code = "import recircuit as rc\nrc.Circuit()\nraise rc.errors.UsageError('in words')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (
        done.stderr.splitlines()[-1] == "recircuit.errors.UsageError: in words" and "github" not in done.stderr.lower()
    )


# ---- train ---------------------------------------------------------------------------------------------------------


def test_digits_are_learned(call, tmp_path: Path) -> None:
    errors = []
    for seed in range(3):
        command = f"train digits --layers 64-100-10 --rule urfb --epochs 20 --seed {seed} --backend numpy"
        code, out, err = call(*command.split())
        assert (code, err) == (0, "") and "20 at a time" in out and "Backend numpy: asked for" in out
        errors.append(float(table(next((tmp_path / "runs").glob(f"digits-urfb-*-{seed}")))[-1]["test_error"]))
    assert np.mean(errors) < 0.04


def test_a_run_leaves_its_files(call, small: str, tmp_path: Path) -> None:
    code, out, _ = call("train", small, "--epochs", "2", "--layers", "4-6-5-3")
    (folder,) = (tmp_path / "runs").glob("small-urfb-*-0")
    assert code == 0 and f"see {folder.relative_to(tmp_path)}" in out
    assert sorted(p.name for p in folder.iterdir()) == [
        "config.json", "curves.png", "metrics.csv", "weights.safetensors"
    ]  # fmt: skip
    config = json.loads((folder / "config.json").read_text())
    assert config["run"]["layers"] == "4-6-5-3" and config["run"]["rate"] == 1.0 and config["run"]["batch_size"] == 10
    assert config["data"]["n_train"] == 60 and config["machine"]["threads"] >= 1
    assert "rate_decay" in config["rule"]
    assert list(table(folder)[0]) == [
        "epoch", "train_error", "test_error", "h1_angle", "h1_distance", "h1_signs", "h2_angle", "h2_distance",
        "h2_signs", "beyond",
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_metrics(call, small: str, tmp_path: Path) -> None:
    for out, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        assert call("train", small, "--epochs", "2", "--out", out, "--seed", seed)[0] == 0
    assert table(tmp_path / "a") == table(tmp_path / "b") != table(tmp_path / "c")
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))


def test_defaults_follow_from_the_data(call, small: str, tmp_path: Path) -> None:
    assert call("train", small, "--loss", "mse", "--out", "a")[0] == 0
    run = json.loads((tmp_path / "a" / "config.json").read_text())["run"]
    assert (run["layers"], run["epochs"], run["batch_size"], run["rate"]) == ("4-100-3", 20, 10, 0.03)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--layers 5-6-3", "has 4 features, so that the first layer has 4 units; got 5"),
        ("--layers 4-6-2", "has 3 classes, so that the last layer has 3 units; got 2"),
        ("--layers 4-0-3", "--layers: expected two sizes or more, each at least 1"),
        ("--layers 4--6-3", "--layers: expected"),
        ("--layers 4", "--layers: expected"),
        ("--layers four-3", "--layers: expected"),
        ("--epochs 0", "--epochs: expected a whole number, at least 1 and below 2^31; got 0"),
        ("--batch-size 0", "--batch-size: expected"),
        ("--batch-size 61", "has only 60 training samples"),
        ("--rate nan", "--rate: expected a number above 0; got nan"),
        ("--rate -1", "--rate: expected"),
        ("--rate inf", "--rate: expected"),
        ("--rate-decay -1", "--rate-decay: expected"),
        ("--momentum 1", "--momentum: expected"),
        ("--weight-decay nan", "--weight-decay: expected"),
        ("--connectivity 1.5", "--connectivity: expected"),
        ("--seed -1", "--seed: expected"),
        ("--precision float16", "--precision: expected float32, float64"),
        ("--loss hing", "did you mean hinge?"),
        ("--transfer tahn", "did you mean tanh?"),
        ("--transfer foo(basal)", "foo"),
        ("--matmul half", "--matmul: expected full, tf32"),
        ("--backend cp", "did you mean cpp?"),
        ("--rule urbf", "Did you mean `urfb`?"),
        ("--rule rules.py:none", "there is no `none` in the file"),
        ("--rule rules.py:mine --rate 2", "the rule 'mine' has no parameter 'rate'; it has pace"),
        ("--rule hinge --loss softmax", "gradient of the hinge loss"),
        ("--rule recirculation", "learns in pairs of layers, without labels"),
        ("--rule node_perturbation --loss hinge", "--loss: the rule 'node_perturbation' learns in a network"),
        ("--rule reinforcement --connectivity .5", "in which connectivity is 1.0; got 0.5"),
        ("--rule node_perturbation_ridge --layers 4-6-3 --batch-size 10", "and got batch_size=10. Use batch_size=1"),
    ],
)
def test_a_wrong_call_is_refused_in_words(call, small: str, tmp_path: Path, options: str, message: str) -> None:
    (tmp_path / "rules.py").write_text(RULES)
    code, out, err = call("train", small, *options.split(" "))
    assert code == 2 and message in err and out == ""
    assert err.startswith("recircuit: ") and err.count("\n") == 1 and "Traceback" not in err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("trian digits", "Did you mean 'train'?"),
        ("train digits --epohcs 3", "--epochs"),
        ("train", "Missing argument"),
        ("train digits --epochs three", "'--epochs': expected a whole number; got 'three'."),
        ("train digits --rate x", "'--rate': expected a number; got 'x'."),
        ("sweep digits --workers 0", "'--workers': expected a number of at least 1; got '0'."),
        ("train digits --augment shift", "or a part of it; got 'shift'.\n"),
        ("train digits --rul urfb", "(Possible options: --rule)"),
        ("show none", "'none' holds no run"),
        ("train nosuch", "There is no data set 'nosuch'"),
        ("train mnist", "--data DIR"),
        ("train none.npz", "none.npz"),
        ("rules nosuch", "There is no rule 'nosuch'"),
    ],
)
def test_typos_are_answered(call, arguments: str, message: str) -> None:
    code, _, err = call(*arguments.split())
    assert code == 2 and message in err and "Traceback" not in err


def test_a_rule_from_a_file_trains(call, small: str, tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text(RULES)
    code, out, _ = call("train", small, "--rule", "./rules.py:mine", "--epochs", "1")
    assert code == 0 and "rule mine (local)" in out and [*(tmp_path / "runs").glob("small-mine-*-0")]
    assert call("train", small, "--rule", "./rules.py:number")[0] == 1


@pytest.mark.parametrize(
    ("rule", "transfer", "least"),
    [
        ("node_perturbation", "logistic", 0.5),
        ("contrastive_hebbian", "logistic", 0.9),
        ("generec", "logistic", 0.8),
        ("recirculated_feedback", "tanh", 0.9),
        ("reinforcement", "logistic", 0.3),
    ],
)
def test_rules_learn_in_the_network_that_they_are_for(
    call, tmp_path: Path, rule: str, transfer: str, least: float
) -> None:
    code, out, err = call(
        "train", "digits", "--rule", rule, "--epochs", "10", "--out", str(tmp_path), "--backend", "numpy"
    )
    assert code == 0, err
    config = json.loads((tmp_path / "config.json").read_text())["run"]
    assert (config["loss"], config["transfer"], config["rate_decay"]) == ("mse", transfer, 0)
    assert config["rate"] == find(rule).parameters["rate"]
    assert float(out.partition("Test error ")[2].partition("%")[0]) < 100 * (1 - least)


def test_controls_and_rules_for_the_top_layer_are_marked(call, small: str) -> None:
    assert "not local: a control" in call("train", small, "--rule", "bp", "--epochs", "1")[1]
    out = call("train", small, "--rule", "hinge", "--epochs", "1")[1]
    assert "the weights into h1 stay as they are drawn" in out


def test_divergence_ends_the_run_and_keeps_the_weights(call, small: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "zeros.npz", **{k: v * (v > 0) for k, v in np.load(tmp_path / small).items()})
    (tmp_path / "rules.py").write_text(RULES)
    code, _, err = call("train", "zeros.npz", "--rule", "./rules.py:bad", "--out", "a")
    assert code == 1 and err.count("\n") == 1
    assert "diverged in epoch 1, presentation " in err and "after epoch 0 are kept in a" in err
    assert recircuit.Checkpoint.load(tmp_path / "a" / "weights.safetensors").about.epoch == 0


# ---- folders, stopping, going on -----------------------------------------------------------------------------------


def test_a_run_is_overwritten_only_with_the_option(call, small: str, tmp_path: Path) -> None:
    go = ("train", small, "--epochs", "2", "--out", "a")
    assert call(*go)[0] == 0
    before = contents(tmp_path / "a")
    for options in ((), ("--rule", "frfb")):
        code, _, err = call(*go, *options)
        assert code == 2 and "a holds a finished run (2 of 2 epochs)" in err and "--overwrite" in err
    config = json.loads(before["config.json"])
    config["run"]["epochs"] = 9
    (tmp_path / "a" / "config.json").write_text(json.dumps(config))
    code, _, err = call(*go, "--rule", "frfb")
    assert code == 2 and "an unfinished run (2 of 9 epochs), which differs in rule" in err and "--resume" in err
    assert contents(tmp_path / "a") == before | {"config.json": (tmp_path / "a" / "config.json").read_bytes()}
    code, out, _ = call(*go, "--rule", "frfb", "--overwrite")
    assert code == 0 and "Writing over the run in a" in out
    assert json.loads((tmp_path / "a" / "config.json").read_text())["run"]["rule"] == "frfb"


def test_resuming_takes_the_options_of_the_run(call, small: str, tmp_path: Path, monkeypatch) -> None:
    assert call("train", small, "--epochs", "3", "--batch-size", "7", "--rule", "frfb", "--out", "whole")[0] == 0
    assert call("train", small, "--epochs", "1", "--batch-size", "7", "--rule", "frfb", "--out", "a")[0] == 0
    monkeypatch.setattr(BACKENDS["cpp"], "build_seconds", 0.0)  # so that auto alone would change the backend
    code, out, _ = call("train", small, "--epochs", "3", "--out", "a", "--resume")
    assert code == 0 and "Backend numpy: as before" in out and "epoch 2/3" in out and "epoch 1/3" not in out
    assert table(tmp_path / "a") == table(tmp_path / "whole")
    assert same(weights(tmp_path / "a"), weights(tmp_path / "whole"))
    code, out, _ = call("train", small, "--out", "a", "--resume")
    assert code == 0 and "after 3 epochs" in out and "epoch 3/3" not in out
    code, _, err = call("train", small, "--out", "a", "--resume", "--batch-size", "8")
    assert code == 2 and "was started with --batch-size 7, and now got 8" in err
    code, out, _ = call("train", small, "--out", "b", "--resume", "--epochs", "1", "--backend", "numpy")
    assert code == 0 and "nothing to resume in b" in out


def test_files_that_do_not_belong_are_refused(call, small: str, tmp_path: Path) -> None:
    go = ("train", small, "--epochs", "2", "--out", "a", "--resume")
    assert call("train", small, "--epochs", "1", "--out", "a")[0] == 0
    np.savez(tmp_path / small, **{k: v + (k == "x_train") for k, v in np.load(tmp_path / small).items()})
    code, _, err = call(*go)
    assert code == 1 and "trained on other data" in err
    (tmp_path / "a" / "weights.safetensors").write_bytes(b"nothing")
    assert "damaged" in call(*go)[2]
    (tmp_path / "a" / "config.json").write_text('{"run": 3}')
    code, _, err = call(*go)
    assert code == 1 and "is not what recircuit writes" in err
    assert call("train", small, "--out", "a")[0] == 2


@pytest.mark.parametrize("out", ["/dev/null/runs", "/proc/runs", "small.npz"])
def test_a_folder_that_cannot_be_written_is_refused(call, small: str, out: str) -> None:
    code, _, err = call("train", small, "--epochs", "1", "--out", out)
    assert code == 1 and "Cannot make the folder" in err and err.count("\n") == 1


def test_a_full_disk_leaves_the_last_checkpoint(call, small: str, tmp_path: Path, monkeypatch) -> None:
    assert call("train", small, "--epochs", "1", "--out", "a")[0] == 0
    before = (tmp_path / "a" / "weights.safetensors").read_bytes()
    synced = iter(range(100))

    def full(handle: int) -> None:
        if next(synced) > 8:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = call("train", small, "--epochs", "3", "--out", "a", "--resume")
    assert code == 1 and "No space left on device" in err and "intact" in err and err.count("\n") == 1
    saved = recircuit.Checkpoint.load(tmp_path / "a" / "weights.safetensors")
    assert saved.about.epoch == 2 and (tmp_path / "a" / "weights.safetensors").read_bytes() != before
    assert not [p for p in (tmp_path / "a").iterdir() if p.name.startswith(".")]


def started(folder: Path, *arguments: str) -> subprocess.Popen:
    """Start the command in a process of its own, and return it once it has trained two epochs."""
    command = [sys.executable, "-c", "from recircuit.cli import main; main()", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    metrics, waited = folder / "metrics.csv", time.monotonic()
    while not metrics.exists() or len(metrics.read_text().splitlines()) < 3:
        assert process.poll() is None and time.monotonic() < waited + 60, process.communicate()
        time.sleep(0.005)
    return process


def test_killed_and_resumed_it_ends_with_the_same_weights(call, small: str, tmp_path: Path) -> None:
    go = ("train", small, "--epochs", "60", "--batch-size", "7", "--out")
    process = started(tmp_path / "a", *go, "a")
    process.kill()
    process.communicate()
    done = len(table(tmp_path / "a"))
    assert 2 <= done < 60
    code, out, _ = call(*go, "a", "--resume")
    assert code == 0 and "epoch 60/60" in out
    assert call(*go, "b")[0] == 0
    assert table(tmp_path / "a") == table(tmp_path / "b")
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))


def test_ctrl_c_says_what_is_there(call, small: str, tmp_path: Path) -> None:
    process = started(tmp_path / "a", "train", small, "--epochs", "1000000", "--backend", "numpy", "--out", "a")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and err.count("\n") == 1 and "add --resume to go on" in err
    assert f"after {len(table(tmp_path / 'a'))} of 1000000 epochs" in err


# ---- the rest ------------------------------------------------------------------------------------------------------


def test_rules_are_listed_with_equations_and_sources(call, tmp_path: Path) -> None:
    code, out, _ = call("rules")
    assert code == 0 and "urfb (local), Amit, Eq. 7" in out and "bp (not local: a control)" in out
    assert "dw = rate*error_pre*x_post" in out
    (tmp_path / "rules.py").write_text(RULES)
    assert call("rules", "./rules.py:mine")[1].startswith("mine (local), here")


def test_the_doctor_says_what_works_and_what_to_do(call, monkeypatch, tmp_path: Path) -> None:
    code, out, _ = call("doctor")
    assert code == 0 and "ok  numpy backend" in out and "Backends: numpy" in out
    monkeypatch.setenv("CXX", "no-such-compiler")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECIRCUIT_CACHE", str(tmp_path / "file" / "cache"))
    code, out, _ = call("doctor")
    assert code == 0 and "'no-such-compiler' is not on the PATH" in out and "name one in CXX" in out
    assert "Name a folder that can be written in RECIRCUIT_CACHE" in out and "Backends: numpy, interpreter.\n" in out


def test_version_and_help(call) -> None:
    assert call("--version")[1].strip() == recircuit.__version__
    for arguments in (["--help"], ["train", "--help"], ["rules", "--help"], ["doctor", "--help"]):
        code, out, _ = call(*arguments)
        assert code == 0 and "Usage" in out


def test_what_nobody_foresaw_is_a_bug_and_its_details_are_kept(call, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by\nzero")

    monkeypatch.setattr(sys.modules["recircuit.cli.train"], "load", broken)
    code, _, err = call("train", "digits")
    assert code == 1 and err.count("\n") == 1 and "bug in recircuit: ZeroDivisionError: division by zero" in err
    details = Path(err.split("details are in ")[1].split(": please")[0])
    assert "Traceback" in details.read_text()
    details.unlink()


def test_a_backend_of_matplotlib_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matplotlib refuses it when it is imported."""
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    with pytest.raises(ValueError, match="Key backend") as refused:
        matplotlib.rcParams["backend"] = "nonsense"
    assert explained(refused.value)[0].startswith("MPLBACKEND: 'nonsense' is not a backend of Matplotlib.")


def test_every_problem_has_a_paragraph_and_a_code() -> None:
    assert explained(UsageError("so")) == ("so", 2) and explained(RecircuitError("so")) == ("so", 1)
    assert explained(MemoryError())[1] == 1 and "memory" in explained(MemoryError())[0]
    assert explained(OSError(errno.EACCES, "no", "/x")) == ("The system refuses (/x): Permission denied.", 1)
