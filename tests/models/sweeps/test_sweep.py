"""Sweeps: what there is to run, that a run is the same wherever it runs, and that nothing that is done is done again."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_files import write_back_image

from recircuit.errors import RecircuitError, UsageError
from recircuit.models.sweeps import separate_process as separate
from recircuit.models.sweeps.dask_workers import dispatch
from recircuit.models.sweeps.jobs import Job, experiment_jobs, perform, seeds_of, training_jobs, values_of
from recircuit.models.sweeps.separate_process import perform_in_own_process
from recircuit.models.sweeps.summary_tables import csv_text, lines, summaries

dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="distributed is not installed")

SMALL = {"layers": "64-8-10", "backend": "numpy"}
RULE = """
import os
import recircuit as rc
mine = rc.Rule("mine", source="test", forward="dw = rate*error_post*x_pre", parameters=dict(rate=1))
print("a rule may say something")
os.write(1, b"also bytes that are no text: \\xff\\n")
"""


def small(epochs: int = 1, seeds: Any = (0,), **variants: list[str]) -> list[Job]:
    return training_jobs("digits", {"rule": ["urfb"], **variants}, seeds, epochs=epochs, **SMALL)


def numbers(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was measured, without times."""
    return [{k: v for k, v in row.items() if "second" not in k} for row in result["rows"]]


# --- what there is to run ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("0-4", [0, 1, 2, 3, 4]), ("3", [3]), ("0,2,5-7", [0, 2, 5, 6, 7]), (" 1 - 2 , 1", [1, 2])],
)
def test_seeds(text: str, seeds: list[int]) -> None:
    assert seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "3-1", "1-", "-1", "0.5", "0,,1", "99999999999", "9" * 5000])
def test_what_are_no_seeds(text: str) -> None:
    with pytest.raises(UsageError, match="--seeds: expected whole numbers"):
        seeds_of(text)


def test_more_runs_than_can_be_waited_for_are_refused_before_a_list_of_them_fills_the_memory() -> None:
    for text in ("0-999999999", ",".join(f"{k}-{k + 60_000}" for k in (0, 100_000))):
        with pytest.raises(UsageError, match="runs, and at most 100,000 are possible"):
            seeds_of(text)
    with pytest.raises(UsageError, match="1,000,000 runs"):
        small(seeds=range(1000), rule=["urfb"] * 10, rate=["1"] * 100)


def test_values() -> None:
    assert values_of("urfb,frfb, bp") == ["urfb", "frfb", "bp"]
    assert values_of("tanh,clip(basal, -1, 1)") == ["tanh", "clip(basal, -1, 1)"]


def test_a_job_for_every_combination_and_seed() -> None:
    jobs = small(seeds=[0, 1], rule=["urfb", "frfb"], rate=["0.1", "0.5", "1"])
    assert len(jobs) == len({job.key for job in jobs}) == 2 * 2 * 3
    assert {job.options["rate"] for job in jobs} == {0.1, 0.5, 1.0}
    assert all(job.options["batch_size"] and job.options["backend"] == "numpy" for job in jobs)
    assert json.loads(json.dumps(jobs[0].payload)) == jobs[0].payload


def test_variants_that_are_the_same_are_one_job() -> None:
    jobs = small(seeds=[0, 1], rate=["0.1", ".10", "1e-1", "0.2"])
    assert len(jobs) == len({job.key for job in jobs}) == 4


def test_the_same_call_gives_the_same_jobs() -> None:
    assert [job.key for job in small()] == [job.key for job in small()] != [job.key for job in small(epochs=2)]


def test_a_rule_in_a_file_is_known_by_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(RULE, encoding="utf-8")
    (job,) = small(rule=["./mine.py:mine"])
    assert job.where["rule"] == f"{tmp_path}/mine.py:mine" and job.options["rule"] == "mine"
    Path("mine.py").write_text(RULE.replace("rate*", "2*rate*"), encoding="utf-8")
    assert small(rule=["mine.py:mine"])[0].key != job.key
    with pytest.raises(RecircuitError, match="The rule '.*mine.py:mine' is not the same on this machine"):
        perform(job.payload)


def test_other_data_are_refused() -> None:
    (job,) = small()
    payload = job.payload
    payload["options"] = {**payload["options"], "fingerprint": "0"}
    with pytest.raises(RecircuitError, match="The data 'digits' are not the same on this machine"):
        perform(payload)


def test_wrong_options_are_refused_before_anything_runs() -> None:
    with pytest.raises(UsageError, match="--rate"):
        small(rate=["0.1", "fast"])
    with pytest.raises(UsageError, match="There is no rule 'urbf'"):
        small(rule=["urfb", "urbf"])
    with pytest.raises(UsageError, match="--layers"):
        training_jobs("digits", {"layers": ["64-10", "65-10"]}, [0])


def test_experiments_over_seeds() -> None:
    jobs = experiment_jobs(["amit-linear", "baldi-cost"], [0, 1], backend="numpy", quick=True)
    assert [(job.options["id"], job.seed) for job in jobs] == [
        ("amit-linear", 0), ("amit-linear", 1), ("baldi-cost", None),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="Did you mean `amit-linear`?"):
        experiment_jobs(["amit-linar"], [0], backend="numpy", quick=True)


def test_experiments_find_their_data_and_leave_what_they_trained(tmp_path: Path) -> None:
    write_back_image(tmp_path / "data", train=120, test=10)
    (job,) = experiment_jobs(
        ["lillicrap-back-image"], [3], backend="numpy", quick=False, epochs=1, data_dir=str(tmp_path / "data"),
        out=tmp_path / "out",
    )  # fmt: skip
    found = perform(job.payload)
    errors = [check["what"].split(",")[:2] for check in found["checks"] if ", 1 epochs" in check["what"]]
    assert errors == [["BP", " 1 epochs"], ["FA", " 1 epochs"]]
    folder = tmp_path / "out" / "lillicrap-back-image" / "runs"
    assert sorted(file.name for file in folder.iterdir()) == ["BP-3.json", "FA-3.json"]
    (longer,) = experiment_jobs(["lillicrap-back-image"], [3], backend="numpy", quick=False, epochs=2)
    assert longer.key != job.key


# --- one run ----------------------------------------------------------------------------------------------------------


def test_a_run_in_a_process_of_its_own_gives_the_same_numbers(tmp_path: Path) -> None:
    """What a rule's file prints does not come between."""
    (tmp_path / "mine.py").write_text(RULE, encoding="utf-8")
    (job,) = small(epochs=2, rule=[f"{tmp_path}/mine.py:mine"])
    here, separate = perform(job.payload), perform_in_own_process(job.payload)
    assert numbers(here) == numbers(separate) and len(here["rows"]) == 2
    assert separate["diverged"] == "" and separate["versions"] == here["versions"]


def test_what_a_run_is_refused_comes_back_in_words() -> None:
    payload = {**small()[0].payload, "where": {"data": "nowhere.npz", "data_dir": None, "rule": "urfb"}}
    assert "nowhere.npz" in perform_in_own_process(payload)["failed"]


def test_a_process_that_dies_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        separate, "_CHILD", "import os, sys; print('no room', file=sys.stderr); sys.stderr.flush(); os._exit(9)"
    )
    with pytest.raises(RuntimeError, match="ended with 9: no room"):
        perform_in_own_process(small()[0].payload)


def test_an_answer_that_breaks_off_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separate, "_CHILD", "import os; os.write(1, b'{\"rows\": [1, '); os.kill(os.getpid(), 9)")
    with pytest.raises(RuntimeError, match="ended with -9"):
        perform_in_own_process(small()[0].payload)


def test_a_whole_answer_counts_however_its_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the answer has come its process is told to end, and may end by the SIGINT that it then sends itself."""
    monkeypatch.setattr(separate, "_CHILD", "import os; os.write(1, b'{\"rows\": [1]}'); os.kill(os.getpid(), 9)")
    assert perform_in_own_process(small()[0].payload) == {"rows": [1]}


def test_a_run_that_diverges_is_a_result() -> None:
    (job,) = small(rate=["1e30"], loss=["mse"], transfer=["linear"])
    result = perform(job.payload)
    assert result["rows"] == [] and "diverged in epoch 1" in result["diverged"]
    (line,) = lines([job], {job.key: result})
    assert line.row()["diverged"] is True


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_a_result_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    (job,) = small()
    assert job.finished(tmp_path) is None
    result = {"rows": [{"test_error": 0.5}], "seconds": 1.0, "diverged": ""}
    job.keep(tmp_path, result)
    assert job.finished(tmp_path) == result
    (file,) = tmp_path.iterdir()
    assert file.name == f"{job.key}.json"
    file.write_text(file.read_text()[:-20])
    assert job.finished(tmp_path) is None


def fake(job: Job, error: float | None) -> dict[str, Any]:
    rows = [] if error is None else [{"epoch": 1.0, "seconds": 9.0, "train_error": 0.5, "test_error": error}]
    return {"rows": rows, "seconds": 9.0, "diverged": "" if rows else "it diverged"}


def test_tables() -> None:
    jobs = small(seeds=[0, 1, 2], rate=["0.1", "0.5"])
    errors = [0.1, 0.2, 0.3, 0.4, None]
    found = lines(jobs, {job.key: fake(job, error) for job, error in zip(jobs, errors)})
    table = list(csv.DictReader(csv_text([line.row() for line in found]).splitlines()))
    assert list(table[0]) == ["rule", "rate", "seed", "train_error", "test_error", "diverged", "seconds"]
    assert [row["test_error"] for row in table] == ["0.1", "0.2", "0.3", "0.4", ""]
    first, second = summaries(found)
    assert (first.variant, first.runs, first.diverged) == ({"rule": "urfb", "rate": 0.1}, 3, 0)
    assert first.measured["test_error"] == pytest.approx((0.2, 0.1))
    assert (second.runs, second.diverged, second.measured["test_error"]) == (2, 1, (0.4, None))
    assert list(second.row())[:4] == ["rule", "rate", "runs", "diverged"]


def test_different_rules_of_one_name_have_lines_of_their_own(tmp_path: Path) -> None:
    for folder, factor in (("a", 1), ("b", 2)):
        (tmp_path / folder).mkdir()
        text = (
            f"import recircuit as rc\nmine = rc.Rule('mine', source='test', forward='dw = {factor}*error_post*x_pre')\n"
        )
        (tmp_path / folder / "my.py").write_text(text)
    jobs = small(seeds=(0, 1), rule=[f"{tmp_path}/{folder}/my.py:mine" for folder in "ab"])
    found = summaries(lines(jobs, {job.key: fake(job, 0.5) for job in jobs}))
    assert [(s.variant["rule"], s.runs) for s in found] == [("a/my.py:mine", 2), ("b/my.py:mine", 2)]


def test_tables_of_experiments() -> None:
    """Two checks may have the same words."""
    jobs = experiment_jobs(["amit-linear"], [0, 1], backend="numpy", quick=True)
    checks = [{"what": "a", "value": v, "relation": "<", "target": 2, "ok": v < 2} for v in (1.0, 3.0)]
    found = lines(jobs, {job.key: {"checks": checks, "seconds": 1.0, "diverged": ""} for job in jobs})
    assert [(s.runs, s.holds, s.measured["value"]) for s in summaries(found)] == [
        (2, 2, (1.0, 0.0)),
        (2, 0, (3.0, 0.0)),
    ]


# --- the command ------------------------------------------------------------------------------------------------------


def command(*arguments: str, folder: Path, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from recircuit.cli import main; main()", "sweep", *arguments], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "'nothing' is neither data nor an experiment"),
        (["amit-linar"], "Did you mean `amit-linear`?"),
        (["amit-linear", "--rule", "urfb"], "--rule is an option of training runs"),
        (["amit-linear", "--epochs", "3"], "This experiment does not take it"),
        (["amit-simpnet", "--epochs", "many"], "--epochs: expected a whole number"),
        (["digits", "--quick"], "--quick is an option of experiments"),
        (["digits", "--seeds", "4-0"], "--seeds: expected whole numbers"),
    ],
)
def test_a_wrong_call(arguments: list[str], message: str, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from recircuit.cli.application import app

    result = CliRunner().invoke(app, ["sweep", *arguments, "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, UsageError) and re.search(message, str(result.exception))
    assert not (tmp_path / "out").exists()


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'recircuit\[sweep\]'"):
        dispatch(small(), lambda job, result: None, scheduler="tcp://127.0.0.1:1")


def test_on_this_machine_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler that listens runs what anybody sends to it."""

    def refused(*_: object) -> None:
        raise AssertionError("a port was opened")

    monkeypatch.setattr(socket.socket, "bind", refused)
    monkeypatch.setattr(socket.socket, "listen", refused)
    monkeypatch.setitem(sys.modules, "distributed", None)
    found: dict[str, Any] = {}
    jobs = small(seeds=(0, 1))
    assert dispatch(jobs, lambda job, result: found.update({job.key: result}), workers=2) == {}
    assert {key: numbers(result) for key, result in found.items()} == {j.key: numbers(perform(j.payload)) for j in jobs}


def test_a_run_whose_process_dies_is_reported_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"rows": [{"test_error": 0.5}], "seconds": 1.0, "diverged": ""}
    child = f"import os, sys; '\"seed\": 1' in sys.stdin.readline() and os._exit(9); print({json.dumps(json.dumps(answer))})"
    monkeypatch.setattr(separate, "_CHILD", child)
    found: dict[str, Any] = {}
    jobs = small(seeds=(0, 1, 2))
    failed = dispatch(jobs, lambda job, result: found.update({job.key: result}), workers=2)
    assert list(failed) == [jobs[1].key] and "ended with 9" in failed[jobs[1].key] and len(found) == 2


@pytest.mark.parametrize(
    "damage",
    [
        "", "[]", '{"result": 3}', '{"result": {"rows": [], "seconds": 1.0, "diverged": ""}}',
        '{"result": {"rows": [{"test_error": NaN}], "seconds": 1.0, "diverged": ""}}',
        '{"result": {"rows": [{"test_error": "low"}], "seconds": 1.0, "diverged": ""}}',
        '{"result": {"rows": 3, "seconds": 1.0, "diverged": ""}}', '{"result": {"rows": [{"test_error": 0.5}]}}',
    ],
)  # fmt: skip
def test_a_damaged_result_counts_for_nothing(damage: str, tmp_path: Path) -> None:
    (job,) = small()
    (tmp_path / f"{job.key}.json").write_text(damage)
    assert job.finished(tmp_path) is None


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_counts_for_nothing(kind: str, tmp_path: Path) -> None:
    (job,) = small()
    (os.mkfifo if kind == "pipe" else os.mkdir)(tmp_path / f"{job.key}.json")
    assert job.finished(tmp_path) is None


# --- on Dask ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Yield a scheduler and two workers, as one would start them on other machines."""
    import logging

    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        memory_limit=0,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster


@dask
@pytest.mark.slow
def test_a_worker_that_dies_costs_nothing(cluster: Any) -> None:
    """One of two workers is killed in its work: every run is there, with the numbers it has elsewhere."""
    from distributed import Client

    jobs, found, killed = small(epochs=40, seeds=range(3)), {}, []

    def kill() -> None:
        client: Any
        with Client(cluster, set_as_default=False) as client:
            while not all(client.processing().values()):
                time.sleep(0.05)
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    failed = dispatch(jobs, lambda job, result: found.update({job.key: result}), scheduler=cluster.scheduler_address)
    thread.join()
    assert killed and failed == {} and set(found) == {job.key for job in jobs}
    for job in jobs:
        assert numbers(found[job.key]) == numbers(perform_in_own_process(job.payload))


@dask
@pytest.mark.slow
def test_the_same_results_here_and_on_a_cluster(cluster: Any, tmp_path: Path) -> None:
    call = ["digits", "--layers", "64-8-10", "--rule", "urfb,frfb", "--seeds", "0-1", "--epochs", "2"]
    here = command(*call, "--out", "here", folder=tmp_path)
    there = command(*call, "--out", "there", "--scheduler", cluster.scheduler_address, folder=tmp_path)
    for started in (here, there):
        output, errors = started.communicate(timeout=180)
        assert started.returncode == 0 and errors == "", errors
        assert "urfb: test error" in output
    tables = [list(csv.DictReader((tmp_path / name / "table.csv").open())) for name in ("here", "there")]
    assert [row | {"seconds": ""} for row in tables[0]] == [row | {"seconds": ""} for row in tables[1]]
    assert len(tables[0]) == 4 and len(list((tmp_path / "here" / "runs").iterdir())) == 4
    summary = list(csv.DictReader((tmp_path / "here" / "summary.csv").open()))
    assert [row["rule"] for row in summary] == ["urfb", "frfb"] and float(summary[0]["test_error_sd"]) > 0


@pytest.mark.slow
def test_a_sweep_that_is_stopped_continues(tmp_path: Path) -> None:
    """After a Ctrl-C the same call is made again: what was done is not done again."""
    call = ["digits", "--layers", "64-8-10", "--rule", "urfb", "--seeds", "0-2", "--epochs", "15", "--workers", "1"]
    call += ["--out", "out"]
    runs = tmp_path / "out" / "runs"
    started = command(*call, folder=tmp_path, start_new_session=True)
    while not list(runs.glob("*.json")):
        time.sleep(0.05)
        assert started.poll() is None
    os.killpg(started.pid, signal.SIGINT)
    output, errors = started.communicate(timeout=60)
    assert started.returncode == 130 and "the same command goes on with the others" in errors
    done = {file: file.stat().st_mtime_ns for file in runs.glob("*.json")}
    assert 0 < len(done) < 3 and (tmp_path / "out" / "table.csv").exists()
    started = command(*call, folder=tmp_path)
    output, errors = started.communicate(timeout=180)
    assert started.returncode == 0 and f"{len(done)} of them done before" in output, errors
    assert all(file.stat().st_mtime_ns == when for file, when in done.items())
    assert len(list(csv.DictReader((tmp_path / "out" / "table.csv").open()))) == 3


@pytest.mark.slow
def test_experiments_on_two_workers(tmp_path: Path) -> None:
    started = command("amit-linear", "--quick", "--seeds", "0-1", "--out", "out", folder=tmp_path)
    output, errors = started.communicate(timeout=180)
    assert started.returncode == 0 and "9 of 9 checks hold" in output, errors
    assert len(list(csv.DictReader((tmp_path / "out" / "table.csv").open()))) == 18


@dask
@pytest.mark.slow
def test_nobody_at_the_address() -> None:
    with pytest.raises(UsageError, match="no Dask scheduler answers there"):
        dispatch(small(), lambda job, result: None, scheduler="tcp://127.0.0.1:1")
