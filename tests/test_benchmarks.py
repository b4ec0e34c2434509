"""The benchmarks compute what they say: the workload as a circuit, by hand, and straight from its equations."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cuda_sources import GPU, STAND_IN

from benchmarks import (
    bars,
    busy,
    client,
    coding,
    families,
    field,
    gpu,
    gpu_commands,
    gpu_parts,
    gpu_right,
    gpu_text,
    papers,
    recurrent,
    roster,
    small,
    threads,
    training,
    workload,
)
from benchmarks.gpu_commands import OutOfTime
from benchmarks.gpu_results import Results
from benchmarks.peers.bars_recircuit import BarsPeer
from benchmarks.peers.coding_recircuit import CodingPeer
from benchmarks.peers.field_recircuit import FieldPeer
from benchmarks.peers.numpy import NumpyPeer
from benchmarks.peers.recircuit import RecircuitPeer
from benchmarks.peers.rflo_recircuit import RfloPeer
from benchmarks.targets import targets
from benchmarks.workload import MODES, Problem, Settings, distance, draw, expected, products
from recircuit.errors import RecircuitError, UsageError

SETTINGS = Settings(sizes=(7, 6, 5, 4), batch_size=3, steps=12, clamped_from=5, rate=0.1, rows=8)


class OnNumpy(RecircuitPeer):
    """The workload on the backend numpy, which needs no compiler."""

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


RFLO = recurrent.Settings(units=12, batch_size=3, steps=20, rows=6, rate=0.05, rate_out=0.01)
CODING = coding.Settings(sizes=(9, 8, 7, 4), batch_size=3, steps=5, rows=6, rate=0.05)


BARS = bars.Settings(side=4, units=6, steps=20, rows=8, tau_w=200.0)
FIELD = field.Settings(side=6, steps=20, rows=4)


@pytest.mark.parametrize(
    ("module", "settings", "peer"),
    [(recurrent, RFLO, RfloPeer), (coding, CODING, CodingPeer), (bars, BARS, BarsPeer), (field, FIELD, FieldPeer)],
    ids=["rflo", "coding", "bars", "field"],
)
def test_circuits_of_papers_are_what_their_equations_say(
    module: Any, settings: Any, peer: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(peer, "backend", "numpy")
    module.draw(settings).save(tmp_path / "problem.npz")
    problem = module.Problem.load(tmp_path / "problem.npz")
    simulated = peer(problem, "every")
    for count in (1, 3):
        simulated.reset()
        simulated.present(count)
        apart = papers.distance(simulated.weights(), module.expected(problem, count), problem.initial())
        assert apart < papers.TOLERANCE / 10


@pytest.mark.parametrize("mode", MODES)
def test_the_ceiling_counts_the_products_of_the_circuit(mode: str) -> None:
    """It leaves out the supervisor's one-to-one projection, and the multiplications of the state equations."""
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
    found = targets({"cases": [case], "crowded": [{"busy": 8, "cases": [case | {"ours_to_best_peer": 0.9}]}]})
    assert [(t["value"], t["ok"]) for t in found] == [(1.2, True), (0.9, False), (0.9, False)]
    assert targets({"cases": []}) == []


def test_the_facts_about_a_machine_with_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("brian2cuda")
    monkeypatch.setenv("CUDA_HOME", str(STAND_IN))
    monkeypatch.setattr("recircuit.circuits.backends.cuda.gpu.find_gpu", lambda: GPU)
    facts = gpu.facts()
    assert facts["gpu"]["name"] == GPU.name and facts["machine"]["threads"] >= 1


@pytest.mark.parametrize(
    ("seconds", "until", "most"),
    [(None, 900, 900), (None, None, gpu.LIMIT), (30, None, 30), (30, 900, 30), (30, 20, 20)],
)
def test_how_long_a_call_may_take(seconds: float | None, until: float | None, most: float) -> None:
    """A call takes as long as it is told, however long that is."""
    arguments = argparse.Namespace(seconds=seconds, until=float("inf") if until is None else time.time() + until)
    assert most - 5 < gpu.seconds_given(arguments) <= most


def test_what_a_gpu_should_show() -> None:
    rates = {"recircuit": 90.0, "cuBLAS alone": 100.0, "PyTorch eager": 30.0}
    parts = {
        "reference": {"rates": {"B = 1000, 784-4096-4096-10, needed": rates, "B = 100, 784-500-500-10, needed": rates}},
        "brian2cuda": {"presentations_per_second": 0.5},
    }
    found = {t["what"]: t["ok"] for t in gpu.targets(parts)}
    share, eager = (
        "B = 1000, 784-4096-4096-10: share of the products' rate",
        "B = 100, 784-500-500-10: to PyTorch eager",
    )
    assert found[share] is True and found[eager] is False and found["an epoch of MNIST, s"] is None
    assert {t["ok"] for t in gpu.targets({})} == {None} and len(gpu.targets({})) == len(found)
    findings = _facts() | gpu.finish({"parts": parts}) | {"parts": {"build": {"error": "no nvcc"}}}
    text = gpu.text(findings)
    assert "**no nvcc**" in text and "| NO |" in text and "| not measured |" in text
    assert "recircuit[cuda" in gpu.wheels()


def _facts() -> dict[str, Any]:
    machine = {"processor": "p", "processors": 1, "threads": 1, "caches": {}}
    return {"date": "2026-01-01", "commit": "abc", "command": "", "machine": machine, "gpu": {"name": "G 1"}}


def _measure(results: Results, name: str, *given: str) -> None:
    arguments = argparse.Namespace(deadline=time.monotonic() + 1000, parts=name, rest="--rest" in given)
    for one in gpu.wanted_parts(arguments, results.parts):
        gpu.measure(one, arguments, results)


def test_what_a_gpu_has_shown_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Rows that were measured before a part failed are kept, and so are parts of earlier calls."""
    calls, earlier = [], []

    def fails(arguments: argparse.Namespace) -> dict[str, Any]:
        calls.append("agreement")
        earlier.append(arguments.earlier)
        row = {"case": "urfb", "precision": "float32", "way": "graph", "apart": 1e-7, "ok": True}
        arguments.keep({"of": 2, "rows": [row], "failed": []})
        written = json.loads((tmp_path / "G-1.json").read_text())["parts"]["agreement"]
        assert written["rows"] == [row] and written["error"] == "not ended"
        raise subprocess.TimeoutExpired("nvcc", 3)

    monkeypatch.setitem(gpu.PARTS, "build", ("a build", lambda _: calls.append("build") or {"build": 3.0}))
    monkeypatch.setitem(gpu.PARTS, "agreement", ("cases", fails))
    _measure(Results(tmp_path, _facts(), gpu.finish, gpu.text), "build")
    results = Results(tmp_path, _facts(), gpu.finish, gpu.text)
    _measure(results, "build,agreement", "--rest")
    parts = json.loads((tmp_path / "G-1.json").read_text())["parts"]
    assert parts["build"]["build"] == 3 and parts["build"]["commit"] == "abc"
    assert len(parts["agreement"]["rows"]) == 1 and "TimeoutExpired" in parts["agreement"]["error"]
    assert "1 of 2 cases" in (tmp_path / "G-1.md").read_text()
    _measure(results, "build,agreement", "--rest")
    assert calls == ["build", "agreement", "agreement"]
    assert earlier[0] == {} and len(earlier[1]["rows"]) == 1 and "error" not in earlier[1]
    assert gpu.wanted_parts(argparse.Namespace(parts="agreement,tests", rest=True), parts) == ["tests", "agreement"]
    parts |= {"tests": {"error": "left out: the time is spent", "commit": "abc"}}  # which is not begun
    assert gpu.wanted_parts(argparse.Namespace(parts="agreement,tests", rest=True), parts) == ["tests", "agreement"]


def test_a_part_that_would_begin_too_late_is_left_out(tmp_path: Path) -> None:
    results = Results(tmp_path, _facts(), gpu.finish, gpu.text)
    gpu.measure("build", argparse.Namespace(deadline=time.monotonic()), results)
    assert "left out" in results.parts["build"]["error"]


def test_a_call_whose_time_has_passed_says_what_it_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An interpreter may take long to start: the time is that of the clock on the wall, not of this process."""
    monkeypatch.setattr(sys, "argv", ["gpu", "--rest", "--until", "0", "--out", str(tmp_path)])
    monkeypatch.setattr(gpu.requirements, "missing_cuda", lambda: "")
    monkeypatch.setattr(gpu, "facts", _facts)
    assert gpu.main() == 1
    parts = json.loads((tmp_path / "G-1.json").read_text())["parts"]
    assert {name: "left out" in part["error"] for name, part in parts.items()} == dict.fromkeys(gpu.PARTS, True)
    assert "| not measured |" in capsys.readouterr().out


def _cases(left: float, earlier: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    arguments = argparse.Namespace(deadline=time.monotonic() + left, keep=kept.update, earlier=earlier)
    try:
        kept.update(gpu_right.agreement(arguments))
    except OutOfTime as problem:
        kept["error"] = str(problem)
    return kept


def test_a_case_that_does_not_end_is_a_row_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the time of the call has ended, the case is left for the next one, and the rows that agreed stay."""

    def never(*given: Any, **options: Any) -> None:
        raise subprocess.TimeoutExpired("python", 5)

    monkeypatch.setattr(subprocess, "run", never)
    monkeypatch.setattr(gpu_right, "cases", lambda: ["urfb"])
    monkeypatch.setattr(gpu_right, "WALKED", ("urfb",))
    found = _cases(1000, {})
    tried = [("float32", "graph"), ("float32", "persistent"), ("float64", "graph")]
    assert found["failed"] == [f"urfb, {precision}, {way}" for precision, way in tried]
    assert "did not end" in found["rows"][0]["error"]
    rows = [{"case": "urfb", "precision": p, "way": way, "ok": way == "graph"} for p, way in tried]
    for left in (0, 50):
        found = _cases(left, {"rows": rows})
        assert "1 of 3 cases are left" in found["error"] and "rows" not in found


def test_the_text_says_which_way_of_launching_is_faster() -> None:
    ours, walk = gpu_parts.OURS.label, gpu_parts.BY_WALK.label
    rates = {"a": {ours: 2.0, walk: 3.0}, "b": {ours: 2.0, walk: 1.0}, "c": {ours: 2.0}}
    text = gpu_parts.faster_ways(rates)
    assert text == [
        "a: RECIRCUIT_CUDA_PRESENTATION=persistent is faster, 1.50 times",
        "b: RECIRCUIT_CUDA_PRESENTATION=graph is faster, 2.00 times",
    ]


def test_lines_of_a_command_that_is_ended_with_the_time() -> None:
    command = [sys.executable, "-uc", "import time; print('one'); time.sleep(60)"]
    seen = []
    with pytest.raises(OutOfTime, match="did not end"):
        for line in gpu_commands.lines_of(command, argparse.Namespace(deadline=time.monotonic() + 6)):
            seen.append(line)
    assert seen == ["one"]
    with pytest.raises(RuntimeError, match="did not end within 1 s"):  # its own time, and not that of all
        list(gpu_commands.lines_of(command, argparse.Namespace(deadline=time.monotonic() + 60), most=1))
    with pytest.raises(OutOfTime, match="is spent"):
        gpu_commands.answer_of(command, argparse.Namespace(deadline=time.monotonic()))


def test_the_output_of_a_command_that_failed_is_kept() -> None:
    command = [sys.executable, "-c", "raise SystemExit('one line\\nand another')"]
    with pytest.raises(RuntimeError, match="one line\nand another"):
        gpu_commands.answer_of(command, argparse.Namespace(deadline=time.monotonic() + 60))


def test_training_that_fails_or_does_not_end_loses_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"epoch": 0.5, "test errors": [0.1]}

    def answer(command: list[str], arguments: argparse.Namespace, **options: Any) -> str:
        sizes, backend = command[command.index("benchmarks.gpu_training") + 1], command[-1]
        if backend == "cuda" and sizes == "64-500-10":
            raise RuntimeError(f"it did not end within {options['most']:.0f} s")
        if backend == "cpp" and sizes != "64-500-10":
            raise OutOfTime("the time is spent")
        return json.dumps(row)

    monkeypatch.setattr(gpu_parts, "answer_of", answer)
    monkeypatch.setattr(gpu_parts, "data", lambda folder: argparse.Namespace(name="some", n_features=64, classes=10))
    kept: dict[str, Any] = {}
    with pytest.raises(OutOfTime):
        gpu_parts.training(argparse.Namespace(earlier={}, keep=kept.update, data=None))
    assert kept["64-500-10"] == {"cpp": row} and kept["64-100-100-100-100-10"] == {"cuda": row}
    assert kept["failed"] == ["64-500-10, cuda: it did not end within 90 s"]
    assert "did not end" in gpu_text.TEXT["training"](kept)


def test_each_test_on_a_gpu_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    text = {
        "a::one": ["1 passed in 2 s"],
        "a::two": ["E   assert 3", "1 failed in 2 s"],
        "a::three": ["1 skipped in 0 s"],
    }

    def lines(command: list[str], arguments: argparse.Namespace, **options: Any) -> list[str]:
        if "--collect-only" in command:
            return [*text, "a::four", "a::five", "", "5 tests collected"]
        if command[-1] == "a::five":
            raise OutOfTime("the time is spent")
        return text[command[-1]]

    monkeypatch.setattr(gpu_right, "lines_of", lines)
    kept: dict[str, Any] = {}
    arguments = argparse.Namespace(earlier={"passed": ["a::four", "a::gone"]}, keep=kept.update)
    with pytest.raises(OutOfTime, match="1 of 5 tests are left"):
        gpu_right.tests(arguments)
    assert sorted(kept["passed"]) == ["a::four", "a::one"] and sorted(kept["failed"]) == ["a::three", "a::two"]
    assert kept["said"] == ["E   assert 3"] and kept["summary"] == "2 of 5 passed, 2 did not"


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let this process, and programs that it starts, find a toolkit and a GPU, which are those for the processor."""
    pytest.importorskip("brian2cuda")
    monkeypatch.setattr("recircuit.circuits.backends.cuda.gpu.find_gpu", lambda: GPU)
    driver = ["gcc", "-shared", "-fPIC", "-o", str(tmp_path / "libcuda.so.1"), str(STAND_IN / "driver.c")]
    subprocess.run(driver, check=True)
    monkeypatch.setenv("CUDA_HOME", str(STAND_IN))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))


@pytest.mark.slow
def test_a_kernel_that_never_ends_is_a_row_that_failed(stand_in: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes on running, neither the program nor the process that started it."""
    monkeypatch.setattr(gpu_right, "cases", lambda: ["urfb"])
    monkeypatch.setattr(gpu_right, "BOUNDS", {"float32": 1e-4})
    monkeypatch.setattr(gpu_right, "WALKED", ())
    assert _cases(600, {})["failed"] == []  # which compiles it
    monkeypatch.setattr(gpu_right, "MOST", 60)
    monkeypatch.setenv("CUDA_ON_CPU_HANG", "40")
    found = _cases(600, {})
    assert "did not end within 60 s" in found["rows"][0]["error"] and len(found["failed"]) == 1
    assert [file for file in Path("/proc").glob("[0-9]*/environ") if _has(file, b"CUDA_ON_CPU_HANG=40")] == []


def _has(file: Path, what: bytes) -> bool:
    try:
        return what in file.read_bytes()
    except OSError:
        return False


@pytest.mark.slow
def test_the_reference_workload_on_the_stand_in(
    stand_in: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Weights are held against double precision, as on a GPU; rows that are there stay, and missing ones are named."""
    small_one = workload.Settings(sizes=(12, 8, 7, 3), batch_size=2, rows=20)
    monkeypatch.setattr(gpu_parts, "WORKLOADS", (small_one,))
    monkeypatch.setattr(gpu_parts, "SECONDS", 0.01)
    kept: dict[str, Any] = {}
    name = "B = 2, 12-8-7-3"
    earlier = {"rates": {f"{name}, every": {"recircuit": 5.0}}}
    arguments = argparse.Namespace(deadline=time.monotonic() + 600, keep=kept.update, earlier=earlier)
    found = gpu_parts.reference(arguments)
    assert found["rates"][f"{name}, every"]["recircuit"] == 5 and found["failed"] == []
    assert set(found["rates"][f"{name}, needed"]) == {
        "cuBLAS alone", gpu_parts.OURS.label, gpu_parts.BY_CUBLAS.label, gpu_parts.BY_WALK.label,
        gpu_parts.BY_CACHE.label,
    }  # fmt: skip
    assert all(apart < 1e-5 for apart in found["apart"].values()) and len(found["apart"]) == 7
    assert set(found["absent"]) == {one.label for one in gpu_parts.TORCH} and found["memory"]["share"] > 0
    assert kept["rates"] == found["rates"] and "RECIRCUIT_CUDA_PRESENTATION=" in gpu_text.TEXT["reference"](found)


@pytest.mark.parametrize("own", [True, False])
def test_who_sees_pythonpath(monkeypatch: pytest.MonkeyPatch, own: bool) -> None:
    """Packages of this process's interpreter see it, and those of a peer's own environment do not."""
    monkeypatch.setenv("PYTHONPATH", "/packages")
    findings = client._environment(Path("/environment/bin/python"), 1, own=own)
    assert ("PYTHONPATH" in findings) == (not own)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_the_hinge_circuit_by_hand_is_the_circuit(batch_size: int) -> None:
    """The benchmark holds the two against each other before it measures."""
    case = small.hinge(batch_size)
    assert (case.name, case.batch_size) == ("hinge output circuit", batch_size)


def test_what_threads_do_is_counted() -> None:
    """A process that computes for some time is on a processor; it is ended by its own clock."""
    code = "import time\nprint(flush=True)\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-S", "-c", code], text=True, **pipes) as computing:
        assert computing.stdin is not None and computing.stdout is not None
        computing.stdout.readline()
        before = threads.seen()
        computing.stdout.readline()
        _, on, waiting, *switches = (b - a for a, b in zip(before, threads.seen(), strict=True))
        computing.stdin.write("\n")
    assert on > 0.1e9 and waiting >= 0 and min(switches) >= 0


def test_rules_of_the_comparison_in_turns() -> None:
    """Names and circuits of the table are built, and each takes some time in every round."""
    names = families.specs()
    assert {"bp", "examples/generec.py:network(feedback='random')"} <= set(names)
    took = families.measured(["bp", "examples/kolen_pollack.py:network"], rounds=2, presentations=3)
    assert all(len(each) == 2 and min(each) > 0 for each in took.values())


def test_numbers_of_busy_processes() -> None:
    assert busy.counts("0, 2,8,2") == [0, 2, 8]
    with pytest.raises(UsageError, match="--busy: expected whole numbers"):
        busy.counts("0,many")


def test_a_folder_that_is_named_and_missing_is_not_replaced_by_the_digits(tmp_path: Path) -> None:
    with pytest.raises(RecircuitError, match="none"):
        training.data(tmp_path / "none")


def test_names_of_peers() -> None:
    assert [peer.name for peer in roster.chosen("jax,numpy", quick=True)] == ["jax", "numpy"]
    for refused in (partial(roster.chosen, "jx", quick=True), partial(papers._check_peers, "recircuit,jx")):
        with pytest.raises(UsageError, match="--peers: expected some of .*; got 'jx'"):
            refused()
