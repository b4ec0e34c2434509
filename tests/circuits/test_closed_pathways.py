"""What a pathway leaves behind when it is closed: its last value, or zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.errors import RecircuitError

LINES = "drive : 1 (compartment)\nother : 1 (compartment)\nrate = other + 10*drive : 1 (during a and b and c)"
SHOWN = {"x": np.array([[1.0], [2.0]]), "y": np.array([[3.0], [4.0]])}


def circuit(closed: str, **options: Any) -> rc.Circuit:
    """x is shown during a and c, y all the time; x drives h during b and c only."""
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


def test_what_a_closed_pathway_does_is_said() -> None:
    assert "open during b and c, keeps its last value while closed" in str(circuit("hold"))
    assert "open during a and c, is zero while closed" in str(circuit("zero"))


def test_setting_to_zero_is_done_once_where_it_stays_zero() -> None:
    names = circuit("zero").timetable().names()
    assert [n for row in names for n in row].count("close_x_to_h") == 1  # nobody reads it in d


def test_other_words_and_options_are_refused() -> None:
    with pytest.raises(RecircuitError, match="closed is 'hold'"):
        circuit("open")
    net = circuit("hold")
    with pytest.raises(RecircuitError, match="no option 'durring'.*during"):
        net.connect(net["h"], net["h"], into="drive", durring="a")  # type: ignore[call-arg]
