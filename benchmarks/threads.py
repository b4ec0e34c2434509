"""What the threads of a circuit's worker do: how long they compute, wait for a processor and sleep, and how often they change.

Linux counts for each thread the time on a processor, and the time in which it could run and had none. The processor time of a
presentation on one thread is nearly the same on a busy machine, so that two versions can be compared there.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import coding, machine, recurrent, report, workload
from benchmarks.busy import busy_processes, counts
from benchmarks.client import use_processors
from benchmarks.peers.circuit_peer import CircuitPeer
from benchmarks.peers.coding_recircuit import CodingPeer
from benchmarks.peers.recircuit import RecircuitPeer
from benchmarks.peers.rflo_recircuit import RfloPeer
from benchmarks.processor_time import children

Seen = tuple[float, int, int, int, int]

CIRCUITS = {
    "reference, B = 1, every": lambda: RecircuitPeer(workload.draw(workload.Settings(batch_size=1)), "every"),
    "reference, B = 1, needed": lambda: RecircuitPeer(workload.draw(workload.Settings(batch_size=1)), "needed"),
    "reference, B = 100, every": lambda: RecircuitPeer(workload.draw(workload.Settings(batch_size=100)), "every"),
    "reference, B = 100, needed": lambda: RecircuitPeer(workload.draw(workload.Settings(batch_size=100)), "needed"),
    "RFLO, B = 32": lambda: RfloPeer(recurrent.draw(recurrent.Settings()), "every"),
    "predictive coding, B = 250": lambda: CodingPeer(coding.draw(coding.Settings()), "every"),
}


@contextmanager
def _presenting(name: str, threads: int) -> Iterator[CircuitPeer]:
    """Yield a circuit whose worker has at most so many threads."""
    before = os.environ.get("RECIRCUIT_THREADS")
    os.environ["RECIRCUIT_THREADS"] = str(threads)
    try:
        peer = CIRCUITS[name]()
        peer.reset()
        peer.present(2)
        yield peer
        peer.net.close()
    finally:
        os.environ.pop("RECIRCUIT_THREADS")
        os.environ |= {"RECIRCUIT_THREADS": before} if before else {}


def seen() -> Seen:
    """Return the time, and sums over the worker's threads: ns on a processor, ns waiting, and switches by themselves
    and forced.
    """
    on = waiting = itself = forced = 0
    for task in (task for child in children() for task in Path(f"/proc/{child}/task").iterdir()):
        ran, queued, _ = (task / "schedstat").read_text().split()
        lines = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines())
        on, waiting = on + int(ran), waiting + int(queued)
        itself += int(lines["voluntary_ctxt_switches"])
        forced += int(lines["nonvoluntary_ctxt_switches"])
    return time.perf_counter(), on, waiting, itself, forced


def measured(name: str, threads: int, rounds: int, seconds: float) -> list[float]:
    """Return us by the clock, on a processor and waiting, and switches of both kinds, of a presentation: medians of rounds."""
    with _presenting(name, threads) as peer:
        begin = time.perf_counter()
        peer.present(2)
        count = max(1, int(2 * seconds / (time.perf_counter() - begin)))
        rows = []
        for _ in range(rounds):
            before = seen()
            peer.present(count)
            changes = [b - a for a, b in zip(before, seen(), strict=True)]
            units = (1e-6, 1e3, 1e3, 1, 1)
            rows.append([change / unit / count for change, unit in zip(changes, units, strict=True)])
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `threads.json` and `threads.md`."""
    use_processors(arguments.threads)
    load = os.getloadavg()[0]
    rounds, seconds = (1, 0.01) if arguments.quick else (arguments.rounds, arguments.seconds)
    rows = []
    for busy in counts(arguments.busy):
        with busy_processes(busy):
            for threads in dict.fromkeys((1, arguments.threads)):
                rows += [[name, threads, busy, *measured(name, threads, rounds, seconds)] for name in CIRCUITS]
    facts = machine.facts(arguments.threads) | {"load": load, "rows": rows}
    report.write("threads", facts, text(facts), arguments.out)
    return 0


def text(facts: dict[str, Any]) -> str:
    """Return the table as Markdown."""
    head = [
        "circuit",
        "threads",
        "busy processes beside",
        "us",
        "us on a processor",
        "us waiting for one",
        "sleeps",
        "forced off",
    ]
    return "\n".join([
        report.heading("Threads", facts),
        "Of a presentation of all batch elements, in the median of rounds: microseconds by the clock; microseconds that all "
        "threads of the worker are on a processor, and that they could run and have none; how often they go to sleep, and how "
        "often another thread is given their processor. The busy processes of the table are those that the benchmark starts; "
        f"{facts['load']:.0f} threads of other programs wanted to run when it began.\n",
        report.table(head, facts["rows"]),
    ])  # fmt: skip
