"""What Brian2 does when an object is deleted."""

from __future__ import annotations

import gc
import logging

import pytest
from brian2 import Network, NeuronGroup, ms
from brian2.core import base

import recircuit as rc
from recircuit.circuits.lowering.brian import emit


def test_of_what_an_interrupt_leaves_half_made_brian2_does_not_warn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It warns neither of such an object, nor of the parts of a group that was being made."""

    def interrupted(assembly: emit.Assembly) -> None:
        NeuronGroup(3, "dv/dt = -v/second : 1", method="exact", clock=assembly.clock, name="half_made")
        raise KeyboardInterrupt

    monkeypatch.setattr(emit, "add_groups", interrupted)
    monkeypatch.setattr(logging.getLogger("brian2"), "propagate", True)
    with caplog.at_level("WARNING"):
        with pytest.raises(KeyboardInterrupt):
            rc.layered([3, 2]).program("numpy")
        gc.collect()
    assert "half_made" not in caplog.text


def test_no_preference_is_looked_up_for_an_object_of_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python ignores exceptions in ``__del__``, so that a Ctrl-C there is lost."""
    group = NeuronGroup(2, "v : 1", dt=1 * ms)
    network = Network(group)
    network.run(1 * ms, namespace={})
    looked_up: list[str] = []

    class Preferences:
        def __getattr__(self, name: str) -> object:
            looked_up.append(name)
            raise KeyboardInterrupt

    monkeypatch.setattr(base, "prefs", Preferences())
    type(group).__del__(group)
    assert looked_up == []
