"""The whole of it: a circuit, assembled for a backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from brian2 import Clock, Network, prefs
from brian2.core.base import BrianObjectException

from ...errors import RecircuitError
from ..description.memory import check_memory
from .assembly import Array, Assembly
from .dense import assemble_dense
from .reference.synapses import assemble_plain
from .timetable import Timetable

if TYPE_CHECKING:
    from ..circuit import Circuit


def assemble(circuit: Circuit, codeobj_class: type | None) -> Assembly:
    """Build the Brian2 objects of a circuit on the device that is active, and generate their code."""
    assert circuit.schedule is not None
    check_memory(circuit)
    with brian_preferences(circuit.dtype):
        clock = Clock(circuit.dt, name="circuit_clock")
        assembly = Assembly(circuit.columns, circuit.dtype, clock, circuit.schedule, codeobj_class)
        for variable in ("timestep", "t"):
            assembly.arrays[f"clock.{variable}"] = Array(clock.variables[variable], ())
        (assemble_plain if circuit.lowering == "plain" else assemble_dense)(assembly, circuit)
        assembly.operations.sort(key=lambda operation: operation.slot)
        for mode in ("train", "evaluate"):  # so that there is code for passes over fewer equations, where it pays
            Timetable.of(assembly, circuit.schedule, mode, optimise=circuit.optimise)
        network = assembly.network = Network(*assembly.objects, name="circuit_network")
        network._clocks = {clock}  # Network.run would do it; our presentation loop takes its place
        try:
            network.before_run({})
        except BrianObjectException as problem:
            raise RecircuitError(
                f"circuit: Brian2 refuses {problem._brian_objname!r}: {problem.__cause__}"
            ) from problem
    return assembly


@contextmanager
def brian_preferences(dtype: np.dtype) -> Iterator[None]:
    """Brian2's preferences as we need them, and as they were afterwards."""
    saved = prefs.core.default_float_dtype, prefs.codegen.target
    prefs.core.default_float_dtype, prefs.codegen.target = dtype.type, "numpy"
    try:
        yield
    finally:
        prefs.core.default_float_dtype, prefs.codegen.target = saved
