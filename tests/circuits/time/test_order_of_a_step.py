"""The order within a step, as docs/time.md tells it: a circuit that counts steps says who sees before and who after."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.lowering import operations

PAGE = Path(__file__).parents[3] / "docs" / "time.md"
STEPS = 4

COUNTER = "rate = rate + 1 : 1 (during all)\nbefore = rate : 1 (during all)\nlatched = rate : 1 (after all)"
LISTENER = """
    basal : 1 (compartment)
    other : 1 (compartment)
    count : 1 (broadcast)
    arrived = basal       : 1 (during all)
    shown   = other       : 1 (during all)
    counted = count       : 1 (during all)
    rate  = rate + 1    : 1 (during all)
"""
RULE = rc.Rule(
    "sees", source="a test", forward="n = rate_pre\nl = latched_pre\nf = arrived_post\ndw = 0*w",
    state=("n", "l", "f"),
)  # fmt: skip


def circuit(**options: Any) -> rc.Circuit:
    net = rc.Circuit(**options)
    x = net.stimulus("x", 1)
    h = net.population("h", 1, rc.Neuron(COUNTER))
    o = net.population("o", 1, rc.Neuron(LISTENER))
    net.broadcast(h, "count")
    net.connect(h, o, rule=RULE, weights=1.0, during="all", learns="all")
    net.connect(x, o, into="other", weights=1.0)
    net.phases("all", STEPS * ms)
    return net


@pytest.mark.parametrize("options", [{}, {"optimise": False}, {"lowering": "reference"}], ids=str)
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_who_sees_the_state_before_a_step_and_who_after(options: dict[str, Any], backend: str) -> None:
    if options.get("lowering") and backend == "interpreter":
        pytest.skip("the interpreter has no reference form")
    net = circuit(**options)
    keys = ["h.rate", "h.before", "o.arrived", "o.counted", "o.shown", "h_to_o.n", "h_to_o.l", "h_to_o.f"]
    trace = net.run(np.array([[7.0]]), record=keys, backend=backend)
    after = np.arange(1, STEPS + 1.0)
    assert trace["h.rate"].ravel().tolist() == after.tolist()
    for late in ("h.before", "o.arrived", "o.counted", "h_to_o.f"):  # express, propagate and integrate
        assert trace[late].ravel().tolist() == (after - 1).tolist(), late
    assert trace["o.shown"].ravel().tolist() == [7] * STEPS  # clamp, of this step
    assert trace["h_to_o.n"].ravel().tolist() == after.tolist()  # factor and learn
    assert trace["h_to_o.l"].ravel().tolist() == [0] * (STEPS - 1) + [STEPS]  # latch, before learn
    assert net["h.latched"] == STEPS


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_the_row_of_a_stimulus_in_the_step_before(backend: str) -> None:
    """A stimulus shows its row before states change, so that a latch of its rate holds the row of this step."""
    lines = "rate : 1\nlast = rate : 1 (stored)\nbefore = last : 1 (stored)\nslope = rate - before : 1"
    net = rc.Circuit()
    net.stimulus("x", 1, rc.Neuron(lines), every=1 * ms)
    rows = np.array([3.0, 5.0, 4.0, 4.5])
    trace = net.run({"x": rows[:, None]}, record=["x.last", "x.slope"], backend=backend)
    assert np.array_equal(trace["x.last"][:, 0], rows)
    assert np.allclose(trace["x.slope"][:, 0], np.diff(rows, prepend=0))


def test_the_page_tells_the_order_of_the_slots() -> None:
    page = PAGE.read_text(encoding="utf-8").split("## A step")[1].split("\n## ")[0]
    drawn = re.findall(r"^     (\d) (\w+)  ", page, re.M)
    rows = re.findall(r"^\| (\w+) \|", page.split("| --- |", 1)[1], re.M)
    slots = ["CLAMP", "EXPRESS", "PROPAGATE", "INTEGRATE", "LATCH", "FACTOR", "LEARN"]
    assert [getattr(operations, slot) for slot in slots] == list(range(7))
    assert [name for _, name in drawn] == rows == [slot.lower() for slot in slots]
    assert [int(number) for number, _ in drawn] == list(range(1, 8))


def test_explain_marks_who_reads_a_value_from_before_the_step() -> None:
    text = circuit(optimise=False).explain().splitlines()
    lines = {line.split()[0]: line for line in text if line.startswith("    ")}
    assert "reads h.rate, h_to_o.w from before this step" in lines["propagate_h_to_o"]
    assert "reads h.rate from before this step" in lines["broadcast_count_to_o"]
    assert "reads h.rate from before this step" in lines["update_h_rate_before"]
    assert not any(
        "before this step" in lines[n] for n in lines if n.startswith(("learn", "clamp", "update_o", "update_h_l"))
    )


def test_explain_ends_with_what_closed_pathways_do() -> None:
    net = circuit()
    net.connect(net["x"], net["o"], name="more", during="some", closed="zero")
    net.phases("all", STEPS * ms, "some", 1 * ms)
    assert net.explain().splitlines()[-2:] == [
        "h_to_o is open during all, and keeps its last value while it is closed",
        "more is open during some, and is zero while it is closed",
    ]
