"""White noise in several equations, time steps that are too long, and what ``x`` is in a rule."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.backends.divergence import Diverged
from recircuit.circuits.lowering.equations.state_equations import state_statements
from recircuit.errors import RecircuitError

NOISY = "dv/dt = -v/tau + {0}*tau**-0.5 : 1\ndu/dt = -u/tau + {1}*tau**-0.5 : 1\nrate = v : 1"


def moved(first: str, second: str, **options: Any) -> np.ndarray:
    """Return two noisy states of 400 units after 5 ms, (2, 400)."""
    net = rc.Circuit(seed=3, batch_size=20)
    net.population("h", 20, rc.Neuron(NOISY.format(first, second), tau=options.pop("tau", 10 * ms)))
    net.phases("all", 5 * ms)
    net.run(presentations=1, **options)
    return np.stack([net["h.v"].ravel(), net["h.u"].ravel()])


@pytest.mark.parametrize("line", ["v = xi : 1 (during p)", "v = xi_v : 1 (after p)", "rate = basal + xi : 1"])
def test_noise_outside_of_differential_equations_is_refused(line: str) -> None:
    with pytest.raises(rc.RecircuitError, match="white noise, xi, which only differential equations"):
        rc.Neuron(f"basal : 1 (compartment)\n{line}")


@pytest.mark.parametrize("names", [("xi", "xi"), ("xi_v", "xi_u"), ("xi", "xi_u")])
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_two_equations_have_two_noises(names: tuple[str, str], backend: str) -> None:
    v, u = moved(*names, backend=backend)
    assert abs(np.corrcoef(v, u)[0, 1]) < 0.2
    np.testing.assert_allclose(np.std([v, u], axis=1), np.sqrt(0.1 * sum(0.9 ** (2 * k) for k in range(5))), rtol=0.12)


@pytest.mark.parametrize("noise", ["0.1*xi", "xi*tau", "xi_same/tau**1.5"])
def test_noise_of_another_unit_is_refused(noise: str) -> None:
    """The mean square of white noise grows with time, so that it has the unit 1/sqrt(second)."""
    net = rc.Circuit()
    net.population("h", 1, rc.Neuron(f"drate/dt = -rate/tau + {noise} : 1", tau=10 * ms))
    with pytest.raises(RecircuitError, match="inconsistent units"):
        net.run(5 * ms)


def test_a_noise_with_a_name_is_not_that_of_an_equation() -> None:
    """``xi_v`` is a name like any other, and not the noise that the equation of v has for itself."""
    v, u = moved("xi", "xi_v*tau**-0.5 : 1\ndz/dt = -z/tau + xi")
    assert abs(np.corrcoef(v, u)[0, 1]) < 0.2


def test_noises_are_drawn_in_the_order_of_their_names() -> None:
    """A set of names has another order in each process, and with it the numbers would be others."""
    names = [f"xi_{k}" for k in "hgfedcba"]
    net = rc.Circuit()
    h = net.population("h", 1, rc.Neuron(NOISY.format(f"({'+'.join(names)})", "xi"), tau=10 * ms))
    statements, _ = state_statements(tuple(h.neuron.states), h, net)
    assert [s.target for s in statements if "randn" in s.expression] == ["xi", *sorted(names)]


def test_a_noise_with_a_name_is_shared() -> None:
    np.testing.assert_array_equal(*moved("xi_both", "xi_both"))


def test_noise_in_an_equation_whose_time_constant_is_the_time_step() -> None:
    v, _ = moved("xi", "xi", tau=1 * ms)
    np.testing.assert_allclose(np.std(v), 1, rtol=0.12)


FAST = "basal : 1 (compartment)\ndv/dt = {} : 1\nrate = v : 1"


def driven(line: str, method: str, **parameters: Any) -> rc.Circuit:
    net = rc.Circuit()
    x = net.stimulus("x", 1)
    h = net.population("h", 1, rc.Neuron(FAST.format(line), method=method, **parameters))
    net.connect(x, h, weights=1.0)
    net.phases("all", 100 * ms)
    return net


@pytest.mark.parametrize(
    "line", ["(basal - v)/tau", "-v/tau + basal/ms", "(-v + basal)/tau", "basal/ms - 10*v/(3*ms)", "-(v - basal)*1/tau"]
)
@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_a_time_step_that_is_too_long_is_warned_of_and_named(line: str, method: str) -> None:
    parameters = {"tau": 0.3 * ms} if "tau" in line else {}
    with pytest.warns(UserWarning, match=r"'h': 'v' decays with the time constant 0\.3 ms.*exponential_euler"):
        net = driven(line, method, **parameters)
    with pytest.raises(Diverged, match=r"In the population 'h', 'v' decays .* a dt below") as message:
        for _ in range(20):
            net.run(np.ones((10, 1)))
    assert "learning rate" not in str(message.value)


def test_a_method_for_noise_is_warned_of_too() -> None:
    with pytest.warns(UserWarning, match=r"time constant 0\.3 ms, .* for the method 'milstein'"):
        rc.Circuit().population("h", 1, rc.Neuron(NOISY.format("xi", "xi"), method="milstein", tau=0.3 * ms))


@pytest.mark.parametrize(
    "line, method, tau",
    [("(basal - v)/tau", "euler", 0.6), ("(basal - v)/tau", "rk4", 0.4), ("(basal - v)/tau", "exponential_euler", 0.3)],
)
def test_what_stays_bounded_is_not_warned_of(line: str, method: str, tau: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = driven(line, method, tau=tau * ms)
    net.run(np.ones((3, 1)))
    assert net["h.v"][0, 0] == pytest.approx(1)


def test_what_diverges_where_nothing_learns_is_not_laid_to_learning() -> None:
    net = driven("v*v/tau + basal/ms", "euler", tau=1 * ms)
    with pytest.raises(Diverged, match="Nothing learns in this run"):
        net.run(np.ones((9, 1)))


def test_a_state_called_x_does_not_take_the_place_of_the_rate() -> None:
    """x_pre is what a unit sends; where its equations call another variable so, the circuit is refused."""
    net = rc.Circuit()
    h = net.population("h", 2, rc.Neuron("dx/dt = (1 - x)/tau : 1\nrate = tanh(x) : 1", tau=9 * ms))
    o = net.population("o", 1, rc.pyramidal())
    with pytest.raises(RecircuitError, match="reads x_pre, but 'h' has a variable of its own called 'x'"):
        net.connect(h, o, rule=rc.urfb)
    named = net.population("g", 2, rc.Neuron("dx/dt = (1 - x)/tau : 1\nrate = x : 1", tau=9 * ms))
    net.connect(named, o, rule=rc.urfb)  # here they are the same


@pytest.mark.parametrize("tau", [0.3 * ms, np.array([[0.3], [5]]) * ms])
def test_a_time_constant_that_is_set_too_short_is_warned_of(tau: Any) -> None:
    """The warning is that of one that is declared: dv/dt = -v/tau with Euler's method grows where dt is above 2 tau."""
    net = rc.Circuit(batch_size=2)
    net.connect(
        net.stimulus("x", 1),
        net.population("h", 1, rc.Neuron("basal : 1 (compartment)\ndrate/dt = (basal - rate)/tau : 1", tau=5 * ms)),
    )
    net.phases("show", 1 * ms)
    with pytest.warns(UserWarning, match=r"population 'h': 'rate' decays with the time constant 0\.3 ms"):
        net["h.tau"] = tau


@pytest.mark.parametrize("lowering", ["dense", "reference"])
@pytest.mark.parametrize("connectivity", [rc.Dense(), rc.OneToOne()])
def test_a_unit_may_send_its_parameter_as_it_is(lowering: Any, connectivity: Any) -> None:
    """All units of a population have it in common, and each of them sends it; a rule reads it so, too."""
    net = rc.Circuit(batch_size=1, lowering=lowering)
    x, unit = net.stimulus("x", 2), rc.Neuron("basal : 1 (compartment)\nsame = level : 1\nrate = same : 1", level=0.7)
    bias, h = (
        net.population("bias", 2, unit),
        net.population("h", 2, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1")),
    )
    net.connect(x, bias)
    learned = rc.Rule("sum", source="a test", forward="dw = x_pre + 0*x_post")
    net.connect(bias, h, weights=1.0, connectivity=connectivity, rule=learned)
    net.phases("p", 2 * ms, "plasticity", 1 * ms)
    data = np.zeros((3, 2))
    net.run(data[:1], backend="numpy")
    together = 2 if isinstance(connectivity, rc.Dense) else 1
    np.testing.assert_allclose(net["h.rate"], np.full((1, 2), 0.7 * together), rtol=1e-6)
    np.testing.assert_allclose(net["bias_to_h.w"], np.full(net["bias_to_h.w"].shape, 1.7), rtol=1e-6)
    np.testing.assert_allclose(net["bias.rate"], np.full((1, 2), 0.7), rtol=1e-6)
    np.testing.assert_allclose(net.outputs(data, read="bias.rate"), np.full((3, 2), 0.7), rtol=1e-6)
