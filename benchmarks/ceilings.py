"""What the machine allows: the products of a presentation alone, and how fast memory is read."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from pathlib import Path

import scipy_openblas32

from benchmarks.workload import Product, Settings, products

#: Bytes, far more than all caches hold.
MEMORY = 1 << 30


class Ceilings:
    """The compiled program of ceilings.cpp, and what it has measured: samples by (batch elements, mode), then by way."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.samples: dict[tuple[int, str], dict[str, list[float]]] = {}
        self.streams: dict[str, list[float]] = {}
        self.program = Path(tempfile.mkdtemp(prefix="ceilings-")) / "ceilings"
        library = scipy_openblas32.get_lib_dir()
        compiler = os.environ.get("CXX", "g++")
        subprocess.run(
            [compiler, "-O3", "-march=native", "-ffast-math", "-std=c++17", str(Path(__file__).with_name("ceilings.cpp")),
             "-o", str(self.program), f"-I{scipy_openblas32.get_include_dir()}", f"-L{library}", f"-Wl,-rpath,{library}",
             "-lscipy_openblas", "-pthread"],
            check=True,
        )  # fmt: skip

    def sample(self, settings: Settings, mode: str, seconds: float) -> None:
        """Measure one workload once, every way."""
        found = self.samples.setdefault((settings.batch_size, mode), {})
        ways = {"blocks": "OpenBLAS in blocks", "library": "OpenBLAS"}
        if settings.batch_size == 1:
            ways["read"] = "reading the weights"
        else:  # a matrix library may not use the widest registers of a processor
            ways["arithmetic"] = "the arithmetic in registers"
        for kind, name in ways.items():
            rate = self._run(kind, settings.batch_size, seconds, products(settings, mode)) * settings.batch_size
            found.setdefault(name, []).append(rate)

    def stream(self, settings: Settings, seconds: float) -> None:
        """Measure bytes a second: from the caches, at the size of the weights, and from memory."""
        weights = 4 * sum(p.post * p.pre for p in products(settings, "every") if not p.learns)
        for name, size in {"caches": weights, "memory": MEMORY}.items():
            self.streams.setdefault(name, []).append(self._run("stream", size, seconds, []))

    def memory(self, size: int, seconds: float) -> float:
        """Return bytes a second at which so many bytes are read."""
        return self._run("stream", size, seconds, [])

    def arithmetic_alone(self, batch_size: int, of: list[Product], seconds: float) -> float:
        """Return presentations a second, if a presentation of so many batch elements were the arithmetic of these
        products alone.

        The processor's registers do it, so that no program passes it. A matrix library is slower by what it moves and
        rearranges, and also where it does not use the widest registers of a processor.
        """
        return batch_size * self._run("arithmetic", batch_size, seconds, of)

    def bytes_alone(self, of: list[Product], seconds: float) -> float:
        """Return how often a second the weights of these products are read, or read and written where they learn."""
        return self._run("read", 1, seconds, of)

    def add(self, batch_size: int, mode: str, way: str, rate: float) -> None:
        """Add a sample that somebody else took."""
        self.samples.setdefault((batch_size, mode), {}).setdefault(way, []).append(rate)

    def medians(self, batch_size: int, mode: str) -> dict[str, float]:
        """Return presentations a second, by way."""
        return {way: statistics.median(rates) for way, rates in self.samples.get((batch_size, mode), {}).items()}

    def best(self, batch_size: int, mode: str) -> tuple[str, float]:
        """Return the rate of the fastest way, which is the ceiling."""
        return max(self.medians(batch_size, mode).items(), key=lambda item: item[1])

    def bandwidth(self) -> dict[str, float]:
        """Return the bytes that are read in a second."""
        return {name: statistics.median(rates) for name, rates in self.streams.items()}

    def _run(self, kind: str, size: int, seconds: float, of: list[Product]) -> float:
        shapes = [f"{p.post},{p.pre},{p.times},{int(p.learns)}" for p in of]
        command = [str(self.program), kind, str(size), str(self.threads), str(seconds), *shapes]
        environment = os.environ | {"OPENBLAS_NUM_THREADS": str(self.threads)}
        return float(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
