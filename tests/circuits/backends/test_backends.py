"""numpy and cpp run the same circuit; what is compiled is compiled once; a worker that ends says so.

Each distinct circuit costs about ten seconds of the compiler, so the tests share four of them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import anything, distance, layered, stimuli

import recircuit as rc
from recircuit.circuits import Masked, OneToOne
from recircuit.circuits.inputs import as_inputs, dataset_inputs
from recircuit.models.data import load

pytestmark = pytest.mark.cpp


def builds(cache: Path) -> int:
    """Return how many compiled circuits lie in a cache."""
    return len(list(cache.glob("*/main")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a cache of compiled circuits that began empty, for the smooth network; the others use the user's own."""
    monkeypatch.setenv("RECIRCUIT_CACHE", str(folder))
    return folder


def smooth(**options: Any) -> rc.Circuit:
    """Return the network 64-20-10 with tanh and softmax, where rounding stays small."""
    rule = rc.urfb.with_parameters(rate=0.05).with_momentum(0.5)
    options = dict(batch_size=10) | options
    return layered((64, 20, 10), rule, output=rc.SoftmaxOutput(), transfer="tanh", **options)


def masked(**options: Any) -> rc.Circuit:
    """Return 64-30-20-10 with hinge outputs in float32; half of the synapses up are a whole matrix, a tenth back a
    sparse one.
    """
    return layered(
        (64, 30, 20, 10),
        rc.urfb,
        batch_size=10,
        precision="float32",
        forward=Masked(0.5),
        feedback=Masked(0.1),
        **options,
    )


def kitchen(batch_size: int = 1, **options: Any) -> rc.Circuit:
    """Return a circuit with everything else at once: noise, time, broadcasts, latches, overlapping phases, all kinds of
    rules.
    """
    fused = rc.Rule(
        "fused", source="test", broadcasts=("loss",),
        forward="dw = rate*clip(x_pre*error_post*loss, -1, 1) - .01*w + loud*randn()",
        feedback="m = .9*m + .1*error_pre*x_post; dw = rate*m/(1 + updates)", state=("m",),
        parameters=dict(rate=0.1, loud=0.01),
    )  # fmt: skip
    net = rc.Circuit(batch_size=batch_size, **options)
    x, bias = net.stimulus("x", 6), net.constant("bias", value=0.5)
    h = net.population("h", 5, rc.Neuron(
        """
        basal    : 1 (compartment)
        apical   : 1 (compartment)
        loss     : 1 (broadcast)
        gain     : 1
        drate/dt = (tanh(basal) + .2*sin(t/ms) - rate)/tau : 1 (during feedforward)
        jitter   = loud*randn() : 1 (during feedforward)
        error    = (1 + gain)*(apical + jitter)*(1 - rate**2) + .1*loss*in_judgement : 1 (during feedback)
        """,
        tau=2 * ms, loud=0.1,
    ))  # fmt: skip
    o = net.population("o", 3, rc.HingeOutput(M=20, tau=2 * ms, repair="hysteresis"))
    copy = net.population("copy", 5, rc.pyramidal("leaky"))
    judge = net.population("judge", 1, rc.Neuron("basal : 1 (compartment)\nrate = basal**2 : 1 (during judgement)"))
    net.connect(o, judge, weights=0.4, during="judgement", sends="error")
    net.broadcast(judge, "loss", during="judgement and feedback")
    net.connect(x, h, rule=fused)
    net.connect(bias, h, rule=rc.urfb)
    net.connect(h, h, weights=rc.normal(0.3))
    up = net.connect(h, copy, rule=rc.urfb, connectivity=OneToOne(), weights=0.5)
    net.connect(copy, h, into="apical", weights=up.T, sends="rate")
    net.connect(h, o, rule=rc.urfb, connectivity=Masked(0.7))
    net.connect(o, h, into="apical", rule=fused)
    net.phases(
        feedforward=(0 * ms, 4 * ms), error=(3 * ms, 10 * ms), judgement=(8 * ms, 11 * ms),
        feedback=(10 * ms, 12 * ms), plasticity=(11 * ms, 13 * ms),
    )  # fmt: skip
    net["h.gain"] = np.linspace(0, 1, 5)
    return net


def images(net: rc.Circuit, count: int = 100) -> dict[str, np.ndarray]:
    digits = load("digits")
    return {"x": digits.x_train[:count] / 16 - 0.3, "s": digits.y_train[:count]}


def agreeing(
    make: Callable[..., rc.Circuit], data: Any, within: float = 1e-10, **options: Any
) -> tuple[rc.Circuit, rc.Trace, rc.Trace]:
    """Run the same on both backends, check that no variable differs by more, and return one circuit and both recordings."""
    a, b = make(), make()
    left, right = a.run(data, **options), b.run(data, **options, backend="cpp")
    assert {k: v for k, v in differences(a, b).items() if not v <= within} == {}
    return a, left, right


def differences(a: rc.Circuit, b: rc.Circuit) -> dict[str, float]:
    left, right = a.state(), b.state()
    assert left.keys() == right.keys()
    return {k: distance(left[k], right[k]) for k in left}


# --- the same on both -------------------------------------------------------------------------------------------------


def test_an_epoch_of_a_smooth_network(cache: Path) -> None:
    digits = load("digits")
    states, tables = [], []
    for backend in ("numpy", "cpp"):
        net = smooth()
        program = net.program(backend)
        dataset_inputs(net, digits, "train").load(program)
        count = len(digits.y_train)
        order = np.random.default_rng(0).permutation(count)[: count // 10 * 10].reshape(-1, 10)
        result = program.run(net.timetable(), order, collect={"o.basal_h1": 1})
        result.raise_if_diverged()
        assert result.presentations == len(order) and result.collected["o.basal_h1"].shape == (len(order), 10, 10)
        states.append(net)
        tables.append(result.collected["o.basal_h1"])
    assert max(differences(*states).values()) < 1e-10
    assert distance(*tables) < 1e-10
    wrong = (tables[0][-20:].argmax(-1) != digits.y_train[order[-20:]]).mean()
    assert wrong < 0.5, "nothing was learned, so nothing was compared"


def test_ten_presentations_of_a_hinge_network_in_single_precision() -> None:
    a, *_ = agreeing(masked, images(masked()), within=1e-5)
    assert not np.array_equal(a["x_to_h1.w"], masked()["x_to_h1.w"])


@pytest.mark.parametrize("batch_size", [1, 3])
def test_everything_else(batch_size: int) -> None:
    """One batch element and several are run; the noise has the same bits on both backends."""
    data = {"x": np.random.default_rng(0).normal(size=(20, 6)), "s": np.arange(20) % 3}
    record = [
        "h.rate",
        "h.jitter",
        "o.H",
        "o.above",
        "h.loss",
        "judge.rate",
        "x_to_h.w",
        "o_to_h.m",
        "copy.x",
        "t.rate",
    ]
    _, left, right = agreeing(lambda: kitchen(batch_size), data, record=record)
    assert left.rows.tolist() == right.rows.tolist()
    assert {n: distance(left[n], right[n]) for n in record if distance(left[n], right[n]) > 1e-10} == {}
    assert np.array_equal(left["h.jitter"], right["h.jitter"]) and left["h.jitter"].std() > 0.05


def test_a_last_batch_that_is_not_full() -> None:
    data = {"x": np.random.default_rng(0).normal(size=(20, 6)), "s": np.arange(20) % 3}
    agreeing(lambda: kitchen(3), data, order=[[0, 1, 2], [3, 4, -1], [5, -1, -1]])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_any_circuit(seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(10, 3))
    agreeing(lambda: anything(seed), x)


@pytest.mark.slow
def test_the_plain_form_compiles_too() -> None:
    data = stimuli(layered(), 8)
    for rule in (rc.urfb.with_momentum(0.9), rc.bp):
        agreeing(lambda rule=rule: layered(rule=rule, lowering="reference", forward=Masked(0.5)), data, within=1e-12)


# --- one backend after the other --------------------------------------------------------------------------------------


def test_the_state_moves_between_backends(cache: Path) -> None:
    data = images(smooth())
    moving, staying = smooth(), smooth()
    moving["o_to_h1.rate"] = staying["o_to_h1.rate"] = 0.02
    for backend in ("numpy", "cpp", "numpy"):
        before = moving.state()
        moving.program(backend)
        after = moving.state()
        assert all(np.array_equal(before[k], after[k]) for k in before)
        moving.run(data)
        staying.run(data)
    assert max(differences(moving, staying).values()) < 1e-10
    assert moving["o_to_h1.updates"] == 30 and moving["o_to_h1.rate"] == 0.02


def test_auto_is_the_compiled_one_and_stays_open(cache: Path) -> None:
    net = smooth()
    program = net.program("auto")
    assert program.backend == "cpp" and net.program("auto") is program and net.program() is program


@pytest.mark.parametrize("make", [masked, lambda: kitchen(3)], ids=["float32", "noise"])
def test_the_same_seed_gives_the_same_bits_twice(make: Callable[[], rc.Circuit]) -> None:
    states = []
    for _ in range(2):
        net = make()
        net.run(stimuli(net, 20), backend="cpp")
        states.append(net.state())
        net.close()
    assert all(np.array_equal(states[0][k], states[1][k]) for k in states[0])


# --- nothing is compiled twice ----------------------------------------------------------------------------------------


def test_what_changes_no_code_compiles_nothing(cache: Path) -> None:
    """Other weights, data, seeds, rates, values of masks, recordings and evaluations use the program that is there."""
    net = smooth()
    net.run(images(net), backend="cpp")
    once = builds(cache)
    assert once == 1
    start = net["x_to_h1.w"]
    net["x_to_h1.rate"] = net["x_to_h1.velocity"] = 0
    net.run(images(net))
    assert np.array_equal(net["x_to_h1.w"], start), "the rate was changed and did not act"
    net["x_to_h1.rate"] = 0.1
    trace = net.run(images(net), record=["h1.rate", "h1.apical", "o.answer", "x_to_h1.w", "x_to_h1.velocity"])
    assert not np.array_equal(trace["x_to_h1.w"][0], trace["x_to_h1.w"][-1])
    net.run(images(net), learn=False, record=["o.basal"])
    other = smooth(seed=7)
    other.run(images(other, 50), backend="cpp")
    assert not np.array_equal(net["x_to_h1.w"], other["x_to_h1.w"])
    again = smooth(seed=7, optimise=False)
    again.run(images(other, 50), backend="cpp", record=["h1.rate"])
    assert builds(cache) == once
    assert all(np.array_equal(v, other[k]) for k, v in again.state().items())


PROCESS = """
import sys
sys.path[:0] = {tests!r}
from test_backends import images, smooth
net = smooth()
net.run(images(net), backend="cpp")
print(net["x_to_h1.w"].tobytes().hex()[:64])
"""


def test_another_process_compiles_nothing(cache: Path) -> None:
    net = smooth()
    net.run(images(net), backend="cpp")
    before = builds(cache)
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROCESS.format(tests=[str(f) for f in Path(__file__).parents[:3]])],
        env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split()[-1] == net["x_to_h1.w"].tobytes().hex()[:64]
    assert builds(cache) == before and not list(cache.glob("building-*"))


SOURCES = """
import hashlib, sys, tempfile
from pathlib import Path
sys.path[:0] = {tests!r}
from test_backends import kitchen, masked
from recircuit.circuits.backends.cpp.device import WorkerDevice
from recircuit.circuits.lowering.brian.emit import brian_preferences, emit
for make in (kitchen, masked):
    device, net, folder = WorkerDevice(), make(), Path(tempfile.mkdtemp())
    with device.in_use(), brian_preferences(net.dtype):
        device.write_sources(emit(net.lowered(), None), folder)
    text = b"".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())
    print("sources", hashlib.sha256(text).hexdigest())
"""


def test_sources_are_the_same_whatever_python_hashes() -> None:
    """Brian2 goes through sets; what it writes in their order would be compiled again by every process."""
    messages = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SOURCES.format(tests=[str(f) for f in Path(__file__).parents[:3]])],
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2", "3")
    ]  # fmt: skip
    assert messages[0].count("sources") == 2 and messages[0] == messages[1] == messages[2]


# --- what ends a worker -----------------------------------------------------------------------------------------------


def test_a_worker_that_was_killed_says_so(cache: Path) -> None:
    net = smooth()
    program = net.program("cpp")
    program._worker.process.kill()  # type: ignore[attr-defined]
    with pytest.raises(rc.RecircuitError, match=r"ended without being asked to \(status -9"):
        net.run(images(net))


def test_a_closed_worker_leaves_nothing(cache: Path) -> None:
    net = smooth()
    worker = net.program("cpp")._worker  # type: ignore[attr-defined]
    net["h1.rate"] = 0.5
    net.close()
    assert worker.process.poll() is not None
    assert net["h1.rate"].max() == 0.5, "the state was lost"


def test_an_interrupt_ends_after_the_presentation_under_way(cache: Path) -> None:
    net = smooth()
    program = net.program("cpp")
    as_inputs(net, images(net)).load(program)
    order = np.tile(np.arange(100, dtype=np.int32).reshape(10, 10), (20_000, 1))

    def interrupt(done: int) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as stopped:
        program.run(net.timetable(), order, progress=interrupt)
    result = stopped.value.result  # type: ignore[attr-defined]
    assert result.interrupted and 0 < result.presentations < len(order)
    assert net["x_to_h1.updates"] == result.presentations
    assert not program.run(net.timetable(), order[:10]).interrupted


def test_what_decays_gets_to_zero() -> None:
    """What decays does not become numbers with few digits, on which processors are slow."""
    net = rc.Circuit(precision="float32")
    net.population("h", 40, rc.Neuron("drate/dt = -rate/tau : 1", tau=2 * ms))
    net.phases("feedforward", 20 * ms)
    net["h.rate"] = np.geomspace(1e-37, 1e-30, 40)[None]
    net.run(presentations=1, backend="cpp")
    rates = net["h.rate"]
    assert (rates == 0).any() and (rates > 0).any() and rates[rates > 0].min() >= np.finfo(np.float32).tiny
    net.close()


def test_what_diverges_is_named_at_once(cache: Path) -> None:
    net = smooth()
    net["x_to_h1.w"] = 1e308
    with pytest.raises(rc.RecircuitError, match=r"became NaN or infinite in presentation \d+"):
        net.run(images(net), backend="cpp")


# --- what is missing --------------------------------------------------------------------------------------------------


def test_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(rc.RecircuitError, match="no C\\+\\+ compiler.*numpy needs no compiler"):
        smooth().program("cpp")
    with pytest.warns(UserWarning, match="backend auto: numpy is used.*'no-such-compiler' is not on the PATH"):
        assert smooth().program("auto").backend == "numpy"


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECIRCUIT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(rc.RecircuitError, match="cannot write to .*RECIRCUIT_CACHE"):
        smooth().program("cpp")
    net = smooth()
    net.run(images(net))  # the failure left Brian2 as it was


def test_another_precision_is_another_program() -> None:
    a, b = smooth(precision="float32"), smooth()
    assert a.program().get("h1.rate").dtype == np.float32 and b.program().get("h1.rate").dtype == np.float64
