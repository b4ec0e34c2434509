"""Training with every rule beside plain URFB: the same layers and batch elements, in step-by-step mode, on the cpp backend.

Rules with traces (`benchmarks.traces`) stand beside what memory allows.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import machine, report, traces
from benchmarks.client import use_processors
from benchmarks.reference import say
from benchmarks.training import data
from recircuit.circuits import Circuit
from recircuit.circuits.answers.readout import Readout
from recircuit.circuits.inputs import dataset_inputs
from recircuit.models.data import Dataset
from recircuit.models.networks.layered import layered
from recircuit.models.networks.node_perturbation import Perturbation, node_perturbation
from recircuit.models.networks.random_backpropagation import Variant, random_backpropagation
from recircuit.models.networks.recirculation import recirculating
from recircuit.models.training.order import epoch_order
from recircuit.plasticity import find

Build = Callable[[tuple[int, ...]], Circuit]
BATCH_SIZE = 100


@dataclass(frozen=True)
class TimedNetwork:
    """A network whose training is timed. target: the most time it should take, in times of URFB's; None: no target."""

    label: str
    family: str
    build: Build
    target: float | None = None


def in_layers(rule: str, **options: Any) -> Build:
    """Return a layered network of a rule."""
    return lambda sizes: layered(sizes, rule, batch_size=BATCH_SIZE, **options)


def perturbed(label: str, rule: str = "node_perturbation", target: float | None = 2.5, **options: Any) -> TimedNetwork:
    """Return a network whose feedback weights learn from noise."""
    return TimedNetwork(
        label,
        "node perturbation",
        lambda sizes: node_perturbation(sizes, rule, batch_size=BATCH_SIZE, **options),
        target,
    )


def randomly(label: str, algorithm: str, **options: Any) -> TimedNetwork:
    """Return one of the family of random backpropagation."""
    variant = Variant(algorithm, **options)
    return TimedNetwork(
        label,
        "random backpropagation",
        lambda sizes: random_backpropagation(sizes, variant, batch_size=BATCH_SIZE),
        1.3,
    )


def looping(**options: Any) -> Build:
    """Return a network whose feedback weights learn by recirculation, at a rate at which 500 units stay stable."""
    rule = find("recirculated_feedback").with_parameters(feedback_rate=1e-4)
    return lambda sizes: recirculating(sizes, rule, batch_size=BATCH_SIZE, **options)


URFB = TimedNetwork("urfb", "updated feedback", in_layers("urfb"))
CONTESTANTS = (
    TimedNetwork("frfb", "updated feedback", in_layers("frfb")),
    TimedNetwork("bp (a control)", "updated feedback", in_layers("bp")),
    TimedNetwork("urfb, softmax", "updated feedback", in_layers("urfb", loss="softmax")),
    perturbed("layer to layer"),
    perturbed("from the output", feedback="direct"),
    perturbed("two circuits side by side", perturbation=Perturbation(windows="side by side"), target=None),
    *(randomly(name, name) for name in ("bp", "sbp", "rbp", "srbp", "arbp", "asrbp")),
    randomly("rbp, no f'", "rbp", derivative=False),
    randomly("srbp, sparse (n = 8)", "srbp", matrix="sparse"),
    randomly("srbp, errors of 5 bits", "srbp", signal="quantised"),
    randomly("srbp, dropout in the channel", "srbp", signal="dropout"),
    randomly("srbp, updates of 5 bits", "srbp", update_bits=5),
    randomly("rbp, redrawn at random", "rbp", redrawn="at random"),
    randomly("rbp, redrawn sign-concordant", "rbp", redrawn="sign-concordant"),
    randomly("srbp, weights per synapse", "srbp", redrawn="per synapse"),
    TimedNetwork("loop from below", "recirculation", looping(), 3.0),
    TimedNetwork("loops from both ends", "recirculation", looping(ends=("below", "above")), 3.0),
)


class Runner:
    """A built network that trains on the first presentations of an epoch, on a backend, by a clock that tells seconds."""

    def __init__(
        self, net: Circuit, shown: Dataset, presentations: int, backend: str = "cpp",
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:  # fmt: skip
        self.net, self.clock = net, clock
        self.program = self.net.program(backend)
        dataset_inputs(self.net, shown, "train").load(self.program)
        self.table = Readout.of(self.net, "o").table("train")
        self.order = epoch_order(shown.n_train, net.batch_size, 0, 0)[:presentations]

    def seconds(self) -> float:
        """Return the seconds of one run, from the first weights: where nothing is left to learn, changes by nothing
        cost nothing.
        """
        self.net.reset()
        begin = self.clock()
        self.program.run(self.table, self.order).raise_if_diverged()
        return self.clock() - begin


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `rules.json` and `rules.md`."""
    os.environ.setdefault("RECIRCUIT_THREADS", str(arguments.threads))
    use_processors(arguments.threads)
    shown = data(arguments.data)
    rounds, presentations = (1, 3) if arguments.quick else (7, 100)
    size = traces.QUICK if arguments.quick else traces.FULL
    sizes = (shown.n_features, *((8, 8) if arguments.quick else (500, 500)), shown.classes)
    ours = Runner(URFB.build(sizes), shown, presentations)
    rows = []
    for one in CONTESTANTS[:5:4] if arguments.quick else CONTESTANTS:
        say(f"{one.family}: {one.label}")
        rows.append(compare(one, Runner(one.build(sizes), shown, presentations), ours, rounds))
    facts = machine.facts(arguments.threads) | {
        "data": shown.name, "sizes": sizes, "batch_size": BATCH_SIZE, "presentations": presentations, "rounds": rounds,
        "rows": rows, "traces": traces.measured(size, arguments.threads, arguments.quick),
    }  # fmt: skip
    report.write("rules", facts, text(facts), arguments.out)
    return 0


def compare(contestant: TimedNetwork, runner: Runner, ours: Runner, rounds: int) -> dict[str, Any]:
    """Measure both in turn, after a first run of each, and return the median of the ratios."""
    runner.seconds(), ours.seconds()
    pairs = [(runner.seconds(), ours.seconds()) for _ in range(rounds)]
    ratio = statistics.median(theirs / mine for theirs, mine in pairs)
    rate = len(runner.order) * BATCH_SIZE / statistics.median(theirs for theirs, _ in pairs)
    return {
        "family": contestant.family, "label": contestant.label, "stimuli_per_second": round(rate),
        "time_to_urfb": round(ratio, 3), "target": contestant.target,
        "ok": None if contestant.target is None else ratio <= contestant.target,
        "samples": [[round(s, 4) for s in pair] for pair in pairs],
    }  # fmt: skip


def text(facts: dict[str, Any]) -> str:
    """Return the table."""
    reached = {None: "", True: "yes", False: "no"}
    rows = [
        [f"{r['family']}: {r['label']}", r["stimuli_per_second"], r["time_to_urfb"],
         f"<= {r['target']:g}" if r["target"] else "", reached[r["ok"]]]
        for r in facts["rows"]
    ]  # fmt: skip
    return "\n".join([
        report.heading("Rules", facts),
        f"{facts['data']}, {'-'.join(map(str, facts['sizes']))}, {facts['batch_size']} batch elements, step-by-step mode, "
        f"float32: training "
        f"with each rule beside training with plain URFB (hinge), in turn; medians of {facts['rounds']} runs of "
        f"{facts['presentations']} presentations.\n",
        report.table(["", "stimuli/s", "time to URFB's", "target", "reached"], rows),
        traces.text(facts["traces"]),
    ])  # fmt: skip
