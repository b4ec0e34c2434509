"""Noise, order and counters go on: across runs, backends, new phases, store and restore; a measurement touches nothing."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.backends.noise import PHILOX, NoiseState, mersenne_state, set_mersenne
from recircuit.circuits.running.untouched import untouched
from recircuit.errors import RecircuitError


def noisy(**options) -> rc.Circuit:
    net = rc.Circuit(seed=3, **options)
    net.population("h", 7, rc.Neuron("rate = randn() : 1 (during on)"))
    net.phases("on", 2 * ms)
    return net


def rates(net: rc.Circuit, presentations: int, **options) -> np.ndarray:
    return net.run(None, presentations, record=["h.rate"], **options)["h.rate"]


@pytest.mark.parametrize("drawn", [0, 1, 5, 311, 312, 313, 622, 624, 1000])
def test_a_generator_goes_on_where_another_was(drawn: int) -> None:
    """It goes on word by word: at the beginning, in the middle and at the end of the blocks in which NumPy makes them."""
    a, b = np.random.RandomState(4), np.random.RandomState(9)
    a.random_sample(drawn)
    a.standard_normal(3)
    set_mersenne(b, mersenne_state(a))
    np.testing.assert_array_equal(b.standard_normal(2000), a.standard_normal(2000))
    assert np.array_equal(mersenne_state(a).content, mersenne_state(b).content)


def test_a_generator_of_another_kind_begins_elsewhere() -> None:
    states = [NoiseState(PHILOX, np.full(16, k, np.uint8)) for k in (0, 1)]
    drawn = []
    for state in states:
        random = np.random.RandomState(0)
        set_mersenne(random, state)
        drawn.append(random.random_sample(3))
    assert not np.array_equal(*drawn)


def test_noise_goes_on_across_runs_backends_phases_and_states() -> None:
    whole = rates(noisy(), 8)
    net = noisy()
    parts = [rates(net, 2), rates(net, 2, backend="interpreter")]
    net.phases("on", 2 * ms)
    parts.append(rates(net, 2))
    net.set_state(net.state())
    net.population("other", 1, rc.pyramidal())
    parts.append(rates(net, 2))
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    net.reset()
    np.testing.assert_array_equal(rates(net, 8), whole)


@pytest.mark.cpp
def test_noise_goes_on_from_numpy_to_cpp_and_back() -> None:
    whole, net = rates(noisy(), 6), noisy()
    parts = [rates(net, 2, backend=b) for b in ("numpy", "cpp", "numpy")]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-14)


def test_store_and_restore_repeat_a_run() -> None:
    net = noisy()
    rates(net, 3)
    net.store()
    first, clock = rates(net, 3), net["clock.t"]
    net.restore()
    np.testing.assert_array_equal(rates(net, 3), first)
    assert net["clock.t"] == clock
    with pytest.raises(RecircuitError, match="nothing is stored under the name 'later'"):
        net.restore("later")
    net.population("other", 1, rc.pyramidal())
    with pytest.raises(
        RecircuitError, match=r"since 'other\.\w+' is in the circuit, but not in the state that is stored as 'default'"
    ):
        net.restore()


def test_what_is_measured_is_put_back() -> None:
    net = noisy()
    rates(net, 3)
    before = net.moment()
    with untouched(net.program(), net.timetable("evaluate")):
        net.run(None, 4, learn=False)
    after = net.moment()
    assert all(np.array_equal(after.state[k], before.state[k]) for k in before.state)
    assert np.array_equal(after.noise.content, before.noise.content)  # pyright: ignore[reportOptionalMemberAccess]


def test_reset_keeps_the_parameters_that_were_set() -> None:
    net = rc.Circuit(dt=1 * ms)
    x = net.stimulus("x", 2)
    h = net.population(
        "h", 3, rc.Neuron("basal : 1 (compartment)\ngain : 1\ndrate/dt = (gain*basal - rate)/tau : 1", tau=1 * ms)
    )
    net.connect(x, h, weights=1.0)
    net.phases("on", 3 * ms)
    net["h.gain"] = [[1.0, 2.0, 3.0]]
    net["h.tau"] = 5 * ms
    expected = net.run([[1.0, 1.0]], 2, record=["h.rate"])["h.rate"]
    net.reset()
    np.testing.assert_array_equal(net.run([[1.0, 1.0]], 2, record=["h.rate"])["h.rate"], expected)
    assert net["h.tau"] == pytest.approx(0.005) and np.abs(expected).max() > 0
