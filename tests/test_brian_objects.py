"""What Brian2 does when an object is deleted."""

from __future__ import annotations

import gc
import logging
import signal
import sys

import pytest
from brian2 import Network, NeuronGroup, ms
from brian2.core import base

import recircuit as rc
from recircuit.circuits.lowering.brian import emit


def test_of_what_an_interrupt_leaves_half_made_brian2_does_not_warn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither of what was made, nor of the parts of a group that was being made."""

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


def test_a_ctrl_c_within_a_destructor_ends_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python prints and forgets what is raised there, which pytest tells of as a warning."""

    class Pressed:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def pressed(assembly: emit.Assembly) -> None:
        Pressed()
        return made(assembly)

    made = emit.add_groups
    monkeypatch.setattr(emit, "add_groups", pressed)
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    net, before = rc.layered([3, 2]), signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            net.program("numpy")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    monkeypatch.setattr(emit, "add_groups", made)
    assert net["h1.rate" if "h1" in net.populations else "o.rate"].shape
