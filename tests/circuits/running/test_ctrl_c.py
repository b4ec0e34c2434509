"""Ctrl-C at any moment: what is under way is done as a whole, and a presentation that goes on and on can be ended."""

from __future__ import annotations

import io
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from networks import layered, stimuli

import recircuit as rc
from recircuit.circuits.backends import interrupted_wait
from recircuit.circuits.backends.interpreter.program import InterpreterProgram
from recircuit.circuits.backends.numpy.program import NumpyProgram
from recircuit.circuits.backends.program import Interrupted, RunResult
from recircuit.circuits.backends.rows import Action
from recircuit.circuits.lowering.operations import Operation

DATA = stimuli(layered(), 6)


def changed() -> rc.Circuit:
    """A circuit that has noise, a stored state, and another state now."""
    net = layered(forward=rc.Masked(0.5), seed=3)
    net.run(DATA)
    net.store()
    net.run(DATA)
    return net


#: What changes a circuit, or has to put it back.
CHANGES: dict[str, Callable[[rc.Circuit], object]] = {
    "set_state": lambda net: net.set_state({key: net[key] + 1 for key in ("h1.rate", "x_to_h1.w", "h1_to_o.w")}),
    "restore": rc.Circuit.restore,
    "weights of synapses that there are": lambda net: net.__setitem__("x_to_h1.w", 1.0),
    "reset": rc.Circuit.reset,
    "outputs": lambda net: net.outputs(DATA["x"]),
}


def then_ctrl_c(method: Callable[..., None]) -> Callable[..., None]:
    def pressed(program: NumpyProgram, *given: Any) -> None:
        method(program, *given)
        signal.raise_signal(signal.SIGINT)

    return pressed


@pytest.mark.parametrize("change", CHANGES)
def test_what_ctrl_c_interrupts_is_done_as_a_whole(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is pressed after each of the values that are set."""
    undisturbed, interrupted = changed(), changed()
    CHANGES[change](undisturbed)
    for name in ("set", "write", "seed", "set_noise"):
        monkeypatch.setattr(NumpyProgram, name, then_ctrl_c(getattr(NumpyProgram, name)))
    with pytest.raises(KeyboardInterrupt):
        CHANGES[change](interrupted)
    monkeypatch.undo()
    first, second = undisturbed.moment(), interrupted.moment()
    assert all(np.array_equal(first.state[key], second.state[key]) for key in first.state)
    assert first.noise is not None and second.noise is not None
    assert np.array_equal(first.noise.content, second.noise.content)


class Keyboard:
    """Presses Ctrl-C after operations of the backend interpreter, in the middle of a presentation."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.presses = 0
        usual = InterpreterProgram.action

        def action(program: InterpreterProgram, operation: Operation) -> Action:
            act = usual(program, operation)

            def then_ctrl_c() -> None:
                act()
                if self.presses:
                    self.presses -= 1
                    signal.raise_signal(signal.SIGINT)

            return then_ctrl_c

        monkeypatch.setattr(InterpreterProgram, "action", action)


class PressesCtrlC(io.StringIO):
    """A terminal at which Ctrl-C is pressed when something is said."""

    def write(self, text: str) -> int:
        first = not self.getvalue()
        written = super().write(text)
        if first:
            signal.raise_signal(signal.SIGINT)
        return written


def test_a_closed_loop_finishes_the_presentation_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"x": DATA["x"][0], "s": DATA["s"][0]}
    undisturbed, interrupted, keyboard = layered(), layered(), Keyboard(monkeypatch)
    for net, presses in ((undisturbed, 0), (interrupted, 1)):
        with net.live(backend="interpreter") as loop:
            keyboard.presses = presses
            with pytest.raises(KeyboardInterrupt) if presses else nullcontext():
                loop.present(row)
    assert all(np.array_equal(values, interrupted[key]) for key, values in undisturbed.state().items())


def test_another_ctrl_c_ends_a_presentation_that_goes_on_and_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupted_wait, "PATIENT", 0.0)
    monkeypatch.setattr(sys, "stderr", said := PressesCtrlC())
    net, keyboard = layered(), Keyboard(monkeypatch)
    keyboard.presses = 2
    with pytest.raises(KeyboardInterrupt):
        net.run(DATA, backend="interpreter")
    assert "Another Ctrl-C ends it at once, and the state of the circuit is lost" in said.getvalue()
    with pytest.raises(rc.RecircuitError, match="interpreter: the circuit was ended by Ctrl-C within a presentation"):
        net.run(DATA)
    net.close()
    net.run(DATA)


def test_ctrl_c_stops_the_building_that_a_value_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*given: object) -> None:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("Ctrl-C was postponed")

    monkeypatch.setattr("recircuit.circuits.circuit.open_program", pressed)
    with pytest.raises(KeyboardInterrupt, match="Building was stopped"):
        layered()["x_to_h1.w"] = 1.0


def test_an_interrupted_run_goes_to_another_process() -> None:
    """As what a worker of a sweep sends back."""
    problem = Interrupted(RunResult(3, {"h.rate": np.ones(2)}, {}, ""))
    again = pickle.loads(pickle.dumps(problem))
    assert str(again) == str(problem) and again.result.presentations == 3 and again.trace is None
