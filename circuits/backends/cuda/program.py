"""A circuit compiled for a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import RecircuitError
from ..compiled import CompiledProgram
from . import gpu
from .memory import Need
from .requirements import missing_cuda
from .toolchain import toolchain
from .toolkit import find_toolkit

if TYPE_CHECKING:
    from ...circuit import Circuit

#: Random functions of Brian2 that have no counter-based form here.
NO_NOISE = ("poisson", "binomial")


class CudaProgram(CompiledProgram):
    """Runs in a worker of its own, with all its variables and data in the memory of the GPU."""

    backend = "cuda"

    def __init__(self, circuit: Circuit) -> None:
        if circuit.lowering == "plain":
            raise RecircuitError(
                "backend cuda: lowering='plain' adds up synapses by atomic operations there, in any order, so that it "
                "cannot be what the dense form is held against. Use the backend numpy or cpp for it."
            )
        missing = missing_cuda()
        if missing:
            raise RecircuitError(f"backend cuda: {missing}.")
        from .device import CudaDevice

        found, toolkit = gpu.find_gpu(), find_toolkit()
        assert isinstance(found, gpu.Gpu) and toolkit is not None
        self._gpu = found
        architecture = toolkit.architecture(found.capability)
        super().__init__(circuit, CudaDevice(toolkit, architecture), toolchain(toolkit, architecture))

    def check(self) -> None:
        for operation in self.assembly.all_operations():
            drawn = operation.runner.codeobj.variables if operation.runner is not None else {}
            if found := [name for name in NO_NOISE if name in drawn]:
                raise RecircuitError(
                    f"backend cuda: {operation.name} draws by {found[0]}(), which it has not; it has rand() and "
                    "randn(). Use the backend numpy or cpp."
                )
        if too_much := Need.of(self.assembly).too_much(self._gpu):
            raise RecircuitError(f"backend cuda: {too_much}.")
