"""Choose rates on training samples that are held out: ``python -m tools.choose_rates ID`` writes ``results/ID/choice.json``.

Each method of a table learns from 10,000 of the training samples, from a seed that no table uses, at each rate of one grid,
for the same number of epochs; another 2,000 training samples validate it. No test sample is looked at. The rates of the
experiments are those that these files have, which `tests/test_tools.py` holds.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import recircuit as rc
from recircuit.models.data import Dataset
from recircuit.models.experiments import Settings
from recircuit.models.experiments.framework.training_runs import or_guess
from recircuit.models.experiments.lillicrap2016 import mnist, relu
from recircuit.models.experiments.lillicrap2016.image_training import Plan
from recircuit.models.runs.result_file import read_result, write_result

ROOT = Path(__file__).resolve().parents[1]
LEARNED, VALIDATED, SEED = 10_000, 2_000, 100


@dataclass(frozen=True)
class Table:
    """The methods of a table that are compared, and the grid.

    Parameters
    ----------
    plans : mapping of str to Plan
        The methods.
    rates : sequence of float
        The grid.
    epochs : int
        How long each learns.
    common : bool
        Whether all methods have one rate, the best one on the mean of their errors; otherwise each has its own best.
    """

    plans: Mapping[str, Plan]
    rates: Sequence[float]
    epochs: int
    common: bool = False


CHOSEN = [name for name in mnist.PLANS if name.endswith(("3 hidden layers", "10 hidden layers", "distorted"))]
TABLES = {
    "lillicrap-mnist": Table({name: mnist.PLANS[name] for name in CHOSEN}, (0.003, 0.01, 0.03, 0.06), 8),
    "lillicrap-relu": Table(relu.PLANS, (0.003, 0.01, 0.03, 0.06), 10, common=True),
}


def best(errors: Mapping[str, Mapping[str, float]], common: bool) -> dict[str, float]:
    """Return the rate of each method, from its validation error at each rate; of equal ones the lowest."""
    grid = sorted(next(iter(errors.values())), key=float)
    mean = {rate: sum(of[rate] for of in errors.values()) for rate in grid}
    return {name: float(min(grid, key=(mean if common else of).__getitem__)) for name, of in errors.items()}


def held_out(data: Dataset) -> Dataset:
    """Return a data set whose test samples are training samples that it does not learn."""
    end = LEARNED + VALIDATED
    return replace(
        data, name=f"{data.name}, held out", x_train=data.x_train[:LEARNED], y_train=data.y_train[:LEARNED],
        x_test=data.x_train[LEARNED:end], y_test=data.y_train[LEARNED:end],
    )  # fmt: skip


def error(plan: Plan, data: Dataset) -> float:
    """Return the error after the last epoch, in percent; that of guessing if the run does not stay finite."""
    net = plan.circuit(data, SEED)
    rows, _ = or_guess(
        lambda: rc.train(net, data, plan.epochs, backend="cpp", progress=False), plan.epochs, data.classes
    )
    net.close()
    return round(100 * rows[-1]["test_error"], 4)


def choose(table: Table, data: Dataset, path: Path) -> None:
    """Run what the file does not have yet, and write it after each run."""
    known = read_result(path) or {}
    errors: dict[str, dict[str, float]] = known.get("validation_error", {})
    for name, plan in table.plans.items():
        for rate in table.rates:
            of = errors.setdefault(name, {})
            if f"{rate:g}" not in of:
                of[f"{rate:g}"] = error(plan.with_(epochs=table.epochs, rate=rate), data)
                print(f"{name}, rate {rate:g}: {of[f'{rate:g}']} % of the validation samples are wrong", flush=True)
                write_result(path, {"validation_error": errors}, indent=2)
    about = {"learned": LEARNED, "validated": VALIDATED, "seed": SEED, "epochs": table.epochs, "common": table.common}
    write_result(path, {**about, "validation_error": errors, "rates": best(errors, table.common)}, indent=2)


def main() -> None:
    """Choose for one experiment."""
    parser = argparse.ArgumentParser(prog="python -m tools.choose_rates", description=__doc__)
    parser.add_argument("id", choices=list(TABLES), help="The experiment.")
    parser.add_argument("--out", type=Path, help="The file that is written (default: results/ID/choice.json).")
    chosen = parser.parse_args()
    data = held_out(Settings().dataset("mnist").standardised())
    choose(TABLES[chosen.id], data, chosen.out or ROOT / "results" / chosen.id / "choice.json")


if __name__ == "__main__":
    main()
