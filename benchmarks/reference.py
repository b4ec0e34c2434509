"""The reference workload: recircuit and its peers in turn, with the machine's ceilings in the same run."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, report
from benchmarks.busy import busy_processes, counts
from benchmarks.ceilings import Ceilings
from benchmarks.client import Client, Failed, use_processors
from benchmarks.environments import Missing
from benchmarks.roster import OURS, Entrant, chosen
from benchmarks.samples import Sample, median_rate, of_processor_time
from benchmarks.workload import MODES, Settings, distance, draw, expected

#: How far the weights may be from float64, as a share of their largest change.
TOLERANCE = 1e-4
CHECKED = (1, 3)

Case = tuple[int, str]


def say(text: str) -> None:
    """Write progress on stderr."""
    print(f"benchmarks: {text}", file=sys.stderr, flush=True)


@dataclass
class Measured:
    """What is known of one entrant: samples, and distances of the weights, by case."""

    entrant: Entrant
    versions: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    distances: dict[Case, float] = field(default_factory=dict)
    samples: dict[Case, list[Sample]] = field(default_factory=dict)
    client: Client | None = None


class Reference:
    """The measurement: `open`, `check`, then `round` several times."""

    def __init__(self, entrants: list[Entrant], batch_sizes: list[int], threads: int, seconds: float) -> None:
        self.threads, self.seconds = threads, seconds
        self.folder = Path(tempfile.mkdtemp(prefix="benchmarks-"))
        self.problems = {b: draw(Settings(batch_size=b)) for b in batch_sizes}
        for b, problem in self.problems.items():
            problem.save(self._file(b))
        self.cases: list[Case] = [(b, mode) for b in batch_sizes for mode in MODES]
        self.ours = Measured(OURS)
        self.peers = [Measured(p) for p in entrants]
        self.ceilings = Ceilings(threads)
        self.profiles: dict[Case, dict[str, Any]] = {}

    def open(self) -> None:
        """Start all programs and let them build what they need; a program that cannot is noted."""
        wanted = {(b, n): expected(p, n) for b, p in self.problems.items() for n in CHECKED}
        for one in [self.ours, *self.peers]:
            say(f"starting {one.entrant.label}")
            try:
                one.client = Client(one.entrant, self.threads)
            except (Failed, Missing) as problem:
                one.absent["all"] = str(problem)
                continue
            for case in self.cases:
                if one.entrant.can(*case):
                    self._open(one, case, wanted)

    def round(self, first: bool | None) -> None:
        """Measure everyone once in each case, with ours before each; then the ceilings (None: without them)."""
        for case in self.cases:
            for peer in self.peers:
                if peer.client is not None and case in peer.samples:
                    self._time(self.ours, case)
                    self._time(peer, case)
            if first is not None:
                self._ceilings(case, first)

    def crowded(self, busy: int, rounds: int) -> dict[str, Any]:
        """Measure rounds beside so many busy processes: the cases as they are written. What was sampled before is left
        alone.
        """
        everyone = [self.ours, *self.peers]
        quiet = [one.samples for one in everyone]
        for one in everyone:
            one.samples = {case: [] for case in one.samples}
        try:
            with busy_processes(busy):
                for k in range(rounds):
                    say(f"round {k + 1} of {rounds} beside {busy} busy processes")
                    self.round(first=None)
            return {"busy": busy, "cases": [_case(self, case) for case in self.cases]}
        finally:
            for one, samples in zip(everyone, quiet):
                one.samples = samples

    def profile(self, presentations: dict[int, int]) -> None:
        """Measure where our time goes."""
        for case in self.cases:
            if self.ours.client is not None and case in self.ours.samples:
                self.profiles[case] = self.ours.client.ask(
                    "call", method="profile", **{"as": _key(case), "with": {"presentations": presentations[case[0]]}}
                )

    def close(self) -> None:
        """End everyone."""
        for one in [self.ours, *self.peers]:
            if one.client is not None:
                one.client.close()

    def _file(self, batch_size: int) -> Path:
        return self.folder / f"problem_{batch_size}.npz"

    def _open(self, one: Measured, case: Case, wanted: dict[tuple[int, int], list[np.ndarray]]) -> None:
        assert one.client is not None
        b, mode = case
        try:
            begin = time.monotonic()
            facts = one.client.ask("open", problem=str(self._file(b)), mode=mode, **{"as": _key(case)})
            one.versions |= facts["versions"]
            one.distances[case] = max(self._distance(one.client, case, n, wanted[b, n]) for n in CHECKED)
            say(f"    {_key(case)}: ready in {time.monotonic() - begin:.0f} s, distance {one.distances[case]:.1e}")
        except Failed as problem:
            one.absent[_key(case)] = str(problem)
            say(f"    {_key(case)}: {problem}")
            return
        if one.distances[case] > TOLERANCE:
            one.absent[_key(case)] = f"its weights are {one.distances[case]:.1e} off"
            return
        one.samples[case] = []

    def _distance(self, client: Client, case: Case, presentations: int, wanted: list[np.ndarray]) -> float:
        path = self.folder / "weights.npz"
        client.ask("check", presentations=presentations, into=str(path), **{"as": _key(case)})
        with np.load(path) as file:
            return distance(self.problems[case[0]], [file[k] for k in file.files], wanted)

    def _time(self, one: Measured, case: Case) -> None:
        if one.client is None or case not in one.samples:
            return
        try:
            facts = one.client.ask("time", seconds=self.seconds, **{"as": _key(case)})
            one.samples[case].append(Sample.of(facts, case[0]))
        except Failed as problem:
            one.absent[_key(case)] = str(problem)
            say(f"{one.entrant.label}, {_key(case)}: {problem}")
            del one.samples[case]
        time.sleep(min(0.1, self.seconds / 4))

    def _ceilings(self, case: Case, first: bool) -> None:
        settings = self.problems[case[0]].settings
        self.ceilings.sample(settings, case[1], self.seconds / 2)
        if first:
            self.ceilings.stream(settings, self.seconds / 2)
        for peer in self.peers:
            if peer.entrant.name == "torch" and peer.client is not None and case in peer.samples:
                rate = peer.client.ask(
                    "call", method="ceiling", **{"as": _key(case), "with": {"seconds": self.seconds / 2}}
                )
                self.ceilings.add(*case, "PyTorch's products", rate)


def _key(case: Case) -> str:
    return f"B = {case[0]}, {case[1]}"


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `reference.json`, `reference.md` and `reference.png`."""
    begin = time.monotonic()
    use_processors(arguments.threads)
    rounds, seconds = (1, 0.05) if arguments.quick else (arguments.rounds, arguments.seconds)
    measuring = Reference(chosen(arguments.peers, arguments.quick), [1, 100], arguments.threads, seconds)
    try:
        measuring.open()
        for k in range(rounds):
            say(f"round {k + 1} of {rounds} ({time.monotonic() - begin:.0f} s)")
            measuring.round(first=k < 3)
        measuring.profile({1: 50, 100: 5} if arguments.quick else {1: 1000, 100: 50})
        crowded = [measuring.crowded(busy, rounds) for busy in counts(arguments.busy) if busy]
    finally:
        measuring.close()
    facts = result(measuring, rounds, seconds) | {"crowded": crowded}
    facts["seconds"] = round(time.monotonic() - begin)
    report.reference(facts, arguments.out)
    return 0


def result(measured: Reference, rounds: int, seconds: float) -> dict[str, Any]:
    """Return all that was measured, as it is written."""
    facts = machine.facts(measured.threads) | {"rounds": rounds, "sample_seconds": seconds, "tolerance": TOLERANCE}
    facts["bandwidth_GB_per_s"] = {k: round(v / 1e9, 1) for k, v in measured.ceilings.bandwidth().items()}
    facts["entrants"] = {
        one.entrant.name: {"label": one.entrant.label, "versions": one.versions, "absent": one.absent}
        for one in [measured.ours, *measured.peers]
    }
    facts["cases"] = [_case(measured, case) for case in measured.cases]
    return facts


def _case(measured: Reference, case: Case) -> dict[str, Any]:
    ways = measured.ceilings.medians(*case)
    way, ceiling = measured.ceilings.best(*case)
    ours = median_rate(measured.ours.samples.get(case, []))
    rows = []
    for one in [measured.ours, *measured.peers]:
        samples = one.samples.get(case, [])
        if samples:
            rate, of_processor = median_rate(samples), of_processor_time(samples)
            rows.append({
                "name": one.entrant.name, "label": one.entrant.label, "presentations_per_second": round(rate, 1),
                "ratio_to_ours": round(rate / ours, 4) if ours else None, "share_of_ceiling": round(rate / ceiling, 4),
                "distance": one.distances[case], "samples": [round(s.rate, 1) for s in samples],
                "processors": [round(s.processors, 3) for s in samples],
                "presentations_per_processor_second": of_processor and round(of_processor, 1),
            })  # fmt: skip
    others = [row for row in rows if row["name"] != OURS.name]
    best = max(others, key=lambda row: row["presentations_per_second"], default=None)
    return {
        "batch_size": case[0], "mode": case[1], "ceiling": {"by": way, "presentations_per_second": round(ceiling, 1)},
        "ceilings": {k: round(v, 1) for k, v in ways.items()}, "rows": rows,
        "best_peer": best["name"] if best else None,
        "ours_to_best_peer": round(ours / best["presentations_per_second"], 3) if best and ours else None,
        "where_the_time_goes": shares(measured.profiles[case]) if case in measured.profiles else {},
    }  # fmt: skip


KINDS = {"propagate": "products", "learn": "learning", "update": "state equations"}


def shares(profile: dict[str, Any]) -> dict[str, float]:
    """Return the shares of the time of a run: products forward and back, those of learning, state equations, and the rest."""
    found = {"products": 0.0, "learning": 0.0, "state equations": 0.0, "rest": 0.0}
    for name, seconds in profile["operations"].items():
        found["rest" if name == "propagate_s_to_o" else KINDS.get(name.split("_")[0], "rest")] += seconds
    whole = max(profile["seconds"], sum(found.values()))
    found["rest"] += whole - sum(found.values())
    return {kind: round(seconds / whole, 4) for kind, seconds in found.items()}
