"""Networks for rules with phases of their own: the circuits of the gallery, which are held against loops from the papers."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.errors import UsageError
from recircuit.models.networks.registry import NETWORKS, network_for
from recircuit.models.runs.config import RunConfig
from recircuit.models.training.modes import all_modes
from recircuit.plasticity import find

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SIZES = (6, 5, 4, 3)
X, LABELS = np.random.default_rng(1).normal(size=(400, 6)), np.random.default_rng(2).integers(3, size=400)
NAMES = ("drtp", "pepita", "target_propagation", "weight_mirror", "weight_perturbation")


def loaded(name: str) -> ModuleType:
    """Return an example as a module."""
    found = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def network(name: str, rule: rc.Rule | None = None, sizes: tuple[int, ...] = SIZES) -> rc.Circuit:
    """Return the network that `recircuit train` makes for a rule."""
    rule = rule or find(name)
    return NETWORKS[network_for(rule)].build(sizes, rule, transfer="tanh", batch_size=4, seed=5, precision="float64")


@pytest.mark.parametrize(("name", "rule"), [("target_propagation", "DTP"), ("weight_mirror", "MIRROR")])
def test_it_is_the_circuit_of_the_gallery_with_its_noise(name: str, rule: str) -> None:
    module = loaded(name)
    theirs = module.network(SIZES, getattr(module, rule), batch_size=4, seed=5)
    ours = network(name, getattr(module, rule))
    plastic = [p.name for p in ours.projections.values() if p.plastic]
    first = {p: ours[f"{p}.w"].copy() for p in plastic}
    for net in (theirs, ours):
        net.run({"x": X, "s": LABELS})
        for mode in [*net.modes][1:]:
            net.run(presentations=100, mode=mode)
    for p in plastic:
        assert np.allclose(ours[f"{p}.w"], theirs[f"{p}.w"], rtol=0, atol=1e-12), p
        assert np.abs(ours[f"{p}.w"] - first[p]).max() > 0.01


@pytest.mark.parametrize("name", [*NAMES, "generec", "node_perturbation", "recirculated_feedback", "urfb"])
def test_presentations_have_as_many_steps_and_the_same_weights_with_another_time_step(name: str) -> None:
    rule = find(name)
    found = []
    for dt in (1 * ms, 0.1 * ms):
        net = NETWORKS[network_for(rule)].build(SIZES, rule, transfer="tanh", batch_size=4, precision="float64", dt=dt)
        rc.train(net, (X[:20], LABELS[:20]), 1, mode=all_modes(net), backend="numpy", progress=False)
        found.append((net.schedule.steps if net.schedule else 0, net.weights()))
    (steps, weights), (others, same) = found
    assert steps == others
    for projection, w in weights.items():
        assert np.allclose(w, same[projection], rtol=1e-12, atol=1e-12), projection


def test_weight_perturbation_against_a_loop_with_the_noise_that_was_drawn() -> None:
    net = network("weight_perturbation", find("weight_perturbation").with_parameters(rate=0.01, sd=1e-3))
    pairs = [("x_to_h1", "one_to_h1"), ("h1_to_h2", "one_to_h2"), ("h2_to_o", "one_to_o")]
    names = [name for pair in pairs for name in pair]
    weights = {name: net[f"{name}.w"].copy() for name in names}
    first = {name: w.copy() for name, w in weights.items()}

    def losses(x: np.ndarray, wanted: np.ndarray, of: dict[str, np.ndarray]) -> np.ndarray:
        for w, b in pairs[:-1]:
            x = np.tanh(x @ of[w].T + of[b].T)
        w, b = pairs[-1]
        return ((wanted - x @ of[w].T - of[b].T) ** 2).sum(axis=1) / 2

    for shown, label in zip(X.reshape(-1, 4, 6), LABELS.reshape(-1, 4)):
        net.run({"x": shown, "s": label})
        noise, wanted = {name: net[f"{name}.noise"] for name in names}, np.eye(3)[label]
        moved = {name: weights[name] + noise[name] for name in names}
        rise = np.mean(losses(shown, wanted, moved) - losses(shown, wanted, weights))
        weights = {name: w - 0.01 * rise * noise[name] / 1e-3**2 for name, w in weights.items()}
        for name in names:
            assert np.allclose(net[f"{name}.w"], weights[name], rtol=0, atol=1e-10), name
    assert max(np.abs(weights[name] - first[name]).max() for name in names) > 0.05


def of_loop(net: rc.Circuit) -> tuple[list[str], list[np.ndarray], list[np.ndarray]]:
    """Return the names of the layers, and copies of the weights and biases of each but the first."""
    layers = ["x", "h1", "h2", "o"]
    weights = [net[f"{pre}_to_{post}.w"].copy() for pre, post in pairwise(layers)]
    return layers, weights, [net[f"one_to_{post}.w"].ravel().copy() for post in layers[1:]]


def assert_learned(
    net: rc.Circuit, weights: list[np.ndarray], biases: list[np.ndarray], first: list[np.ndarray]
) -> None:
    """Check that the weights and biases are those of the loop, and have moved."""
    _, found, found_biases = of_loop(net)
    for one, other, before in zip(found, weights, first):
        assert np.allclose(one, other, rtol=0, atol=1e-10) and np.abs(other - before).max() > 0.02
    assert all(np.allclose(one, other, rtol=0, atol=1e-10) for one, other in zip(found_biases, biases))


def test_random_projections_of_the_target_against_a_loop() -> None:
    net = network("drtp", find("drtp").with_parameters(rate=0.05))
    layers, w, b = of_loop(net)
    first, back = [one.copy() for one in w], [net[f"s_to_{name}.w"] for name in layers[1:-1]]
    net.run({"x": X, "s": LABELS})
    for shown, wanted in zip(X.reshape(-1, 4, 6), np.eye(3)[LABELS].reshape(-1, 4, 3)):
        h = [shown]
        for weights, bias in zip(w[:-1], b):
            h.append(np.tanh(h[-1] @ weights.T + bias))
        deltas = [(wanted @ r.T) * (1 - rate**2) for r, rate in zip(back, h[1:])] + [
            wanted - 1 / (1 + np.exp(-(h[-1] @ w[-1].T + b[-1])))
        ]
        for weights, bias, delta, below in zip(w, b, deltas, h):
            weights += 0.05 * delta.T @ below / 4
            bias += 0.05 * delta.mean(axis=0)
    assert_learned(net, w, b, first)


def test_errors_that_change_the_input_against_a_loop() -> None:
    net = network("pepita", find("pepita").with_parameters(rate=0.5))
    _, w, b = of_loop(net)
    first, back = [one.copy() for one in w], net["o_to_x.w"]

    def rates(x: np.ndarray) -> list[np.ndarray]:
        found = [x]
        for weights, bias in zip(w[:-1], b):
            found.append(np.tanh(found[-1] @ weights.T + bias))
        return found

    net.run({"x": X, "s": LABELS})
    for shown, wanted in zip(X.reshape(-1, 4, 6), np.eye(3)[LABELS].reshape(-1, 4, 3)):
        once = rates(shown)
        o = np.exp(once[-1] @ w[-1].T + b[-1])
        wrong = o / o.sum(axis=1, keepdims=True) - wanted
        again = rates(shown + wrong @ back.T)
        for weights, bias, moved, below in zip(w, b, [*(n - o for n, o in zip(again[1:], once[1:])), -wrong], again):
            weights += 0.5 * moved.T @ below / 4
            bias += 0.5 * moved.mean(axis=0)
    assert_learned(net, w, b, first)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_without_hidden_layers_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"{network_for(find(name))}: expected three sizes or more"):
        network(name, sizes=(4, 3))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("transfer", ["clip", "logistic", "relu"])
def test_other_transfer_functions(name: str, transfer: str) -> None:
    net = NETWORKS[network_for(find(name))].build(
        SIZES, find(name), transfer=transfer, batch_size=4, precision="float64"
    )
    net.run({"x": X, "s": LABELS})
    assert all(np.isfinite(net[f"{p.name}.w"]).all() for p in net.projections.values())


@pytest.mark.parametrize(("batch_size", "share"), [(2, 0.2), (10, 1.0), (20, 1.0)])
def test_the_usual_rate_is_that_of_the_rule_and_smaller_with_few_samples(batch_size: int, share: float) -> None:
    """The rule's rate was chosen for the outputs of its network, so that no factor of an output circuit enters."""
    for name in NAMES:
        options = RunConfig.of(data="digits", rule=name, batch_size=batch_size).filled(rc.load("digits"))
        assert options.rate == pytest.approx(share * find(name).parameters["rate"]) and options.rate_decay == 0
