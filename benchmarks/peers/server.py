"""The other end of a peer: a process that takes commands as lines of JSON and answers each by one.

    {"do": "open", "as": KEY, "problem": FILE, "mode": "every"}      build it; nothing is timed
    {"do": "check", "as": KEY, "presentations": N, "into": FILE}     the weights after the first N presentations
    {"do": "time", "as": KEY, "seconds": S}                          a run of about S seconds, from the initial state
    {"do": "forget", "as": KEY}                                      let go of it
    {"do": "call", "as": KEY, "method": NAME, "with": {...}}         anything else that this peer can do
    {"do": "quit"}

The answer is {"ok": ...}, or {"error": "..."}. What a tool prints goes to stderr. Needs NumPy alone, and Python 3.10.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.processor_time import processor_seconds
from benchmarks.workload import Problem

THREADS = int(os.environ.get("OMP_NUM_THREADS", "2"))


class Unsupported(Exception):
    """The tool cannot do this; the message says why."""


class Peer(ABC):
    """A simulator with a problem. `packages` are those whose versions are reported."""

    packages: tuple[str, ...] = ("numpy",)

    def __init__(self, problem: Any, mode: str) -> None:
        self.problem, self.mode, self.settings = problem, mode, problem.settings

    @abstractmethod
    def reset(self) -> None:
        """Go back to the initial weights; rates and errors are 0."""

    @abstractmethod
    def present(self, count: int) -> float | None:
        """Show the first `count` presentations and wait until all is computed.

        Returns the seconds that the tool took, where it measures itself (without its start); else None.
        """

    @abstractmethod
    def weights(self) -> list[np.ndarray]:
        """Set W_1..W_L, R_1..R_{L-1}, in the shapes of the problem."""

    def timed(self, count: int) -> float:
        """Return seconds of `count` presentations."""
        return self.sample(count)[0]

    def sample(self, count: int) -> tuple[float, float]:
        """Return seconds of `count` presentations, and how many processors they had on average."""
        self.reset()
        used, begin = processor_seconds(), time.perf_counter()
        own = self.present(count)
        took = time.perf_counter() - begin
        return took if own is None else own, (processor_seconds() - used) / took

    def count_for(self, seconds: float) -> int:
        """Return the number of presentations that take about so long; the first calls warm up."""
        count, took = 1, 0.0
        self.timed(1)
        while (took := self.timed(count)) < min(0.1, seconds / 2) and count < 1 << 20:
            count *= 2
        return max(1, round(count * seconds / took))


Make = Callable[[Any, str], Peer]


class Server:
    """The peers that have been opened, and the answers to commands for them."""

    def __init__(self, make: Make, load: Callable[[Path], Any]) -> None:
        self.make, self.load = make, load
        self.open: dict[str, Peer] = {}
        self.counts: dict[str, int] = {}

    def answer(self, order: dict[str, Any]) -> Any:
        """Do one command."""
        do, key = order["do"], order.get("as", "")
        if do == "open":
            self.counts.pop(key, None)
            peer = self.open[key] = self.make(self.load(Path(order["problem"])), order["mode"])
            return {"versions": versions(peer.packages)}
        if do == "forget":
            self.open.pop(key, None)
            return None
        peer = self.open[key]
        if do == "check":
            peer.reset()
            peer.present(order["presentations"])
            np.savez(order["into"], *[np.asarray(w) for w in peer.weights()])
            return None
        if do == "time":
            return self.time(key, peer, order["seconds"])
        if do == "call":
            return getattr(peer, order["method"])(**order.get("with", {}))
        raise ValueError(f"unknown command {do!r}")

    def time(self, key: str, peer: Peer, seconds: float) -> dict[str, Any]:
        """Take one sample."""
        if key not in self.counts:
            self.counts[key] = peer.count_for(seconds)
        count = self.counts[key]
        took, processors = peer.sample(count)
        if not 0.5 < took / seconds < 2:
            self.counts[key] = max(1, round(count * seconds / took))
        return {"presentations": count, "seconds": took, "processors": processors}


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of Python and of these packages."""
    facts = {"python": sys.version.split()[0]}
    for package in packages:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "unknown"
    return facts


def serve(make: Make, load: Callable[[Path], Any] = Problem.load) -> None:
    """Answer until told to quit, or until the other end is gone."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    server = Server(make, load)
    print(json.dumps({"ok": "ready"}), file=out, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "quit":
            break
        try:
            reply = {"ok": server.answer(order)}
        except Unsupported as problem:
            reply = {"error": str(problem)}
        except Exception as problem:
            traceback.print_exc()
            reply = {"error": f"{type(problem).__name__}: {problem}".splitlines()[0][:300]}
        print(json.dumps(reply), file=out, flush=True)
    os._exit(0)
