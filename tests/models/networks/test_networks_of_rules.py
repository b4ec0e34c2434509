"""Networks for rules with phases of their own: the circuits of the gallery, which are held against loops from the papers."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import recircuit as rc
from recircuit.errors import UsageError
from recircuit.models.networks.registry import NETWORKS, network_for
from recircuit.plasticity import find

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SIZES = (6, 5, 4, 3)
X, LABELS = np.random.default_rng(1).normal(size=(400, 6)), np.random.default_rng(2).integers(3, size=400)
NAMES = ("target_propagation", "weight_mirror", "weight_perturbation")


def loaded(name: str) -> ModuleType:
    """An example as a module."""
    found = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def network(name: str, rule: rc.Rule | None = None, sizes: tuple[int, ...] = SIZES) -> rc.Circuit:
    """The network that `recircuit train` makes for a rule."""
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


@pytest.mark.parametrize("name", NAMES)
def test_a_network_without_hidden_layers_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name}: expected three sizes or more"):
        network(name, sizes=(4, 3))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("transfer", ["clip", "logistic", "relu"])
def test_other_transfer_functions(name: str, transfer: str) -> None:
    net = NETWORKS[name].build(SIZES, find(name), transfer=transfer, batch_size=4, precision="float64")
    net.run({"x": X, "s": LABELS})
    assert all(np.isfinite(net[f"{p.name}.w"]).all() for p in net.projections.values())
