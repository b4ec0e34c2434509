"""The simulators and programs that are measured."""

from __future__ import annotations

from dataclasses import dataclass

from recircuit.errors import UsageError


@dataclass(frozen=True)
class Entrant:
    """A simulator.

    name: as on the command line. label: as in tables. environment: of benchmarks/requirements, or none for our own.
    module: in benchmarks.peers. argument: what the module is given. batch_sizes: those that it can do; None is any.
    modes: likewise. compiles: it takes long to begin, and `--quick` leaves it out.
    """

    name: str
    label: str
    environment: str
    module: str
    argument: str = ""
    batch_sizes: tuple[int, ...] | None = None
    modes: tuple[str, ...] = ("every", "needed")
    compiles: bool = False

    def can(self, batch_size: int, mode: str) -> bool:
        """Return whether it takes part."""
        return mode in self.modes and (self.batch_sizes is None or batch_size in self.batch_sizes)


OURS = Entrant("recircuit", "recircuit", "", "recircuit", "cpp")
PEERS = (
    Entrant("numpy", "NumPy by hand", "numpy", "numpy"),
    Entrant("torch", "PyTorch", "torch", "torch", "eager"),
    Entrant("torch-compile", "PyTorch, torch.compile", "torch", "torch", "compile", compiles=True),
    Entrant("jax", "JAX", "jax", "jax"),
    Entrant("brainpy", "BrainPy", "brainpy", "brainpy"),
    Entrant("annarchy", "ANNarchy, fast flags", "annarchy", "annarchy", batch_sizes=(1,), compiles=True),
    Entrant("brian2-numpy", "Brian2, NumPy inside", "brian2", "brian2", "numpy", batch_sizes=(1,)),
    Entrant("brian2-cython", "Brian2, cython", "brian2", "brian2", "cython", (1,), ("every",), compiles=True),
    Entrant("brian2-cpp", "Brian2, C++ standalone", "brian2", "brian2", "cpp", (1,), ("every",), compiles=True),
)


def chosen(names: str, quick: bool) -> list[Entrant]:
    """Return the peers that are asked for by name, separated by commas; else all, or, if quick, those that begin at
    once.

    Raises UsageError: there is no such peer.
    """
    if not names:
        return [p for p in PEERS if not (quick and p.compiles)]
    known = {p.name: p for p in PEERS}
    unknown = [n for n in names.split(",") if n not in known]
    if unknown:
        raise UsageError(f"--peers: expected some of {', '.join(known)}; got {unknown[0]!r}")
    return [known[n] for n in names.split(",")]
