"""Feedback alignment's circuits against a reference written from the paper, and what they claim.

Lillicrap, Cownden, Tweed and Akerman 2016, supplement; the reference is `reference.lillicrap`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import grouped
from reference import lillicrap

import recircuit as rc
from recircuit.circuits import Circuit, Local
from recircuit.circuits.answers.readout import Readout
from recircuit.circuits.inputs import as_inputs
from recircuit.errors import RecircuitError, UsageError
from recircuit.models.analysis.weight_alignment import alignment, angle, feedback_pairs
from recircuit.models.data import load
from recircuit.models.networks.feedback_alignment import (
    Dropout,
    Labels,
    Pseudoinverse,
    Synapses,
    even,
    feedback_alignment,
)

EXACT = 1e-12
SIZES = (6, 5, 4, 3)
FA = rc.frfb.with_parameters(rate=0.1)
BP = rc.bp.with_parameters(rate=0.1)

CIRCUITS: dict[str, dict[str, Any]] = {
    "two hidden layers (Supp. Fig. 4)": {},
    "one hidden layer (Supp. Fig. 3)": dict(sizes=(6, 5, 3)),
    "shallow (Supp. Fig. 2)": dict(feedback="none"),
    "no hidden layer": dict(sizes=(6, 3)),
    "deep": dict(sizes=(6, 5, 4, 5, 4, 3)),
    "backpropagation": dict(rule=BP),
    "no biases": dict(bias=False),
    "leaky": dict(transfer="leaky"),
    "logistic": dict(transfer="logistic", answer="logistic"),
    "saturated": dict(transfer="clip", answer="tanh"),
    "linear": dict(transfer="linear"),
    "backpropagation, tanh all through": dict(rule=BP, answer="tanh"),
    "frozen": dict(frozen=(1, 3)),
    "targets of +-.9": dict(target=Labels(0.9, -0.9), answer="tanh"),
    "any target": dict(target="values"),
    "autoencoder": dict(target="input", sizes=(6, 4, 2, 6)),
    "momentum": dict(rule=FA.with_momentum(0.7)),
    "weight decay": dict(rule=FA.with_weight_decay(0.03)),
    "schedule": dict(rule=FA.with_rate_steps(2, 3)),
    "local fields": dict(
        sizes=(16, 18, 4, 3), local=Local((1, 4, 4), 2, 2, padding=0), rule=FA.with_weight_decay(0.03)
    ),
}


def make(**options: Any) -> Circuit:
    """Return a small network in double precision."""
    options = {"sizes": SIZES, "rule": FA, "precision": "float64", "seed": 3, **options}
    return feedback_alignment(**grouped(options, synapses=Synapses))


def stimuli(net: Circuit, count: int = 12, seed: int = 1) -> dict[str, np.ndarray]:
    """Return random stimuli, and the targets that the circuit takes, if any."""
    rng = np.random.default_rng(seed)
    data = {"x": rng.normal(size=(count, net.populations["x"].size))}
    if "s" in net.populations:
        clamp, size = net.populations["s"].clamp, net.populations["s"].size
        labels = clamp is not None and clamp.kind == "labels"
        data["s"] = rng.integers(0, size, count) if labels else rng.normal(size=(count, size))
    return data


def targets(net: Circuit, data: dict[str, np.ndarray]) -> np.ndarray:
    """Return what the outputs are to be, (rows, outputs)."""
    if "s" not in net.populations:
        return data["x"]
    clamp = net.populations["s"].clamp
    assert clamp is not None
    return (
        np.where(np.eye(net.populations["s"].size)[data["s"]] > 0, clamp.on, clamp.off)
        if (clamp.kind == "labels")
        else data["s"]
    )


def forward_names(net: Circuit) -> list[str]:
    """Return the layers, from the stimulus up."""
    return [n for n in net.populations if n in ("x", "o") or n.startswith("h")]


def matrix(net: Circuit, name: str) -> np.ndarray:
    """Return forward weights, (n_post, n_pre), with zeros where there is no synapse."""
    projection = net.projections[name]
    sizes = projection.pre.size, projection.post.size
    synapses, whole = projection.connectivity.indices(*sizes), np.zeros(sizes[::-1])
    whole[synapses.post, synapses.pre] = net[f"{name}.w"].reshape(-1)[synapses.weight]
    return whole


def textbook(net: Circuit, **options: Any) -> lillicrap.Network:
    """Return the reference with the circuit's weights."""
    names = forward_names(net)
    biased = "one" in net.populations
    weights = [matrix(net, f"{a}_to_{b}") for a, b in pairwise(names)]
    biases = [net[f"one_to_{b}.w"][:, 0] if biased else np.zeros(net.populations[b].size) for b in names[1:]]
    senders = ["e" if a == "o" else f"m{a[1:]}" for a in names[2:]]
    channel = [f"{a}_to_m{b[1:]}" for a, b in zip(senders, names[1:])]
    own = [net[f"{name}.w"] for name in channel if name in net.projections and not _borrowed(net, name)]
    return lillicrap.Network(weights, biases, own, biased=biased, **options)


def _borrowed(net: Circuit, name: str) -> bool:
    return hasattr(net.projections[name].weights, "flipped")


def distance_between(net: Circuit, reference: lillicrap.Network) -> float:
    """Return the largest difference of a weight or bias."""
    now = textbook(net)
    pairs = zip([*now.weights, *now.biases], [*reference.weights, *reference.biases])
    return max(float(np.abs(a - b).max()) for a, b in pairs)


def words(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the reference's options for a circuit's: those of the network, and those of the descent."""
    rule = options.get("rule", FA)
    kind = "transpose" if rule.feedback.transpose_of == "w" else options.get("feedback", "layers")
    network = dict(transfer=options.get("transfer", "tanh"), answer=options.get("answer", "linear"), kind=kind)
    parameters = rule.parameters
    steps = [parameters[k] for k in parameters if k.startswith("rate_step")]
    descent = dict(rate=parameters["rate"], momentum=parameters.get("momentum", 0.0),
                   decay=parameters.get("weight_decay", 0.0), schedule=steps, frozen=options.get("frozen", ()))  # fmt: skip
    return network, descent


# ---- against the paper, in NumPy -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CIRCUITS)
def test_circuit_is_the_reference(name: str) -> None:
    options = CIRCUITS[name]
    network, descent = words(options)
    for lowering in (dict(batch_size=5), dict(lowering="reference")):
        net = make(**options, **lowering)
        data = stimuli(net)
        wanted = targets(net, data)
        reference = textbook(net, **network)
        begin = reference.weights[-1].copy(), reference.weights[0].copy()
        exist = [w != 0 for w in reference.weights]
        net.run(data)
        trajectory = lillicrap.Descent(reference, **descent)
        for k in range(0, 12, net.batch_size):
            trajectory.step(data["x"][k : k + net.batch_size], wanted[k : k + net.batch_size])
            for w, there in zip(reference.weights, exist):
                w *= there
        assert distance_between(net, reference) < EXACT
        moved = [np.abs(a - b).max() for a, b in zip(begin, (reference.weights[-1], reference.weights[0]))]
        assert max(moved) > 1e-3 or "frozen" in options, "nothing was learned, so nothing was compared"


def test_backpropagation_is_the_gradient() -> None:
    net = make(rule=rc.bp.with_parameters(rate=1.0), answer="tanh", batch_size=4)
    data = stimuli(net, 4)
    before, wanted, h = textbook(net, answer="tanh"), targets(net, data), 1e-6
    net.run(data)
    for part, after in ((before.weights, textbook(net).weights), (before.biases, textbook(net).biases)):
        for l, values in enumerate(part):
            where = np.unravel_index(0, values.shape)
            at = values[where]
            sides = []
            for side in (h, -h):
                values[where] = at + side
                sides.append(before.loss(data["x"], wanted))
            values[where] = at
            assert after[l][where] - at == pytest.approx((sides[1] - sides[0]) / (2 * h), abs=1e-8)


@pytest.mark.parametrize("lowering", ["dense", "reference"])
def test_pseudobackprop_settles_to_the_pseudoinverse(lowering: str) -> None:
    """Eq. 57 holds at every depth; the longer the circuit settles, the nearer it comes."""
    gaps = []
    for loops in (50, 2000 if lowering == "dense" else 400):
        net = make(feedback=Pseudoinverse(0.25, loops), lowering=lowering)
        data = stimuli(net, 1)
        reference = textbook(net, kind="pseudoinverse")
        lillicrap.Descent(reference, 0.1).step(data["x"], targets(net, data))
        net.run(data)
        gaps.append(distance_between(net, reference))
    assert gaps[1] < (EXACT if lowering == "dense" else gaps[0] / 10)


def test_pseudobackprop_dense_is_plain() -> None:
    ends = []
    for lowering in ("dense", "reference"):
        net = make(feedback=Pseudoinverse(loops=10), lowering=lowering, answer="tanh")
        net.run(stimuli(net, 4))
        ends.append(textbook(net))
    assert max(np.abs(a - b).max() for a, b in zip(ends[0].weights, ends[1].weights)) < EXACT


def test_the_loss_is_half_the_squared_error() -> None:
    net = make(rule=rc.frfb.with_parameters(rate=0.0), target="values", batch_size=4)
    data = stimuli(net, 4)
    net.run(data)
    assert net["loss.rate"].mean() == pytest.approx(textbook(net).loss(data["x"], data["s"]), abs=EXACT)
    data["s"] = data["s"] + 1
    net.run(data, learn=False)
    assert net["loss.rate"].mean() == pytest.approx(textbook(net).loss(data["x"], data["s"]), abs=EXACT)


@pytest.mark.parametrize("rule", [FA, BP], ids=["frfb", "bp"])
def test_slow_units_come_to_the_textbook_as_phases_get_longer(rule: rc.Rule) -> None:
    gaps = []
    for settle in (20, 60, 180):
        net = make(rule=rule, tau=5 * ms, settle=settle, batch_size=4)
        data = stimuli(net, 4)
        reference = textbook(net, kind="layers" if rule is FA else "transpose")
        lillicrap.Descent(reference, 0.1).step(data["x"], targets(net, data))
        net.run(data)
        gaps.append(distance_between(net, reference))
    assert gaps[0] > 10 * gaps[1] and gaps[2] < EXACT


# ---- options -------------------------------------------------------------------------------------------------------


def test_frozen_layers_do_not_move() -> None:
    net = make(frozen=(1,), batch_size=4)
    before = net.state(weights_only=True)
    net.run(stimuli(net))
    after = net.state(weights_only=True)
    still = {name for name, values in before.items() if np.array_equal(values, after[name])}
    kept = {"x_to_h1.w", "one_to_h1.w"}
    assert kept <= still and not {"h1_to_h2.w", "one_to_h2.w", "h2_to_o.w", "one_to_o.w"} & still


def test_feedback_weights_never_move() -> None:
    net = make(rule=FA.with_momentum(0.9).with_weight_decay(0.1), batch_size=4)
    before = [net["e_to_m2.w"], net["m2_to_m1.w"]]
    net.run(stimuli(net))
    assert all(np.array_equal(a, net[name]) for a, name in zip(before, ("e_to_m2.w", "m2_to_m1.w")))


def test_dropout_is_drawn_once_a_presentation_and_not_in_evaluations() -> None:
    batch_size, p = 4, {"x": 0.2, "h1": 0.5, "h2": 0.5}
    net = make(dropout=Dropout(0.5, 0.2), batch_size=batch_size)
    data = stimuli(net, 80)
    wanted = targets(net, data)
    reference = lillicrap.Descent(textbook(net), 0.1)
    clean = textbook(net)
    net.run(data, order=np.arange(batch_size)[None], learn=False)
    assert np.allclose(net["o.rate"], clean.forward(data["x"][:batch_size])[0][-1], atol=EXACT), "before any was drawn"
    seen: dict[str, list[np.ndarray]] = {name: [] for name in p}
    as_inputs(net, data).load(net.program())
    keys = [f"{name}.lost" for name in p]
    for k in range(0, 80, batch_size):
        rows = np.arange(k, k + batch_size)
        drawn = net.program().run(net.timetable("train", keys), rows[None], collect=dict.fromkeys(keys, 1)).collected
        reference.network.kept = [1 - drawn[key][0] for key in keys]
        reference.step(data["x"][rows], wanted[rows])
        assert distance_between(net, reference.network) < EXACT
        for name, mask in zip(p, reference.network.kept):
            seen[name].append(np.ravel(mask))
    for name, draws in seen.items():
        values = np.array(draws)
        assert np.allclose(np.unique(values), [0, 1 / (1 - p[name])])
        assert abs(np.mean(values == 0) - p[name]) < 5 * np.sqrt(p[name] * (1 - p[name]) / values.size)
        assert len(np.unique(values, axis=0)) == len(values)
    net.run(data, order=np.arange(batch_size)[None], learn=False)
    after = textbook(net).forward(data["x"][:batch_size])[0][-1]
    assert np.allclose(net["o.rate"], after, atol=EXACT), "nothing is lost when it is asked"


def test_sparse_connections_leave_the_stimulus_alone() -> None:
    net = feedback_alignment((50, 40, 30), FA, synapses=Synapses(connectivity=0.5), batch_size=2)
    assert np.all(net["x_to_h1.w"] != 0) and np.all(net["one_to_h1.w"] != 0)
    shares = {name: np.mean(net[f"{name}.w"] != 0) for name in ("h1_to_o", "e_to_m1")}
    assert all(abs(share - 0.5) < 5 * 0.5 / np.sqrt(1200) for share in shares.values())
    absent = net["h1_to_o.w"] == 0
    net.run(stimuli(net, 4))
    assert np.all(net["h1_to_o.w"][absent] == 0)


def test_errors_of_one_size_arrive_at_each_layer() -> None:
    """As in Note 5, the root mean square of B e is that of e, on average over B."""
    net = feedback_alignment(
        (4, 4000, 3000, 500), FA, transfer="linear", synapses=Synapses(channel=even(2.0), bias=False)
    )
    rng = np.random.default_rng(0)
    net.run({"x": rng.normal(size=(1, 4)), "s": rng.integers(0, 500, 1)})
    sizes = [float(np.sqrt(np.mean(net[f"{name}.rate"] ** 2))) for name in ("e", "m2", "m1")]
    assert sizes[1] / sizes[0] == pytest.approx(2, rel=0.1) and sizes[2] / sizes[1] == pytest.approx(2, rel=0.1)


def test_what_modulators_and_error_neurons_stand_for() -> None:
    net = make()
    pairs = {name: (r.name, [w.name for w in chain]) for name, (r, chain) in feedback_pairs(net).items()}
    assert pairs == {"h2": ("e_to_m2", ["h2_to_o"]), "h1": ("m2_to_m1", ["h1_to_h2"])}
    assert alignment(net)["h1"].angle == angle(net["m2_to_m1.w"], net["h1_to_h2.w"])
    assert {m.angle for m in alignment(make(rule=BP)).values()} == {0.0}
    assert Readout.of(net).output.name == "o"


def test_it_trains_and_its_weights_align() -> None:
    digits = load("digits")
    net = feedback_alignment(
        (64, 60, 10), rc.frfb.with_parameters(rate=0.1), answer="tanh", target=Labels(0.9, -0.9), batch_size=20
    )
    history = rc.train(net, digits, epochs=8, backend="numpy", progress=False, measures=["gradient"])
    assert history.test_error < 0.08
    assert history["h1_angle"][-1] < 70 and history["h1_gradient"][-1] < 60


def test_adam_is_a_control_here_too() -> None:
    net = make(rule="adam", batch_size=4)
    before = net["x_to_h1.w"]
    net.run(stimuli(net))
    assert 1e-4 < np.abs(net["x_to_h1.w"] - before).max() < 4e-3


# ---- refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(sizes=(4,)), "two layers or more"),
        (dict(feedback="direct"), "feedback: expected one of 'layers'"),
        (dict(target="noise"), "target: expected one of"),
        (dict(target="input"), r"as many units; got \[6, 5, 4, 3\]"),
        (dict(dropout=Dropout(1.0)), "dropout, hidden: expected a probability below 1"),
        (dict(frozen=(4,)), r"layers of weights are 1 to 3, the lowest is 1; got \[4\]"),
        (dict(rule="urfb"), "changes feedback weights"),
    ],
)
def test_wrong_words_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make(**wrong)


def test_weights_elsewhere_need_units_of_their_sizes() -> None:
    net = rc.Circuit()
    x, h, y = net.stimulus("x", 3), net.population("h", 2, rc.pyramidal()), net.population("y", 3, rc.pyramidal())
    up = net.connect(x, h)
    net.connect(h, y, into="apical", weights=up.elsewhere(flipped=True))
    with pytest.raises(RecircuitError, match="of x_to_h run from 3 to 2 units; got 'h' with 2 and 'y' with 3"):
        net.connect(h, y, weights=up.elsewhere(flipped=False), name="other")


# ---- compiled ------------------------------------------------------------------------------------------------------

COMPILED: dict[str, dict[str, Any]] = {
    "momentum, decay, schedule": dict(
        rule=FA.with_weight_decay(1e-3).with_momentum(0.5).with_rate_steps(3), transfer="leaky", answer="tanh"
    ),
    "dropout": dict(dropout=Dropout(0.5, 0.2)),
    "backpropagation, an autoencoder": dict(rule=BP, target="input", sizes=(6, 4, 2, 6)),
    "pseudobackprop": dict(feedback=Pseudoinverse(loops=20)),
}


@pytest.mark.cpp
@pytest.mark.parametrize(
    "name", [n if i == 0 else pytest.param(n, marks=pytest.mark.slow) for i, n in enumerate(COMPILED)]
)
def test_compiled_is_interpreted(name: str) -> None:
    ends = []
    for backend in ("numpy", "cpp"):
        net = make(**COMPILED[name], batch_size=4, precision="float32")
        begin = textbook(net)
        net.run(stimuli(net, 32), backend=backend)
        ends.append(textbook(net))
        assert distance_between(net, begin) > 1e-3
        net.close()
    assert max(np.abs(a - b).max() for a, b in zip(ends[0].weights, ends[1].weights)) < 1e-4


def test_a_modulator_that_serves_several_units_brings_the_same_error_to_all_of_them() -> None:
    net = feedback_alignment(
        (6, 8, 3),
        FA,
        target="values",
        synapses=Synapses(served=4, bias=False),
        batch_size=5,
        precision="float64",
        seed=2,
    )
    assert net.populations["m1"].size == 2
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(5, 6)), rng.normal(size=(5, 3))
    w, v, b = (net[f"{name}.w"].copy() for name in ("x_to_h1", "h1_to_o", "e_to_m1"))
    net.run({"x": x, "s": y}, 1)
    h = np.tanh(x @ w.T)
    e = y - h @ v.T
    delta = np.repeat(e @ b.T, 4, axis=1) * (1 - h**2)
    assert np.abs(net["x_to_h1.w"] - w - 0.1 * delta.T @ x / 5).max() < EXACT
    assert np.abs(net["h1_to_o.w"] - v - 0.1 * e.T @ h / 5).max() < EXACT


@pytest.mark.parametrize(("sizes", "served"), [((6, 8, 3), 3), ((6, 8, 8, 3), 2), ((6, 8, 3), 0)])
def test_units_that_modulators_cannot_serve_are_refused(sizes: tuple[int, ...], served: int) -> None:
    with pytest.raises(UsageError, match="divides the units of the network's one hidden layer"):
        feedback_alignment(sizes, FA, synapses=Synapses(served=served))
