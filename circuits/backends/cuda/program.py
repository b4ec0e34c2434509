"""A circuit compiled for a GPU."""

from __future__ import annotations

from ....errors import RecircuitError
from ...lowering.brian.assembly import Assembly
from ...lowering.lowered import Lowered
from ...lowering.memory import Need
from ...lowering.variables import Scope
from ..compiled import CompiledProgram
from ..noise import PHILOX
from . import gpu
from .requirements import RESERVED, missing_cuda, missing_place
from .toolchain import toolchain
from .toolkit import find_toolkit

#: The most values of a variable, which has a thread for each value, in blocks of 256: threads are counted in 32 bits.
LARGEST, COUNTED = 2**31 - 256, (Scope.UNIT, Scope.SHARED_UNIT, Scope.WEIGHT)
#: Random functions of Brian2 that have no counter-based form here.
NO_NOISE = ("poisson", "binomial")


class CudaProgram(CompiledProgram):
    """A program for a GPU. It runs in a worker of its own, with all its variables and data in the memory of the GPU."""

    backend = "cuda"
    generator = PHILOX

    def __init__(self, lowered: Lowered) -> None:
        if lowered.network.lowering == "reference":
            raise RecircuitError(
                "backend cuda: lowering='reference' adds up synapses by atomic operations there, in any order, so that it "
                "cannot be what the dense form is held against. Use the backend numpy or cpp for it."
            )
        if missing := missing_cuda() or missing_place():
            raise RecircuitError(f"backend cuda: {missing}.")
        from .device import CudaDevice

        found, toolkit = gpu.find_gpu(), find_toolkit()
        assert isinstance(found, gpu.Gpu) and toolkit is not None
        self._gpu = found
        architecture = toolkit.architecture(found.capability)
        super().__init__(lowered, lambda: (CudaDevice(toolkit, architecture), toolchain(toolkit, architecture)))

    def check(self, assembly: Assembly) -> None:
        for operation, runner in assembly.runners.items():
            if found := [name for name in NO_NOISE if name in runner.codeobj.variables]:
                raise RecircuitError(
                    f"backend cuda: {operation} draws by {found[0]}(), which this backend does not have; it has rand() "
                    "and randn(). Use the backend numpy or cpp."
                )
        for variable in self.lowered.variables.values():
            if variable.scope in COUNTED and variable.size > LARGEST:
                raise RecircuitError(
                    f"backend cuda: {variable.key} has {variable.size:,} values; expected at most {LARGEST:,}, as many as a "
                    "kernel can count. Use fewer batch elements or smaller layers, or the backend cpp."
                )
        need = Need.of(self.lowered.network, self.lowered.variables.values())
        if refused := need.refusal(self._gpu.memory - RESERVED, f"are what {self._gpu.name} has to give"):
            raise RecircuitError(f"backend cuda: {refused}")
