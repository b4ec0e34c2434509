"""Circuits of very many parts are told of, or refused, before time is spent on them."""

from __future__ import annotations

import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.description import size


def test_many_parts_are_warned_of_and_more_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "MANY", 3)
    monkeypatch.setattr(size, "MOST", 6)
    net = rc.Circuit()
    for k in range(2):
        net.connect(net.stimulus(f"x{k}", 1), net.population(f"h{k}", 1, rc.pyramidal()))
    net.phases("feedforward", 1 * ms)
    with pytest.warns(UserWarning, match="4 populations and 2 projections. Building takes about"):
        net.lowered()
    with pytest.raises(rc.RecircuitError, match="at most 6 populations and projections"):
        net.population("one_more", 1, rc.pyramidal())


def test_phases_without_number_are_refused() -> None:
    with pytest.raises(rc.RecircuitError, match="at most 10,000 phases"):
        rc.Circuit().phases(*[word for k in range(10_001) for word in (f"p{k}", 1 * ms)])
