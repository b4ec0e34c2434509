"""Rows of the stimuli on cuda: they are handed over once, and those that do not fit into the GPU stay on the host."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms
from test_backends import smooth

import recircuit as rc
from recircuit.circuits.inputs import as_inputs
from recircuit.models import layered

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("brian2cuda") is None, reason="brian2cuda is not installed: pip install 'recircuit[cuda]'"
)
#: Megabytes of which four streams have 32 each, so that next to nothing is left.
LITTLE = "132"


@pytest.fixture
def copies(on_cpu: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], list[int]]:
    """Return a function that gives the bytes of each copy to the GPU since it was last called."""
    file = tmp_path / "copies"
    monkeypatch.setenv("CUDA_ON_CPU_COPIES", str(file))

    def since() -> list[int]:
        found = [int(line) for line in file.read_text().split()]
        file.write_text("")
        return found

    return since


def samples(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Return samples of 64 numbers and ten classes."""
    return np.random.default_rng(0).uniform(-0.3, 0.7, (count, 64)), np.arange(count) % 10


def test_training_copies_its_rows_once(copies: Callable[[], list[int]]) -> None:
    """Later epochs copy only the order of their presentations and what evaluating puts back; the weights are those of numpy."""
    (x, y), (x_test, y_test) = samples(), samples(120)
    nets, spent = [layered([64, 6, 10], "urfb", batch_size=10) for _ in range(2)], []

    def check(*_: object) -> None:
        spent.append(copies())

    rc.train(nets[0], ((x, y), (x_test[::-1], y_test)), epochs=4, backend="cuda", progress=False, callbacks=check)
    rc.train(nets[1], ((x, y), (x_test[::-1], y_test)), epochs=4, backend="numpy", progress=False)
    rows = [x.astype(np.float32).nbytes, x_test.astype(np.float32).nbytes]
    first, *others = spent
    assert [first.count(size) for size in rows] == [1, 1]
    state = sum(v.nbytes for v in nets[0].state().values())  # put back after the test samples
    assert all(sum(one) <= 4 * (len(x) + len(x_test)) + 2 * state < min(rows) for one in others), [*map(sum, others)]
    assert np.allclose(nets[0]["x_to_h1.w"], nets[1]["x_to_h1.w"], rtol=0, atol=1e-5)


def test_rows_that_were_changed_are_copied(copies: Callable[[], list[int]]) -> None:
    """Rows are changed in place, or by a closed loop, which writes over its rows."""
    net, (x, y) = smooth(), samples(40)
    rows = np.array(x[:40], net.dtype)
    seen = []
    for change in (None, None, (0, 3), None):
        if change:
            rows[list(change)] = rows[list(reversed(change))]
        seen.append(net.run({"x": rows, "s": y}, record=["x.rate"], backend="cuda")["x.rate"])
        seen.append(copies().count(rows.nbytes))  # type: ignore[arg-type]
    assert seen[1::2] == [1, 0, 1, 0]
    assert (
        np.array_equal(seen[0], seen[2]) and np.array_equal(seen[4], seen[6]) and not np.array_equal(seen[0], seen[4])
    )
    for _ in range(2):  # its rows are zeros at first, both times
        with net.live() as live:
            shown = live.present({"x": rows[:10], "s": y[:10]}, read=["x.rate"])["x.rate"]
            assert np.array_equal(shown, rows[:10])
            shown = live.present({"x": rows[10:20], "s": y[:10]}, read=["x.rate"])["x.rate"]
            assert np.array_equal(shown, rows[10:20])


def test_rows_that_do_not_fit_stay_on_the_host(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the next presentations are copied: the bits are the same, in any order, also of batches that are not full,
    and of labels.
    """
    x, y = samples(30_000)
    order = np.random.default_rng(1).integers(0, len(x), (130, 10))
    order[57, 4:] = order[129, 1:] = -1
    ends = []
    for memory in ("256", LITTLE):
        monkeypatch.setenv("CUDA_ON_CPU_MEMORY", memory)
        net = smooth()
        trace = net.run({"x": x, "s": y}, order=order, record=["x.rate", "s.rate"], backend="cuda")
        ends.append(net.state() | {name: trace[name] for name in trace})
        net.close()
    assert [k for k, v in ends[0].items() if not np.array_equal(v, ends[1][k])] == []


@pytest.mark.slow
def test_series_that_do_not_fit_stay_on_the_host(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds for series of different lengths, and for a closed loop after them."""
    drawing = np.random.default_rng(1)
    ragged = [drawing.normal(size=(1 + k % 5, 600)) for k in range(500)]
    ends = []
    for memory in ("256", LITTLE):
        monkeypatch.setenv("CUDA_ON_CPU_MEMORY", memory)
        net = rc.Circuit(batch_size=2)
        x = net.stimulus("x", 600, every=1 * ms)
        h = net.population("h", 4, rc.Neuron("basal : 1 (compartment)\nrate = rate/2 + basal : 1 (during a)"))
        net.connect(x, h)
        net.phases(a=(0 * ms, 5 * ms))
        ends.append(net.run({"x": ragged}, record=["h.rate"], backend="cuda")["h.rate"])
        with net.live() as live:
            given = [
                live.present({"x": drawn}, read=["x.rate"])["x.rate"] for drawn in drawing.normal(size=(2, 2, 5, 600))
            ]
        ends.append(np.array(given).sum(axis=(1, 2)))
        net.close()
    assert np.array_equal(ends[0], ends[2]) and ends[0].any()


def test_data_of_which_not_one_presentation_fits(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are refused, and so is a run without others."""
    monkeypatch.setenv("CUDA_ON_CPU_MEMORY", LITTLE)
    net = rc.Circuit(batch_size=10)
    net.stimulus("x", 2000, every=1 * ms)
    net.phases(a=(0 * ms, 50 * ms))
    with pytest.raises(rc.RecircuitError, match=r"the data of x: \d+ MB do not fit into the \d+ MB that are free"):
        net.run({"x": np.ones((20, 50, 2000))}, backend="cuda")
    program, order = net.program("cuda"), np.zeros((1, 10), np.int32)
    with pytest.raises(rc.RecircuitError, match="x: its last data could not be loaded; load others"):
        program.run(net.timetable(), order)
    as_inputs(net, {"x": np.ones((50, 2000))}).load(program)  # one series for all
    program.run(net.timetable(), order).raise_if_diverged()
