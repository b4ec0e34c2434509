"""Networks that settle twice: the same as the circuits of the gallery, which are held against loops from the papers."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from recircuit.errors import UsageError
from recircuit.models.networks.two_phases import two_phases
from recircuit.plasticity.rules import contrastive_hebbian, generec

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

X, LABELS = np.random.default_rng(1).random((40, 6)), np.arange(40) % 3
SIZES = (6, 5, 3)


def loaded(name: str) -> ModuleType:
    """Return an example as a module."""
    found = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_one_hidden_layer_is_the_circuit_of_the_gallery() -> None:
    pairs = {
        "x_to_h": "x_to_h1",
        "h_to_o": "h1_to_o",
        "o_to_h": "o_to_h1",
        "one_to_h": "one_to_h1",
        "one_to_o": "one_to_o",
    }
    theirs = loaded("generec").network(SIZES, rate=0.3, batch_size=4, seed=5)
    ours = two_phases(SIZES, generec.with_parameters(rate=0.3), batch_size=4, seed=5, precision="float64")
    for mine, other in pairs.items():
        ours[f"{other}.w"] = theirs[f"{mine}.w"]
    theirs.run({"x": X, "s": LABELS})
    ours.run({"x": X, "s": LABELS})
    for mine, other in pairs.items():
        assert np.allclose(ours[f"{other}.w"], theirs[f"{mine}.w"], rtol=0, atol=1e-12), mine


def test_symmetric_feedback_stays_symmetric_by_contrastive_hebbian_learning() -> None:
    net = two_phases((6, 5, 4, 3), contrastive_hebbian, batch_size=4, precision="float64")
    before = net["h2_to_o.w"].copy()
    net.run({"x": X, "s": LABELS})
    assert not np.allclose(net["h2_to_o.w"], before)
    assert np.allclose(net["o_to_h2.w"], net["h2_to_o.w"].T, atol=1e-13)
    assert np.allclose(net["h2_to_h1.w"], net["h1_to_h2.w"].T, atol=1e-13)


def test_two_layers_are_refused() -> None:
    with pytest.raises(UsageError, match="three sizes or more"):
        two_phases((4, 3))
