"""Run experiments from other seeds: ``python -m tools.other_seeds ID ...`` adds what comes out to ``results/other_seeds.json``.

Each experiment runs whole, as it did for its result, but from the seeds 1000, 1001, ... and then from 2000, 2001, ... . An
experiment without seeds draws other random numbers. No limit of a check was chosen with these seeds. The file says how many
checks hold, and which ones come out otherwise than in the result; `python -m benchmarks results` puts it into
``results/README.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recircuit.models.experiments import EXPERIMENTS, Experiment, settings_for
from recircuit.models.runs.result_file import as_json, read_result, write_result

RESULTS = Path(__file__).resolve().parents[1] / "results"
FILE = RESULTS / "other_seeds.json"


def outcome(experiment: Experiment, result: Mapping[str, Any], first_seed: int) -> dict[str, Any]:
    """Return how many checks hold from these seeds, and those that come out otherwise than in the committed result."""
    settings = settings_for(
        experiment, backend=result["backend"], seeds=len(result["seeds"]) or None, first_seed=first_seed
    )
    rows = [check.row() for check in experiment.run(settings).checks]
    differ = [row for row, known in zip(rows, result["checks"], strict=True) if row["ok"] is not known["ok"]]
    return {"holds": sum(row["ok"] for row in rows), "of": len(rows), "differ": differ}


def main() -> None:
    """Run what the file does not have yet."""
    parser = argparse.ArgumentParser(prog="python -m tools.other_seeds", description=__doc__)
    parser.add_argument("ids", nargs="+", choices=list(EXPERIMENTS), metavar="ID", help="The experiments that are run.")
    parser.add_argument("--times", type=int, default=2, help="The number of runs of each, from other seeds.")
    chosen = parser.parse_args()
    for time in range(1, chosen.times + 1):
        for name in chosen.ids:
            found = read_result(FILE) or {}
            first = str(1000 * time)
            if first in found.get(name, {}):
                continue
            result = read_result(RESULTS / name / "result.json")
            if result is None:
                parser.error(f"{name} has no result in results/ with which the other seeds could be compared.")
            made = outcome(EXPERIMENTS.find(name), result, int(first))
            found.setdefault(name, {})[first] = made
            write_result(FILE, as_json(dict(sorted(found.items()))), indent=1)
            print(
                f"{name}, seeds from {first}: {made['holds']} of {made['of']} hold, {len(made['differ'])} differ",
                flush=True,
            )


if __name__ == "__main__":
    main()
