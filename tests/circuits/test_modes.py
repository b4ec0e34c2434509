"""Several schedules in one circuit: each is as in a circuit that has it alone, and pays for nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.errors import RecircuitError

SHOWN = np.random.default_rng(2).random((6, 3))
HEBB = rc.Rule("hebb", source="Hebb 1949", forward="dw = .1*x_pre*x_post")
ANTI = rc.Rule("anti", source="a test", forward="dw = -.05*x_pre*x_post")
LINES = """
    basal : 1 (compartment)
    back  : 1 (compartment)
    drate/dt = (tanh(in_wake*basal + in_dream*back) - rate)/tau : 1 (during wake and dream)
    held = rate                                                 : 1 (after wake and dream)
    noted = held                                                : 1 (during note)
"""


def circuit(modes: tuple[str, ...], **options: Any) -> rc.Circuit:
    """Awake, the stimulus drives h and h learns from it; dreaming, h drives itself, unlearns, and takes a note."""
    net = rc.Circuit(batch_size=2, seed=1, **options)
    x = net.stimulus("x", 3, during="wake and learn", closed="zero")
    h = net.population("h", 4, rc.Neuron(LINES, tau=2 * ms))
    net.connect(x, h, rule=HEBB, during="wake", learns="learn")
    net.connect(h, h, into="back", rule=ANTI, during="dream", learns="note", delay=3 * ms)
    for mode in modes:
        if mode == "day":
            net.phases("wake", 4 * ms, "learn", 1 * ms, mode=mode)
        else:
            net.phases("dream", 5 * ms, "note", 2 * ms, mode=mode)
    return net


def state(net: rc.Circuit) -> dict[str, np.ndarray]:
    return {k: v for k, v in net.state().items() if k.split(".")[1] in ("rate", "held", "noted", "w")}


def by_hand(nights: int) -> dict[str, np.ndarray]:
    """A day of three presentations, and so many presentations of a night, step by step."""
    first = circuit(("day", "night"))
    w, r = first["x_to_h.w"], first["h_to_h.w"]
    rate, held, noted, field = np.zeros((2, 4)), np.zeros((2, 4)), np.zeros((2, 4)), np.zeros((2, 4))
    sent = [np.zeros((2, 4))] * 3
    for rows in SHOWN.reshape(3, 2, 3):
        for step in range(5):
            sent.append(rate)
            if step < 4:
                rate = rate + 0.5 * (np.tanh(rows @ w.T) - rate)
                held = rate if step == 3 else held
            else:
                w = w + 0.1 * np.mean(rate[:, :, None] * rows[:, None, :], axis=0)
    for _ in range(nights):
        for step in range(7):
            sent.append(rate)
            if step < 5:
                field = sent[-4] @ r.T
                rate = rate + 0.5 * (np.tanh(field) - rate)
                held = rate if step == 4 else held
            else:
                noted = held
                r = r - 0.05 * np.mean(rate[:, :, None] * rate[:, None, :], axis=0)
    return {"h.rate": rate, "h.held": held, "h.noted": noted, "x_to_h.w": w, "h_to_h.w": r}


@pytest.mark.parametrize("options", [{}, {"optimise": False}], ids=str)
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_one_mode_after_the_other(backend: str, options: dict[str, Any]) -> None:
    net = circuit(("day", "night"), **options)
    net.run(SHOWN, backend=backend)
    net.run(SHOWN[:4], mode="night", backend=backend)
    for key, value in by_hand(2).items():
        np.testing.assert_allclose(net[key], value, rtol=1e-12, atol=1e-15, err_msg=key)
    assert net["clock.timestep"] == 3 * 5 + 2 * 7


def test_a_mode_has_the_steps_of_a_circuit_that_has_it_alone() -> None:
    both, alone = circuit(("day", "night")), circuit(("night",))
    table = both.timetable(schedule="night")
    assert table.steps == tuple(range(7)) and len(both.timetable().steps) == 5
    assert "wake" not in both.explain(schedule="night").split("x is open")[0] and "dream" in both.explain(
        schedule="night"
    )
    with pytest.raises(RecircuitError, match="open during .*'wake'"):
        alone.timetable()  # here no mode has that phase


def test_modes_are_saved_and_printed(tmp_path: Path) -> None:
    net = circuit(("day", "night"))
    net.save(tmp_path / "saved")
    again = rc.Circuit.load(tmp_path / "saved")
    assert "mode night: 7 steps; phases dream [0, 5), note [5, 7)" in str(net) and str(again) == str(net)
    for one in (net, again):
        one.run(SHOWN, mode="night")
    np.testing.assert_array_equal(net["h_to_h.w"], again["h_to_h.w"])


def test_a_mode_that_there_is_not_is_refused() -> None:
    with pytest.raises(RecircuitError, match="there is no 'nigth'.*night"):
        circuit(("day", "night")).run(SHOWN, mode="nigth")
    single = rc.Circuit()
    single.phases("a", 1 * ms)
    with pytest.raises(RecircuitError, match="has one schedule"):
        single.run(presentations=1, mode="night")
    with pytest.raises(RecircuitError, match="a mode is a word"):
        single.phases("a", 1 * ms, mode="two words")
