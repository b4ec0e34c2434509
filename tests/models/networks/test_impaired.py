"""Circuits that are made worse: what changes, and what does not."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.errors import UsageError
from recircuit.models import layered
from recircuit.models.networks.impaired import JITTERED, Impairment, impair

X, LABELS = np.random.default_rng(1).normal(size=(40, 5)), np.arange(40) % 3


def made(by: Impairment) -> rc.Circuit:
    net = layered((5, 6, 3), "urfb", loss="mse", transfer="tanh", batch_size=4, precision="float64", seed=2)
    impair(net, by)
    return net


def learned(net: rc.Circuit, **options: str) -> dict[str, np.ndarray]:
    net.run({"x": X, "s": LABELS}, **options)
    return {p: net[f"{p}.w"] for p in ("x_to_h1", "h1_to_o", "o_to_h1")}


def test_with_later_signals_and_longer_phases_a_step_by_step_network_learns_the_same() -> None:
    """Each layer has as many more steps as its signals are late, so that the textbook update is what it was."""
    ideal, late = learned(made(Impairment())), learned(made(Impairment(delay=3)))
    assert all(np.allclose(late[p], ideal[p], rtol=0, atol=1e-12) for p in ideal)
    schedule = made(Impairment(delay=3)).schedule
    assert schedule is not None and dict(schedule.windows) == {
        "feedforward": (0, 8), "error": (8, 12), "feedback": (12, 16), "plasticity": (16, 17),
    }  # fmt: skip


def late_rates(*, looked_at: bool) -> np.ndarray:
    """The rates of a circuit whose synapses have delays of their own, and all signals two steps more."""
    net, random = rc.Circuit(batch_size=40, seed=1), np.random.default_rng(4)
    x = net.stimulus("x", 6)
    h = net.population("h", 4, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1"))
    net.connect(x, h, weights=random.normal(size=(4, 6)), delay=random.integers(0, 3, (4, 6)) * ms)
    net.phases("feedforward", 3 * ms)
    if looked_at:
        net.explain()
    impair(net, Impairment(delay=2))
    return net.run(random.normal(size=(80, 6)), record=["h.rate"], elements="all")["h.rate"]


def test_a_circuit_that_was_looked_at_before_has_later_signals_too() -> None:
    assert np.array_equal(late_rates(looked_at=True), late_rates(looked_at=False))


def test_weights_are_on_the_grid_and_right_in_the_mean() -> None:
    """A weight of .3 with no change is rounded to .25 and to .5, in a fifth of all draws to the latter."""
    still = rc.Rule("still", source="test", forward="dw = 0*x_post*x_pre").modified(
        rc.plasticity.modifiers.rounding(0.25)
    )
    net = rc.Circuit(seed=3)
    x, h = net.stimulus("x", 100), net.population("h", 100, rc.pyramidal())
    net.connect(x, h, rule=still.forward, weights=0.3)
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
    net.run(np.ones((1, 100)))
    assert set(np.unique(net["x_to_h.w"])) == {0.25, 0.5}
    assert abs(net["x_to_h.w"].mean() - 0.3) < 5 * 0.1 / 100  # five standard errors
    coarse = learned(made(Impairment(grid=1 / 8)))
    assert all(np.allclose(8 * w, np.round(8 * w)) for w in coarse.values())


def test_every_unit_has_noise_of_its_own() -> None:
    """Fields with zero weights are noise alone, which has the size that was asked for, and is uncorrelated."""
    net = made(Impairment(noise=0.5))
    for p in ("x_to_h1", "o_to_h1"):
        net[f"{p}.w"] = np.zeros_like(net[f"{p}.w"])
    trace = net.run(
        {"x": np.zeros((4000, 5)), "s": np.zeros(4000, int)}, record=["h1.basal"], elements="all", learn=False
    )
    fields = trace["h1.basal"].reshape(-1, 4, 6)
    fields = fields[1 :: len(fields) // 1000].reshape(-1, 24)
    assert abs(fields.std() - 0.5) < 0.02
    assert np.abs(np.corrcoef(fields.T) - np.eye(24)).max() < 0.2


def test_phases_of_irregular_length_are_modes_and_the_first_mode_stays() -> None:
    net = made(Impairment(jitter=0.5))
    first, *others = net.modes.items()
    assert first[0] == "" and dict(first[1].windows)["plasticity"] == (4, 5)
    assert len(others) == 8 and all(name.startswith(JITTERED) for name, _ in others)
    lengths = {name: schedule.steps for name, schedule in others}
    assert len(set(lengths.values())) > 1 and all(s.windows["plasticity"][1] == s.steps for _, s in others)
    assert not np.array_equal(learned(net, mode=f"{JITTERED}0")["x_to_h1"], made(Impairment())["x_to_h1.w"])


@pytest.mark.parametrize("by", [{"noise": -1.0}, {"delay": -1}])
def test_nothing_is_worse_by_less_than_nothing(by: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="no value is negative"):
        Impairment(**by)  # type: ignore[arg-type]


def test_a_circuit_without_phases_is_refused() -> None:
    with pytest.raises(UsageError, match="with phases"):
        impair(rc.Circuit(), Impairment(noise=1.0))
