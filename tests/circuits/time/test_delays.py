"""Delays: a signal arrives so many steps later, against loops over synapses, in every connectivity and form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits import Convolution, Local
from recircuit.circuits.lowering.delays import products as delay_products
from recircuit.circuits.lowering.memory import Need
from recircuit.errors import RecircuitError

RNG = np.random.default_rng(5)
IMAGE = (1, 4, 4)
STEPS, ROWS = 3, 5
SHOWN = RNG.random((2 * ROWS, 16))
RELAY = "basal : 1 (compartment)\nrate = basal : 1 (during all)"
KINDS = {
    "dense": None,
    "masked": rc.Masked(0.4),
    "one to one": rc.OneToOne(),
    "local": Local(IMAGE, 1, 3),
    "tied": Convolution(IMAGE, 1, 3),
}


def circuit(delays: dict[str, Any], kinds: dict[str, Any] = KINDS, **options: Any) -> rc.Circuit:
    """Return a stimulus whose rate travels to a population for each connectivity, and back from the first of them."""
    net = rc.Circuit(seed=2, **options)
    x = net.stimulus("x", 16)
    for number, (kind, connectivity) in enumerate(kinds.items()):
        h = net.population(f"h{number}", 16, rc.Neuron(RELAY))
        net.connect(x, h, connectivity=connectivity, delay=delays[kind], name=f"to_{number}")
    back = net.population("back", 16, rc.Neuron(RELAY))
    net.connect(net["h0"], back, weights=net["to_0"].elsewhere(flipped=True), delay=delays["back"], name="from_0")
    net.phases("all", STEPS * ms)
    return net


def each(shape: tuple[int, ...]) -> Any:
    """Return a delay for each synapse, some of which are zero, and some longer than a presentation."""
    return RNG.integers(0, 6, shape) * ms


SHAPES = {
    "dense": (16, 16),
    "masked": (16, 16),
    "one to one": (16,),
    "local": (16, 1, 1, 9),
    "tied": (1, 1, 9),
    "back": (16, 16),
}
ONE = {kind: (2 + k) * ms for k, kind in enumerate([*KINDS, "back"])}
EACH = {kind: each(shape) for kind, shape in SHAPES.items()}


def arrives(net: rc.Circuit, name: str, sent: np.ndarray, delay: Any) -> np.ndarray:
    """Return what a projection brings in at each step, synapse by synapse; ``sent`` has the shape (steps, units)."""
    projection = net[name]
    owner = projection.owner
    pre, post, weight = owner.connectivity.indices(owner.pre.size, owner.post.size)
    late = np.asarray(np.round(np.asarray(delay / ms)), dtype=int)
    if owner is not projection:
        pre, post, late = post, pre, late.T
    steps = np.broadcast_to(late, owner.shape).reshape(-1)[weight]
    field = np.zeros((len(sent), projection.post.size))
    for n in range(len(sent)):
        there = steps <= n
        terms = owner["w"].reshape(-1)[weight[there]] * sent[n - steps[there], pre[there]]
        np.add.at(field[n], post[there], terms)
    return field


def compare(net: rc.Circuit, delays: dict[str, Any], backend: str, kinds: dict[str, Any] = KINDS) -> None:
    keys = ["x.rate", *(f"h{k}.rate" for k in range(len(kinds))), "back.rate"]
    trace = net.run(SHOWN, record=keys, backend=backend)
    for number, kind in enumerate(kinds):
        wanted = arrives(net, f"to_{number}", trace["x.rate"], delays[kind])
        np.testing.assert_allclose(trace[f"h{number}.rate"], wanted, rtol=1e-12, atol=1e-14, err_msg=kind)
    sent = np.vstack([np.zeros((1, 16)), trace["h0.rate"][:-1]])  # what was sent in a step is the state before it
    wanted = arrives(net, "from_0", sent, delays["back"])
    np.testing.assert_allclose(trace["back.rate"], wanted, rtol=1e-12, atol=1e-14)
    net.close()


@pytest.mark.parametrize("delays", [ONE, EACH], ids=["one for all", "one for each"])
@pytest.mark.parametrize("options", [{"batch_size": 2}, {"optimise": False}, {"lowering": "reference"}], ids=str)
def test_signals_arrive_later_in_every_connectivity(delays: dict[str, Any], options: dict[str, Any]) -> None:
    compare(circuit(delays, **options), delays, "numpy")


@pytest.mark.parametrize("backend", ["interpreter", "cpp"])
def test_the_other_backends_bring_the_same(backend: str) -> None:
    kinds = {"masked": KINDS["masked"], "tied": KINDS["tied"], "dense": None}
    delays = {"masked": 4 * ms, "tied": EACH["tied"], "dense": EACH["dense"], "back": 2 * ms}
    compare(circuit(delays, kinds, batch_size=2), delays, backend, kinds)


@pytest.mark.parametrize("backend", ["numpy", "interpreter", "cpp"])
def test_a_product_over_pairs_of_units_and_delays_brings_the_same(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delay_products, "cheaper", lambda *_: True)
    net = circuit(EACH, batch_size=2)
    kernels = [type(o.kernel).__name__ for o in net.lowered().operations]
    assert kernels.count("LateSignals") == kernels.count("SpreadWeights") == len(EACH)
    assert "DelayedPropagate" not in kernels
    compare(net, EACH, backend)


def test_weights_that_learn_are_put_into_the_product_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = rc.Rule("hebb", source="Hebb 1949", forward="dw = .01*rate_post*rate_pre")
    shown, found = RNG.random((7, 5, 16)), []
    for product in (True, False):
        monkeypatch.setattr(delay_products, "cheaper", lambda *_, product=product: product)
        net = rc.Circuit(batch_size=3)
        x, h = net.stimulus("x", 16, every=1 * ms), net.population("h", 16, rc.Neuron(RELAY))
        net.connect(x, h, rule=rule, weights=rc.normal(0.1), delay=EACH["dense"], learns="all")
        net.phases("all", 5 * ms)
        found.append((net.run(shown, record=["h.rate"])["h.rate"], net["x_to_h.w"]))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_the_cheaper_way_is_taken() -> None:
    """A product pays for the zeros in it, so that it is for few delays, or delays of whole units, and many batch elements."""
    of_units = np.broadcast_to(np.arange(16) % 8, (16, 16)) * ms
    random = RNG.integers(0, 64, (16, 16)) * ms

    def product(delay: Any, batch_size: int, rule: str | None = None) -> bool:
        net = rc.Circuit(batch_size=batch_size)
        h = net.population("h", 16, rc.pyramidal())
        net.connect(net.stimulus("x", 16), h, delay=delay, rule=rule)
        net.phases("feedforward", 3 * ms, "plasticity", 1 * ms)
        return any(o.name.startswith("spread_") for o in net.lowered().operations)

    assert product(of_units, 1) and product(of_units, 20) and product(of_units, 20, "urfb")
    assert not product(of_units, 1, "urfb") and not product(random, 1) and not product(random, 2, "urfb")
    assert not product(random, 20) and product(random % (4 * ms), 20)


def test_a_delay_of_none_is_no_delay() -> None:
    """It costs nothing: there are the same operations, and the same variables."""
    plain, none = (circuit(dict.fromkeys(ONE, delay)) for delay in (None, 0 * ms))
    assert plain.timetable().names() == none.timetable().names()
    assert list(plain.lowered().variables) == list(none.lowered().variables)


def test_a_signal_under_way_arrives_though_the_pathway_was_closed_when_it_was_sent() -> None:
    net = rc.Circuit()
    x = net.stimulus("x", 1, during="a", closed="zero")
    h = net.population("h", 1, rc.Neuron(RELAY.replace("all", "b")))
    net.connect(x, h, weights=1.0, during="b", delay=3 * ms)
    net.phases("a", 1 * ms, "b", 4 * ms)
    trace = net.run(np.array([[1.0], [2.0]]), record=["h.rate"])
    assert trace["h.rate"].ravel().tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 2, 0]


def test_projections_of_one_signal_share_its_line_and_its_memory_is_counted() -> None:
    net = circuit(ONE, batch_size=2)
    lines = [v for v in net.lowered().variables.values() if v.name == "delayed_0"]
    assert [line.shape for line in lines] == [(6, 2, 16)]
    plain = circuit(dict.fromkeys(ONE), batch_size=2)
    assert Need.of(net).parts["x"] - Need.of(plain).parts["x"] == (6 + 5) * 2 * 16 * 8


@pytest.mark.parametrize(
    "delay, message",
    [
        (5, "is a time such as 5\\*ms"),
        (1.5 * ms, "whole number of steps"),
        (-1 * ms, "not negative"),
        (np.ones((2, 3)) * ms, r"the shape of the weights, \(3, 3\); got \(2, 3\)"),
        (np.array([1, 2.5, 3]) * ms, "2.5 steps"),
    ],
)
def test_what_is_no_delay_is_refused(delay: Any, message: str) -> None:
    net = rc.Circuit()
    x = net.stimulus("x", 3)
    with pytest.raises(RecircuitError, match=message):
        net.connect(x, net.population("h", 3, rc.pyramidal()), delay=delay)
