"""Circuits of very many parts are told of, or refused, before time is spent on them."""

from __future__ import annotations

import pytest
from brian2 import ms, second

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


def test_phases_of_all_modes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "MOST_PHASES", 3)
    net = rc.Circuit()
    for mode in ("a", "b", "b", "c"):
        net.phases("p", 1 * ms, mode=mode)
    with pytest.raises(rc.RecircuitError, match="at most 3 phases"):
        net.phases("p", 1 * ms, mode="d")
    assert [*net.modes] == ["a", "b", "c"]


@pytest.mark.parametrize("how", ["pairs", "windows", "short steps"])
def test_presentations_that_nothing_could_end_are_refused(how: str) -> None:
    net = rc.Circuit(dt=(1e-9 if how == "short steps" else 1.0) * ms)
    with pytest.raises(
        rc.RecircuitError, match=r"a presentation has at most 10,000,000 steps.* got 1,000,000,000\. .*run\("
    ):
        if how == "windows":
            net.phases(a=(0 * ms, 1_000_000_000 * ms), b=(0 * ms, 1 * ms))
        else:
            net.phases("a", (1 if how == "short steps" else 1_000_000_000) * ms)


@pytest.mark.parametrize("steps", [1e10, 1e300, float("inf"), float("nan")])
def test_times_of_too_many_steps_are_refused(steps: float) -> None:
    net = rc.Circuit(dt=1 * ms)
    for refused in (lambda: net.phases("a", steps * ms), lambda: net.stimulus("x", 2, every=steps * ms)):
        with pytest.raises(rc.RecircuitError, match="at most 2,147,483,647 are possible|whole number of steps"):
            refused()
    with pytest.raises(rc.RecircuitError, match="at most 2,147,483,647 are possible|whole number of steps"):
        net.run(steps * ms)


def test_an_order_that_does_not_fit_is_refused_before_it_is_made() -> None:
    net = rc.Circuit(dt=1 * ms, batch_size=1000)
    net.stimulus("x", 2)
    with pytest.raises(
        rc.RecircuitError, match="the order of 2,000,000,000 presentations, or steps without phases, need"
    ):
        net.run({"x": [1, 2]}, 2_000_000 * second)
