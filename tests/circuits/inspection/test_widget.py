"""The interactive view: sliders, a picture that follows them, and a circuit that stays as it is."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.errors import RecircuitError

X = np.random.default_rng(0).normal(size=(6, 4))
DATA = {"x": X, "s": np.arange(6) % 3}


def net() -> rc.Circuit:
    return rc.layered([4, 5, 3], "urfb", batch_size=2, tau=3 * ms)


def sliders(view: Any) -> dict[str, Any]:
    return {slider.description: slider for slider in view.children[0].children}


def test_sliders_redraw_and_the_circuit_stays() -> None:
    circuit = net()
    before = circuit.state()
    view = circuit.widget(DATA, record=["h1.rate"])
    first = bytes(view.children[2].value)
    assert first.startswith(b"\x89PNG")
    found = sliders(view)
    assert found["h1.tau (ms)"].value == 3 and found["x_to_h1.rate"].value == 1
    found["h1.tau (ms)"].value = 12
    second = bytes(view.children[2].value)
    assert second != first
    found["h1.tau (ms)"].value = 3
    assert bytes(view.children[2].value) == first
    assert all(np.array_equal(circuit.state()[key], value) for key, value in before.items())
    assert circuit["h1.tau"].item() == pytest.approx(0.003)


def test_it_draws_o_t_and_s() -> None:
    from recircuit.circuits.inspection.widget import usual_record

    assert sorted(usual_record(net())) == ["o.rate", "s.rate", "t.rate"]
    plain = rc.Circuit()
    plain.stimulus("x", 2)
    plain.population("h", 3, rc.pyramidal("tanh"))
    assert usual_record(plain) == ["x.rate", "h.rate"]


def test_what_diverges_is_named_below_the_sliders() -> None:
    view = net().widget(DATA, parameters=["x_to_h1.rate"], record=["o.rate"], presentations=3)
    (slider,) = sliders(view).values()
    slider.max = 1e300
    slider.value = 1e300
    assert "float32" in view.children[1].value or "NaN" in view.children[1].value
    slider.value = 1.0
    assert view.children[1].value == ""


def test_what_cannot_be_shown_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecircuitError, match=r"'o.nosuch'|has no 'nosuch'"):
        net().widget(DATA, record=["o.nosuch"])
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(RecircuitError, match=r"pip install 'recircuit\[widget\]'"):
        net().widget(DATA)


def test_stimuli_without_data_are_named() -> None:
    plain = rc.Circuit(dt=1 * ms)
    plain.connect(plain.stimulus("x", 2), plain.population("o", 2, rc.HingeOutput()), into="basal")
    plain.phases("feedforward", 1 * ms, "error", 4 * ms)
    assert "x, s: no data were given" in plain.widget().children[1].value
    assert plain.widget({"x": [[1.0, 0.0]], "s": [0]}).children[1].value == ""


def test_what_an_output_circuit_is_made_by_is_not_set_alone() -> None:
    """The parameter M also decides the weights 2M and -2M of the control and supervisory units."""
    circuit = net()
    with pytest.raises(RecircuitError, match=r"o\.M cannot be set, since HingeOutput made other parts"):
        circuit["o.M"] = 20.0
    assert "o.M" not in sliders(circuit.widget(DATA)) and "o.S" in sliders(circuit.widget(DATA))
    circuit.set_state(circuit.state())
