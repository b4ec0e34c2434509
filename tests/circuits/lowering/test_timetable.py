"""What runs in which step, what is left out, and that leaving it out changes no bit, whatever the phases are."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms
from networks import anything, layered, stimuli

import recircuit as rc
from recircuit.circuits import Schedule


def running(net: rc.Circuit, mode: str = "train") -> list[list[str]]:
    return net.timetable(mode).names()


def test_a_presentation_of_three_layers() -> None:
    """Each product is computed once, where its input is new: a signal crosses one layer a step."""
    net = layered((6, 5, 4, 3), rc.urfb)
    steps = running(net)
    assert len(steps) == 3 + 4 + 2 + 1
    products = [
        [n for n in row if n.startswith("propagate") and "t" not in n.split("_") and "s" not in n] for row in steps
    ]
    assert [[n.removeprefix("propagate_") for n in row] for row in products] == [
        ["x_to_h1"], ["h1_to_h2"], ["h2_to_o"], [], [], [], [], ["o_to_h2"], ["h2_to_h1"], [],
    ]  # fmt: skip
    assert steps[0][0] == "clamp_x" and not any("clamp_x" in row for row in steps[1:])
    learned = [n for n in steps[-1] if n.startswith("learn")]
    assert learned == [f"learn_{p}_0" for p in ("x_to_h1", "h1_to_h2", "h2_to_h1", "h2_to_o", "o_to_h2")]
    assert not any(n.startswith(("learn", "count")) for row in steps[:-1] for n in row)


def test_work_is_counted() -> None:
    net = layered((60, 50, 40, 30), rc.frfb)
    forward, backward = 60 * 50 + 50 * 40 + 40 * 30, 40 * 30 + 50 * 40
    learning = forward
    assert forward + backward + learning < net.timetable().work() < 1.1 * (forward + backward + learning)
    resting = 2 * 30  # o and t
    assert net.timetable("evaluate").work() == forward + 50 + 40 + resting


def test_an_evaluation_neither_supervises_nor_learns() -> None:
    names = {n for row in running(layered((6, 5, 3)), "evaluate") for n in row}
    forward = {"clamp_x", "propagate_x_to_h1", "propagate_h1_to_o", "update_h1_rate"}
    assert names == forward | {"update_o_rate", "update_t_rate"}  # which go to rest


def test_an_evaluation_has_the_phases_that_were_asked_for() -> None:
    net = layered((6, 5, 3))
    phases = ("feedforward", 2 * ms, "error", 4 * ms, "feedback", 1 * ms, "plasticity", 1 * ms)
    net.phases(*phases, evaluation="feedforward and feedback")
    table = net.timetable("evaluate")
    assert table.steps == (0, 1, 6)
    trace = net.run(stimuli(net, 2), learn=False, record=["h1.rate"])
    assert trace.steps == 6


def test_what_is_recorded_is_not_left_out() -> None:
    net = layered((6, 5, 4, 3))
    bare = {n for row in running(net) for n in row}
    kept = net.timetable("train", ["o.basal_h2"]).names()
    assert "propagate_h2_to_o" in bare
    assert [("propagate_h2_to_o" in row) for row in kept[:3]] == [True] * 3
    assert sum("propagate_h2_to_o" in row for row in running(net)) == 1


def test_explained() -> None:
    text = layered((6, 5, 3)).explain()
    assert text.startswith("train: 8 steps")
    for part in ("feedforward", "error", "propagate_h1_to_o", "overwritten before anyone reads it", "have not changed"):
        assert part in text


# --- schedules --------------------------------------------------------------------------------------------------------


def test_a_sequence_of_phases() -> None:
    schedule = Schedule.sequence(("a", 2 * ms, "b", 1.5 * ms), 0.5 * ms)
    assert schedule.windows == {"a": (0, 4), "b": (4, 7)} and schedule.steps == 7
    assert schedule.names_at(4) == ["b"] and schedule.evaluation == ("a", "b")


def test_windows_may_overlap_and_leave_gaps() -> None:
    schedule = Schedule.overlapping(dict(feedforward=(0 * ms, 3 * ms), b=(2 * ms, 4 * ms), c=(6 * ms, 7 * ms)), 1 * ms)
    assert schedule.steps == 7 and schedule.names_at(2) == ["feedforward", "b"] and schedule.names_at(5) == []
    assert schedule.evaluation == ("feedforward",)


@pytest.mark.parametrize("dt, length", [(0.1, 0.3), (0.1, 1.1), (0.3, 3.3), (1 / 3, 1.0)])
def test_durations_are_whole_steps_in_spite_of_rounding(dt: float, length: float) -> None:
    assert Schedule.sequence(("a", length * ms), dt * ms).steps == round(length / dt)


# --- any circuit and any phases ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_leaving_out_changes_no_bit_whatever_the_circuit(seed: int) -> None:
    nets = [anything(seed, optimise=optimise) for optimise in (True, False)]
    x = np.random.default_rng(seed).normal(size=(6, 3))
    record = ["h0.mixed", "h1.rate", "h2.last", "h1.basal"] if seed % 2 else []
    runs = []
    for net in nets:
        first = net.run(x, record=record)
        evaluated = net.run(x, learn=False)
        last = net.run(x, record=record)
        runs.append([first, last])
        assert evaluated.steps == 0
    for left, right in zip(*runs):
        assert all(np.array_equal(left[n], right[n]) for n in record)
    left, right = (net.state() for net in nets)
    assert [key for key in left if not np.array_equal(left[key], right[key])] == []
    assert nets[0].timetable().work() <= nets[1].timetable().work()


def test_some_of_those_circuits_do_leave_something_out() -> None:
    saved = [anything(s, optimise=False).timetable().work() - anything(s).timetable().work() for s in range(6)]
    assert sum(s > 0 for s in saved) >= 3
