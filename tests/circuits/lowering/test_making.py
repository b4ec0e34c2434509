"""Brian2's objects, made with less work: what Brian2 computes of them is what it computes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from brian2 import Clock, NeuronGroup, ms
from brian2.codegen import codeobject
from brian2.codegen.translation import analyse_identifiers

import recircuit as rc
from recircuit.brian_objects import never_warn_of
from recircuit.circuits.lowering.brian.making import CircuitClock, identifiers_of, without_stacks

CODES = {
    "a state": "v = v*2",
    "by another": "w = above + 1",
    "by two": "w = twice*exp(unknown)",
    "a new name": "between = above*x\nv = between; w = between",
    "a comment": "v = x  # w = above",
    "functions": "v = clip(randn(), -u, u) + t/dt",
    "nothing": "",
}


@pytest.fixture(scope="module")
def group() -> Iterator[NeuronGroup]:
    """Yield a group of states, and of expressions that read them, one of which reads another."""
    equations = "v : 1\nw : 1\nx : 1\nu : 1 (shared)\nabove = v - x : 1\ntwice = 2*above : 1"
    made = NeuronGroup(2, equations, clock=Clock(1 * ms), name="group_of_making")
    yield made
    never_warn_of(made.clock)


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
@pytest.mark.parametrize("recursive", [False, True])
def test_the_names_that_code_reads_are_those_that_brian2_finds(group: NeuronGroup, code: str, recursive: bool) -> None:
    for variables in (dict(group.variables), {*group.variables}):
        if recursive and not isinstance(variables, dict):
            continue
        wanted = analyse_identifiers(code, variables, recursive=recursive)
        assert identifiers_of(code, variables, recursive=recursive) == wanted


def test_brian2_asks_for_names_here() -> None:
    assert codeobject.analyse_identifiers is identifiers_of


def test_objects_of_a_circuit_have_no_stack_and_all_others_have() -> None:
    net = rc.layered([3, 2])
    net.program("numpy")
    for quiet, stack in ((nullcontext(), "test_making.py"), (without_stacks(), "")):
        with quiet:
            made = NeuronGroup(1, "v : 1")
        assert stack in made._creation_stack and bool(made._creation_stack) == bool(stack)
    with without_stacks(), without_stacks():
        pass
    assert "test_making.py" in NeuronGroup(1, "v : 1")._creation_stack


def test_a_clock_of_a_circuit_has_the_time_step_that_it_is_given() -> None:
    net = rc.Circuit()
    clock = CircuitClock(net.dt, name="clock_of_making")
    assert clock.dt == net.dt and "clock_of_making" in repr(clock)
    clock.dt = 2 * net.dt
    assert clock.dt == 2 * net.dt
