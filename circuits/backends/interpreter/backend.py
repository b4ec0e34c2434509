"""The backend interpreter: NumPy evaluates each operation, without generated code."""

from __future__ import annotations

from ....errors import RecircuitError
from ...lowering.lowered import Lowered
from ..base import Backend
from ..program import Program


class Interpreter(Backend):
    """The backend that computes synapse by synapse in this process; it checks the other backends on small circuits."""

    name = "interpreter"
    about = "NumPy evaluates each operation, synapse by synapse: slow, and made for checking the other backends."

    def open(self, lowered: Lowered) -> Program:
        from .program import InterpreterProgram

        if lowered.network.lowering == "reference":
            raise RecircuitError(
                "backend interpreter: it does not run lowering='reference', whose operations are Brian2's Synapses. "
                "Use the backend numpy or cpp, or make the circuit with lowering='dense'."
            )
        return InterpreterProgram(lowered)


BACKEND = Interpreter()
