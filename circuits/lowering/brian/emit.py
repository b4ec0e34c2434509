"""The emission of Brian2 objects, with their code, from the intermediate form."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from brian2 import Network, prefs
from brian2.core.base import BrianObjectException

from ....brian_objects import never_warn_of
from ....errors import RecircuitError
from ..lowered import Lowered
from .assembly import Assembly
from .code import runner_of
from .groups import add_groups
from .making import CircuitClock, without_stacks
from .reference import add_synapses


def emit(lowered: Lowered, codeobj_class: type | None) -> Assembly:
    """Make the Brian2 objects of a circuit on the device that is active, and generate their code."""
    network = lowered.network
    with brian_preferences(network.dtype), without_stacks():
        clock = CircuitClock(network.dt, name="circuit_clock")
        assembly = Assembly(lowered, clock, codeobj_class)
        try:
            _add_objects(assembly, lowered)
            _generate(assembly)
        except BaseException:
            never_warn_of(clock)
            raise
    return assembly


def _add_objects(assembly: Assembly, lowered: Lowered) -> None:
    if lowered.network.lowering == "reference":
        add_synapses(assembly)
    else:
        add_groups(assembly)
    for operation in lowered.all_operations():
        if operation.name not in assembly.runners:
            runner = runner_of(operation.kernel, operation.name, assembly)
            if runner is not None:
                assembly.run_by(operation.name, runner)


def _generate(assembly: Assembly) -> None:
    brian = assembly.network = Network(*assembly.objects, name="circuit_network")
    brian._clocks = {assembly.clock}  # Network.run would do it, but our presentation loop replaces it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # caused by Brian2's calls of other packages
            brian.before_run({})
    except BrianObjectException as problem:
        raise RecircuitError(f"circuit: Brian2 refuses {problem._brian_objname!r}: {problem.__cause__}") from problem


@contextmanager
def brian_preferences(dtype: np.dtype) -> Iterator[None]:
    """Set Brian2's preferences as they are needed here, and restore them afterwards."""
    ours = {"core.default_float_dtype": dtype.type, "codegen.target": "numpy"}
    saved = {name: prefs[name] for name in ours}
    try:
        for name, value in ours.items():  # with prefs.core..., Brian2 would write the documentation of all preferences
            prefs[name] = value
        yield
    finally:
        for name, value in saved.items():
            prefs[name] = value
