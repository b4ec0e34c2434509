"""The interpreter, which goes from synapse to synapse without generated code, against numpy's matrix products.

Both run the same operations, so what is compared is what each backend makes of a kernel and of an expression.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from brian2.core.functions import DEFAULT_FUNCTIONS
from networks import anything, distance, layered
from test_equivalence import RULES as MODIFIED

import recircuit as rc
from recircuit.circuits import Blocks, Convolution, Dense, Local, Masked, MaxPool, OneToOne
from recircuit.circuits.backends import BACKENDS
from recircuit.circuits.backends.divergence import Diverged
from recircuit.circuits.backends.interpreter.program import InterpreterProgram
from recircuit.circuits.connectivity import CONNECTIVITIES, Connectivity, Given, NoAutapses
from recircuit.circuits.inputs import as_inputs
from recircuit.circuits.lowering.equations.evaluation import DRAWS, FUNCTIONS, evaluate
from recircuit.models.networks.rule_test_circuits import bench, data_for, network
from recircuit.plasticity import RULES
from recircuit.testing import EXACT

BATCH_SIZE, SHOWN = 3, 7  # so that the last of three presentations has two empty batch elements
Make = Callable[..., rc.Circuit]


def interpreted(net: rc.Circuit) -> InterpreterProgram:
    """Return a circuit's program."""
    program = net.program("interpreter")
    assert isinstance(program, InterpreterProgram)
    return program


def assert_agree(
    make: Make, data: dict[str, np.ndarray] | None = None, record: tuple[str, ...] = (), *, all_learn: bool = True
) -> None:
    """Check that all variables agree after three presentations, and what was recorded on the way.

    ``all_learn``: in these presentations, all weights that can learn do.
    """
    usual, net = make(batch_size=BATCH_SIZE), make(batch_size=BATCH_SIZE)
    data = data_for(usual, SHOWN, 1) if data is None else data
    interpreted(net)
    before = usual.state()
    recorded, expected = net.run(data, record=record), usual.run(data, record=record)
    after = usual.state()
    differences = {key: distance(value, after[key]) for key, value in net.state().items()}
    differences |= {f"recorded {name}": distance(recorded[name], expected[name]) for name in record}
    assert {key: value for key, value in differences.items() if not value < EXACT} == {}
    plastic = [p.name for p in net.projections.values() if p.plastic]
    still = [name for name in plastic if np.array_equal(before[f"{name}.w"], after[f"{name}.w"])]
    assert not (all_learn and still)


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_every_rule(rule: str) -> None:
    found = RULES[rule]
    data = data_for(bench(found.forward, found.feedback), SHOWN, 1)
    assert_agree(lambda **options: bench(found.forward, found.feedback, **options), data)


@pytest.mark.parametrize("rule", MODIFIED)
def test_modified_rules_while_units_settle(rule: str) -> None:
    hidden = rc.pyramidal("tanh", tau=3 * ms)
    assert_agree(lambda **options: network(MODIFIED[rule], hidden, **options), record=("h.rate", "h.basal"))


# --- connectivities ---------------------------------------------------------------------------------------------------

IMAGE = (2, 5, 4)
STRUCTURES: dict[str, Connectivity] = {
    "dense": Dense(),
    "one to one": OneToOne(),
    "masked": Masked(0.5),
    "sparse": Masked(0.1),
    "blocks": Blocks(2),
    "given": Given((np.arange(40) % 13, np.arange(40) % 7)),
    "without autapses": NoAutapses(Masked(0.5)),
    "local": Local(IMAGE, 3, 3),
    "local, stride 2": Local(IMAGE, 3, (3, 2), 2),
    "local, half of it": Local(IMAGE, 3, 3, probability=0.5),
    "tied": Convolution(IMAGE, 3, 3),
    "tied, stride 2": Convolution(IMAGE, 3, (3, 2), 2, 1),
    "tied, half of it": Convolution(IMAGE, 3, 3, probability=0.5),
}
PRODUCT = rc.Rule(
    "product", source="test", forward="dw = .1*error_post*x_pre - .01*w", feedback="dw = .1*error_pre*x_post - .01*w"
)
LOOP = rc.Rule(
    "loop", source="test", forward="dw = .1*tanh(x_pre*error_post + 1)", feedback="dw = .1*exp(-error_pre**2*x_post**2)"
)


def shown(units: int) -> dict[str, np.ndarray]:
    """Return rounded values, so that some of the largest of a window are equal, and labels."""
    rng = np.random.default_rng(1)
    return {"x": rng.normal(size=(SHOWN, units)).round(1), "s": rng.integers(0, 3, SHOWN)}


def pair(connectivity: Connectivity, rule: rc.Rule, feedback: str, tau: Any, **options: Any) -> rc.Circuit:
    """Return a circuit of x, its copy y, h and o; y projects to h through a structure, and receives feedback from h.

    The synapses of this feedback are its own, or those from y to h.
    """
    net = rc.Circuit(**options)
    size = int(np.prod(IMAGE))
    above = int(np.prod(connectivity.above)) if isinstance(connectivity, Local) else size
    x, y = net.stimulus("x", size), net.population("y", size, rc.pyramidal("tanh", tau=tau))
    h = net.population("h", above, rc.pyramidal("tanh", tau=tau))
    o = net.population("o", 3, rc.SquaredOutput())
    net.connect(x, y, weights=1.0, connectivity=OneToOne())
    up = net.connect(y, h, rule=rule, connectivity=connectivity)
    net.connect(h, o, rule=rule)
    net.connect(o, h, into="apical", rule=rule.feedback)
    if feedback == "own":
        back = connectivity.T if isinstance(connectivity, Local) else connectivity
        net.connect(h, y, into="apical", rule=rule.feedback, connectivity=back)
    else:
        net.connect(h, y, into="apical", weights=up.T)
    net.phases("feedforward", 4 * ms, "error", 2 * ms, "feedback", 3 * ms, "plasticity", 1 * ms)
    return net


@pytest.mark.parametrize("feedback", ["own", "transposed"])
@pytest.mark.parametrize("connectivity", STRUCTURES)
def test_every_connectivity(connectivity: str, feedback: str) -> None:
    """Circuits with feedback of their own go step by step with a loop over synapses; the others settle with products."""
    rule, tau = (LOOP, 1 * ms) if feedback == "own" else (PRODUCT, 2.5 * ms)
    assert_agree(lambda **options: pair(STRUCTURES[connectivity], rule, feedback, tau, **options))


@pytest.mark.parametrize("pool", [MaxPool(IMAGE, 3, 2), MaxPool(IMAGE, (2, 2), (1, 2), 0)])
def test_max_pooling(pool: MaxPool) -> None:
    def make(**options: Any) -> rc.Circuit:
        net = rc.Circuit(**options)
        x = net.stimulus("x", int(np.prod(IMAGE)))
        h = net.population("h", x.size, rc.pyramidal("linear"))
        top = net.population("top", int(np.prod(pool.above)), rc.pyramidal("tanh"))
        o = net.population("o", 3, rc.SoftmaxOutput())
        net.connect(x, h, rule=rc.urfb, connectivity=Local(IMAGE, IMAGE[0], 3))
        up = net.connect(h, top, connectivity=pool)
        net.connect(top, h, into="apical", weights=up.T)
        net.connect(top, o, rule=rc.urfb)
        net.connect(o, top, into="apical", rule=rc.urfb.feedback)
        net.phases("feedforward", 4 * ms, "error", 3 * ms, "feedback", 2 * ms, "plasticity", 1 * ms)
        return net

    assert_agree(make, shown(int(np.prod(IMAGE))), record=("top.rate", "h.error"))


def test_no_connectivity_is_left_out() -> None:
    assert {type(connectivity).__name__ for connectivity in STRUCTURES.values()} | {"MaxPool"} == set(CONNECTIVITIES)


@pytest.mark.parametrize("flipped", [True, False])
def test_weights_between_other_units(flipped: bool) -> None:
    def make(**options: Any) -> rc.Circuit:
        net = layered((4, 4, 3), **options)
        copy = net.population("copy", 4, rc.pyramidal("tanh"))
        net.connect(net["h1"], copy, weights=net["x_to_h1"].elsewhere(flipped=flipped))
        return net

    assert_agree(make, shown(4))


def test_two_variables_exchange_their_values() -> None:
    def make(**options: Any) -> rc.Circuit:
        net = rc.Circuit(**options)
        net.stimulus("x", 2)
        net.population("h", 2, rc.Neuron("a = b : 1 (during whole)\nb = a : 1 (during whole)"))
        net.phases("whole", 3 * ms)
        net["h.a"] = 1.0
        return net

    assert_agree(make, record=("h.a", "h.b"))


# --- anything ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_random_circuits(seed: int) -> None:
    """Circuits have time, broadcasts, latches and noise, which both backends draw from the same stream here."""
    assert_agree(
        lambda batch_size: anything(seed, batch_size), record=("h0.rate", "h1.mixed", "one.rate"), all_learn=False
    )


def test_single_precision() -> None:
    usual, net = (layered(precision="float32", batch_size=2) for _ in range(2))
    data = data_for(usual, 4, 1)
    usual.run(data)
    net.run(data, backend="interpreter")
    assert all(value.dtype == usual[key].dtype for key, value in net.state().items())
    assert max(distance(value, usual[key]) for key, value in net.state().items()) < 1e-5


def test_what_is_collected_and_reported_during_a_run() -> None:
    found = []
    for backend in ("numpy", "interpreter"):
        net, messages = layered(batch_size=BATCH_SIZE), []
        data = as_inputs(net, data_for(net, SHOWN, 1))
        program = net.program(backend)
        data.load(program)
        keys = {"h1.rate": 1, "o.rate": 3, "x_to_h1.w": 3}
        result = program.run(net.timetable(), data.order(None, BATCH_SIZE), collect=keys, progress=messages.append)
        assert messages == [1, 2, 3] and result.presentations == 3
        found.append(result.collected)
    assert found[0].keys() == found[1].keys()
    for key, value in found[0].items():
        assert value.shape == found[1][key].shape
        assert distance(value, found[1][key]) < EXACT


def test_divergence_is_found() -> None:
    net = layered(rule=rc.urfb.with_parameters(rate=1e200), transfer="linear", batch_size=2)
    with pytest.raises(Diverged, match="became NaN or infinite"):
        net.run(data_for(net, 40, 1), backend="interpreter")


# --- noise ------------------------------------------------------------------------------------------------------------


def noisy(seed: int) -> rc.Circuit:
    neuron = """
        drate/dt = -rate/tau + xi*tau**-.5 : 1
        kept     = rand() : 1 (during whole)
        drawn    = randn() : 1 (during whole)
        count    = poisson(9) : 1 (during whole)
        """
    net = rc.Circuit(batch_size=50, seed=seed)
    net.stimulus("x", 1)
    net.population("h", 40, rc.Neuron(neuron, tau=4 * ms))
    net.phases("whole", 3 * ms)
    return net


def test_noise_follows_the_seed_and_is_different_for_each_element() -> None:
    def run(seed: int, *presentations: int) -> dict[str, np.ndarray]:
        net = noisy(seed)
        for count in presentations:
            net.run({"x": [[0.0]]}, count, backend="interpreter")
        return net.state()

    first, again, other, parts = run(1, 4), run(1, 4), run(2, 4), run(1, 1, 3)
    for key in ("h.rate", "h.kept", "h.drawn"):
        assert np.array_equal(first[key], again[key])
        assert np.array_equal(first[key], parts[key])
        assert not np.array_equal(first[key], other[key])
        assert len(np.unique(first[key])) == first[key].size
    assert abs(first["h.kept"].mean() - 0.5) < 0.05
    assert abs(first["h.drawn"].std() - 1) < 0.1
    assert abs(first["h.count"].mean() - 9) < 0.5


# --- expressions, and what is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2*x**2 - x/4", 1 + 2 * 9 - 0.75),
        ("-x % 2 + +x // 2", 2.0),
        ("int(x > 2 and not x >= 3.5) + int(x < 1 or x == 3)", 2),
        ("clip(x, -1, 1)*exp(-x) + sqrt(x + 1)", np.exp(-3) + 2),
        ("4*mV/volt + x*ms/second", 0.004 + 0.003),
        ("floor(-x/2) + ceil(x/2)", 0),
        ("timestep(3*ms, 1*ms) + pi", 3 + np.pi),
        ("expm1(log1p(x))*exprel(0*x)", 3.0),
    ],
)
def test_expressions(expression: str, value: float) -> None:
    assert np.isclose(evaluate(expression, {"x": np.array(3.0)}), value, rtol=1e-15)


def test_every_function_of_brian2_is_known() -> None:
    assert set(DEFAULT_FUNCTIONS) == FUNCTIONS.keys() | DRAWS


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("y + 1", "nothing has the name 'y'"),
        ("randn()", "'randn.*' cannot be computed"),
        ("x.real", "'x.real' cannot be computed"),
        ("x ^ 2", "'x . 2' cannot be computed"),
        ("1 < x < 2", "cannot be computed"),
    ],
)
def test_expressions_that_are_refused(expression: str, message: str) -> None:
    with pytest.raises(rc.RecircuitError, match=message):
        evaluate(expression, {"x": 3.0})


def test_the_reference_form_is_refused() -> None:
    with pytest.raises(rc.RecircuitError, match="interpreter: it does not run lowering='reference'"):
        layered(lowering="reference").program("interpreter")


def test_it_is_listed_and_never_chosen_by_auto() -> None:
    assert "interpreter" in BACKENDS and not BACKENDS["interpreter"].seeks_speed
    with pytest.raises(rc.RecircuitError, match="`interpreter`.*interpreter, cpp, cuda. Or say auto"):
        BACKENDS.find("interpretor", "backend")


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
@pytest.mark.parametrize("kind", [Local, Convolution])
def test_weights_without_a_synapse_have_no_trace(kind: type[Local], backend: str) -> None:
    net = rc.Circuit(batch_size=2, seed=1)
    x, h = net.stimulus("x", 36), net.population("h", 72, rc.pyramidal("tanh"))
    rule = rc.Rule("t", source="test", traces=("p",), forward="p = .9*p + x_pre*x_post + .1\ndw = .1*p")
    net.connect(x, h, connectivity=kind((1, 6, 6), maps=2, kernel=3, probability=0.5), rule=rule)
    net.phases("feedforward", 1 * ms, "plasticity", 2 * ms)
    net.run(np.random.default_rng(0).normal(size=(4, 36)), backend=backend)
    there = net["x_to_h.mask"] == 1
    assert 0 < there.mean() < 1
    for element in net["x_to_h.p"]:
        assert element[there].all() and not element[~there].any()
