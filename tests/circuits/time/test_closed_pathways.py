"""What a pathway leaves behind when it is closed: its last value, or zero."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.errors import RecircuitError

LINES = "drive : 1 (compartment)\nother : 1 (compartment)\nrate = other + 10*drive : 1 (during a and b and c)"
SHOWN = {"x": np.array([[1.0], [2.0]]), "y": np.array([[3.0], [4.0]])}


def circuit(closed: str, **options: Any) -> rc.Circuit:
    """Return a circuit in which x is shown during a and c, and y all the time; x drives h during b and c only."""
    net = rc.Circuit(**options)
    x = net.stimulus("x", 1, during="a and c", closed=closed)  # type: ignore[arg-type]
    y = net.stimulus("y", 1)
    h = net.population("h", 1, rc.Neuron(LINES))
    net.connect(y, h, into="other", weights=1.0)
    net.connect(x, h, into="drive", weights=1.0, during="b and c", closed=closed)  # type: ignore[typeddict-item]
    net.phases("a", 2 * ms, "b", 1 * ms, "c", 2 * ms, "d", 1 * ms)
    return net


#: Of h, which has no equation during d, in two presentations.
HOLD = [3, 3, 13, 13, 13, 13, 14, 14, 24, 24, 24, 24]
ZERO = [3, 3, 3, 13, 13, 13, 4, 4, 4, 24, 24, 24]


@pytest.mark.parametrize("closed, rates", [("hold", HOLD), ("zero", ZERO)])
@pytest.mark.parametrize(
    "options, backend",
    [({}, "numpy"), ({}, "interpreter"), ({"optimise": False}, "numpy"), ({"lowering": "reference"}, "numpy")],
)
def test_a_closed_pathway_holds_or_is_zero(closed: str, rates: list[int], options: Any, backend: str) -> None:
    net = circuit(closed, **options)
    trace = net.run(SHOWN, record=["h.rate", "x.rate", "h.drive_x"], backend=backend)
    shown = [1, 1, 0, 1, 1, 0] if closed == "zero" else [1] * 6
    assert trace["x.rate"].ravel().tolist() == [*shown, *(2 * s for s in shown)]
    field = trace["h.drive_x"].ravel()
    if closed == "zero":
        assert field.tolist() == [0, 0, 0, 1, 1, 0, 0, 0, 0, 2, 2, 0]
    assert trace["h.rate"].ravel().tolist() == rates


def test_texts_say_what_a_closed_pathway_does() -> None:
    assert "open during b and c, keeps its last value while closed" in str(circuit("hold"))
    assert "open during a and c, is zero while closed" in str(circuit("zero"))


def test_nothing_is_closed_in_a_circuit_without_phases() -> None:
    net = rc.Circuit()
    net.connect(net.stimulus("x", 1), net.population("h", 1, rc.pyramidal()), into="basal")
    assert "closed" not in str(net)
    net.phases("feedforward", 1 * ms, "rest", 1 * ms)
    assert "x_to_h: x.rate -> h.basal, (1, 1), fixed, open during feedforward" in str(net)


def test_setting_to_zero_is_done_once_where_it_stays_zero() -> None:
    names = circuit("zero").timetable().names()
    assert [n for row in names for n in row].count("close_x_to_h") == 1  # nobody reads it in d


def test_other_words_and_options_are_refused() -> None:
    with pytest.raises(RecircuitError, match="closed is 'hold'"):
        circuit("open")
    net = circuit("hold")
    with pytest.raises(RecircuitError, match="no option 'durring'.*during"):
        net.connect(net["h"], net["h"], into="drive", durring="a")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "closed, seen", [("hold", [0, 0, 1, 1, 1, 1, 1, 2, 2, 2]), ("zero", [0, 0, 1, 0, 0, 0, 0, 2, 0, 0])]
)
@pytest.mark.parametrize(
    "options, backend",
    [({}, "numpy"), ({}, "interpreter"), ({"optimise": False}, "numpy"), ({"lowering": "reference"}, "numpy")],
)
def test_a_closed_broadcast_holds_or_is_zero(closed: Any, seen: list[int], options: Any, backend: str) -> None:
    """A unit and a rule read it; the rule adds it to the weight in every step."""
    net = rc.Circuit(**options)
    r, x = net.stimulus("r", 1), net.stimulus("x", 1)
    net.broadcast(r, "reward", during="b", closed=closed)
    lines = "basal : 1 (compartment)\nreward : 1 (broadcast)\nrate = basal + reward : 1 (during a and b and c)"
    h = net.population("h", 1, rc.Neuron(lines))
    rule = rc.Rule("told", source="a test", forward="dw = reward", broadcasts=("reward",))
    net.connect(x, h, weights=0.0, rule=rule, learns="a and b and c")
    net.phases("a", 2 * ms, "b", 1 * ms, "c", 2 * ms)
    shown = {"r": np.array([[1.0], [2.0]]), "x": np.zeros((2, 1))}
    trace = net.run(shown, record=["h.rate", "h.reward"], backend=backend)
    assert trace["h.reward"].ravel().tolist() == trace["h.rate"].ravel().tolist() == seen
    assert net["x_to_h.w"] == sum(seen)
    held = "keeps its last value" if closed == "hold" else "is zero"
    assert f"broadcast reward: the rate of r, open during b, {held} while closed" in str(net)
    assert f"reward is open during b, and {held} while it is closed" in net.explain()


def test_what_a_broadcast_does_while_closed_is_saved(tmp_path: Path) -> None:
    net = rc.Circuit()
    net.broadcast(net.stimulus("r", 1), "reward", during="b", closed="zero")
    net.phases("a", 1 * ms, "b", 1 * ms)
    net.save(tmp_path / "saved")
    assert rc.Circuit.load(tmp_path / "saved").broadcasts["reward"].closed == "zero"
    with pytest.raises(RecircuitError, match="broadcast 'loud': closed is 'hold'"):
        net.broadcast(net["r"], "loud", closed="open")  # type: ignore[arg-type]
