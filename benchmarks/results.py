"""The tables of what has been reproduced, of the speed, and of what the soak found, made from the committed results.

``python -m benchmarks results`` writes ``results/README.md``, the tables of ``README.md``, ``docs/reliability.md`` and
``docs/benchmarks.md``, and the file from which ``recircuit reproduce`` tells the last results. It runs no circuit.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.papers import CASES
from benchmarks.papers_text import ratios
from benchmarks.report import TITLES, table
from recircuit.atomic_files import write_whole
from recircuit.models.experiments import EXPERIMENTS, Check, Experiment, tally
from tools.long_runs.compact import epochs_of

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
#: The file that says why a result is not, or only in part, that of the paper.
EXPLAINED = RESULTS / "explained.toml"
#: The tallies that come with the package.
LAST = ROOT / "models" / "experiments" / "last_results.json"


#: How many seeds a result needs at least that is said to be the paper's.
SEEDS = 3


@dataclass(frozen=True)
class Reproduced:
    """The committed result of one experiment."""

    experiment: Experiment
    result: dict[str, Any]
    epochs: str
    methods_run: int

    @property
    def failing(self) -> list[dict[str, Any]]:
        """The checks that fail, as they stand in result.json."""
        return [row for row in self.result["checks"] if not row["ok"]]

    @property
    def held(self) -> str:
        """How many checks hold, of how many."""
        count = len(self.result["checks"])
        return f"{count - len(self.failing)} of {count}"

    @property
    def reached(self) -> str:
        """Whether all, some or none of the paper's claims hold.

        A claim that is not checked does not hold, and one or two seeds are too few to say that all do.
        """
        few = 0 < len(self.result["seeds"]) < SEEDS
        if not self.failing and not self.result.get("unchecked") and not few:
            return "yes"
        return "in part" if len(self.failing) < len(self.result["checks"]) else "no"

    @property
    def seeds(self) -> str:
        """How many seeds were run, or what was drawn without seeds. A dash stands for one that draws nothing at random."""
        return str(len(self.result["seeds"]) or self.experiment.drawn or "–")

    @property
    def of_paper(self) -> str:
        """The epochs that were run and, if the paper has more, how many it has."""
        longer = self.experiment.paper_epochs
        return f"{self.epochs} of {longer:,}" if longer and self.epochs != str(longer) else self.epochs

    @property
    def methods(self) -> str:
        """How many of the methods that the experiment compares were run; empty if all were."""
        count, known = self.methods_run, len(self.experiment.methods)
        return f"{count} of {known}" if 0 < count < known else ""


def reproduced(folder: Path = RESULTS) -> Iterator[Reproduced]:
    """Yield the result of every experiment that has one, in the order of the registry."""
    for name, experiment in EXPERIMENTS.items():
        path = folder / name / "result.json"
        if path.exists():
            result = json.loads(path.read_text(encoding="utf-8"))
            runs = {path.stem.rpartition("-")[0] for path in (path.parent / "runs").glob("*.json")}
            yield Reproduced(experiment, result, epochs_run(path.parent, result), len(runs))


def epochs_run(folder: Path, result: dict[str, Any]) -> str:
    """Return the number of epochs, or the range of numbers; a dash if nothing was trained for epochs.

    The numbers are those that the kept runs say they are of, or the lengths of their curves and, without such runs, what the
    checks say.
    """
    found = {count for path in (folder / "runs").glob("*.json") for count in _lengths(path)}
    if not found:
        found = {int(count) for row in result["checks"] for count in re.findall(r"\b(\d+) epochs\b", row["what"])}
        found = {max(found)} if found else found
    return "–" if not found else str(max(found)) if len(found) == 1 else f"{min(found)} to {max(found)}"


def _lengths(path: Path) -> Iterator[int]:
    run = json.loads(path.read_text(encoding="utf-8"))
    epochs, curve = run.get("about", {}).get("epochs"), run.get("found", {}).get("test")
    if isinstance(epochs, int):
        yield epochs
    elif isinstance(curve, list):
        yield len(curve)


def explained(path: Path = EXPLAINED) -> dict[str, str]:
    """Return why results are not those of the papers, by experiment."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def other_seeds(path: Path = RESULTS / "other_seeds.json") -> dict[str, dict[str, Any]]:
    """Return what came out when experiments were run from other seeds (tools/other_seeds.py), by experiment."""
    return json.loads(path.read_text(encoding="utf-8"))


def short_table(rows: Sequence[Reproduced]) -> str:
    """Return the table of the project's README: one line for each experiment, also for those that have not been run."""
    head = ["experiment", "paper", "seeds", "epochs", "checks that hold", "reached", "why not"]
    by_name, why = {row.experiment.id: row for row in rows}, explained()
    return table(
        head,
        [
            [*_cells(experiment, by_name.get(name)), _escaped(why.get(name, ""))]
            for name, experiment in EXPERIMENTS.items()
        ],
    )


def _cells(experiment: Experiment, row: Reproduced | None) -> list[str]:
    if row is None:
        return [experiment.id, experiment.paper, "–", "–", "–", "not run"]
    link = f"[{experiment.id}](results/README.md#{experiment.id})"
    return [link, row.result["paper"], row.seeds, row.of_paper, row.held, row.reached]


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")


#: How results/README.md begins.
HEAD = """# Results

This page shows, for each experiment of the papers, what holds, what fails, and a figure. It is made by
`python -m benchmarks results` from the files `*/result.json`. `recircuit reproduce ID` runs an experiment again, and
`recircuit reproduce --list` says which data it reads. [Benchmarks](../docs/benchmarks.md) describes the measurements of speed.

- A check compares one number of the run with the paper or with theory. The paper is reached if all checks hold from three seeds
  or more, and in part if some do.
- "30 of 1,000" epochs means that the paper trains for 1,000 epochs and that 30 were run here. Where the paper gives no number,
  the reason says so. A dash stands for an experiment that draws nothing at random, or is not trained for epochs.
- Errors without a unit are shares: 0.16 is 16%. Accuracies are in percent. Points are percentage points.
- CIFAR-10 stands for CIFAR-10 (JPEG) here: its pictures went through lossy JPEG. The original files were not at hand.
- Some experiments were run again from other seeds, by `python -m tools.other_seeds ID`.
"""


def long_text(rows: Sequence[Reproduced]) -> str:
    """Return results/README.md: what each experiment shows, what holds, what fails, and its figure."""
    text = [HEAD]
    for paper, group in groupby(rows, key=lambda row: row.experiment.run.__module__.split(".")[-2]):
        text.append(f"## {PAPERS.get(paper, paper)}\n")
        text += [section(row) for row in group]
    return "\n".join(text)


#: Folder of a paper's experiments -> how the paper is cited.
PAPERS = {
    "amit2019": "Amit 2019",
    "baldi2018": "Baldi, Sadowski and Lu 2018",
    "cameron": "Cameron",
    "lansdell2020": "Lansdell, Prakash and Kording 2020",
    "lillicrap2016": "Lillicrap et al. 2016",
}


def section(row: Reproduced) -> str:
    """Return the part of results/README.md on one experiment."""
    experiment, result, why = row.experiment, row.result, explained()
    methods = f"; methods: {row.methods}" if row.methods else ""
    lines = [
        f"### {experiment.id}\n",
        f"{experiment.about}\n",
        f"- Source: {result['paper']}",
        f"- Backend: {result['backend']}; seeds: {row.seeds}; epochs: {row.of_paper}{methods}",
        f"- Checks that hold: {row.held}; the paper is reached: {row.reached}",
        *([f"- Why: {why[experiment.id]}"] if experiment.id in why else []),
        *(f"- This check fails: {Check.line(failing)}" for failing in row.failing),
        *from_other_seeds(other_seeds().get(experiment.id, {})),
        *under_way(RESULTS / experiment.id),
        *(f"- This claim of the paper is not checked: {claim}" for claim in result.get("unchecked", ())),
    ]
    return "\n".join([*lines, "", f"![The figure of {experiment.id}]({experiment.id}/figure.png)", ""])


def from_other_seeds(runs: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield lines that say whether the same checks hold from other seeds, and which do not."""
    if runs:
        same = sum(not run["differ"] for run in runs.values())
        yield f"- Run again from other seeds: in {same} of {len(runs)} cases the same checks hold"
    for first, run in runs.items():
        for row in run["differ"]:
            yield f"- From the seed {first} on, this check {'holds' if row['ok'] else 'fails'}: {Check.line(row)}"


def under_way(folder: Path) -> Iterator[str]:
    """Yield a line that says which runs of a longer result, or from another seed, are finished or begun (tools/long_runs)."""
    runs = folder / "unfinished" / "runs"
    epochs = {path.stem: count for path in runs.glob("*.json") for count in _lengths(path)}
    epochs |= {path.stem: epochs_of(path.read_bytes()) for path in runs.glob("*.packed")}
    if epochs:
        listed = ", ".join(f"{name} ({count} epochs)" for name, count in sorted(epochs.items()))
        yield f"- Further runs are under way: {listed}"


def speed_table(folder: Path = RESULTS / "cpu") -> str:
    """Return the table of the reference workload: recircuit beside its fastest peer, in presentations per second."""
    cases = json.loads((folder / "reference.json").read_text(encoding="utf-8"))["cases"]
    return table(
        ["batch size and pathways", "recircuit (presentations/s)", "fastest peer (presentations/s)", "ratio",
         "share of the machine's limit (%)"],
        [_speed(case) for case in cases],
    )  # fmt: skip


def _speed(case: dict[str, Any]) -> list[Any]:
    by_name = {row["name"]: row for row in case["rows"]}
    ours, peer = by_name["recircuit"], by_name[case["best_peer"]]
    return [
        f"{case['batch_size']}, {TITLES[case['mode']]}", round(ours["presentations_per_second"]),
        f"{peer['label']} {peer['presentations_per_second']:,.0f}", f"{case['ours_to_best_peer']:.2f}",
        round(100 * ours["share_of_ceiling"]),
    ]  # fmt: skip


def papers_table(folder: Path = RESULTS / "cpu") -> str:
    """Return the table of circuits of papers beside other simulators."""
    facts = json.loads((folder / "papers.json").read_text(encoding="utf-8"))
    return ratios(facts, {case.name: case for case in CASES})


def soak_table(path: Path = RESULTS / "soak.json") -> str:
    """Return the table of what each part of the soak (tools/soak) has tried and found in its last recorded run."""
    parts = json.loads(path.read_text(encoding="utf-8"))
    kinds = list(dict.fromkeys(kind for run in parts.values() for kind in run["found"]))
    return table(
        ["part", "tried", *kinds, "minutes"],
        [
            [
                name,
                run["tried"],
                *(run["found"][kind] for kind in kinds),
                round(run["seconds"] / 60, 1) or "under 0.1",
            ]
            for name, run in parts.items()
        ],
    )


def filled(text: str, name: str, content: str) -> str:
    """Return the text with what stands between the two comments of this name replaced."""
    pattern = rf"(<!-- {name}:[^>]*-->\n).*?(<!-- end of {name} -->)"
    return re.sub(pattern, lambda found: f"{found[1]}\n{content}\n{found[2]}", text, count=1, flags=re.S)


def pages() -> dict[Path, str]:
    """Return the path of each file that is made from results, with its text."""
    rows = list(reproduced())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = filled(filled(readme, "reproduced", short_table(rows)), "speed", speed_table())
    reliability = ROOT / "docs" / "reliability.md"
    found = filled(reliability.read_text(encoding="utf-8"), "soak", soak_table())
    benchmarks = ROOT / "docs" / "benchmarks.md"
    measured = filled(benchmarks.read_text(encoding="utf-8"), "papers", papers_table())
    tallies = json.dumps({row.experiment.id: tally(row.result) for row in rows}, indent=1) + "\n"
    return {RESULTS / "README.md": long_text(rows), ROOT / "README.md": readme, reliability: found, benchmarks: measured,
            LAST: tallies}  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Write the files."""
    for path, text in pages().items():
        write_whole(path, text.encode())
        print(f"written: {path.relative_to(ROOT)}")
    return 0
