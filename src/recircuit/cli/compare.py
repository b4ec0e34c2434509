"""`recircuit compare`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from recircuit.cli.shared_options import (
    BackendOption,
    BatchSizeOption,
    DataArgument,
    EpochsOption,
    FolderOption,
    LayersOption,
    RulesOption,
    SeedsOption,
)
from recircuit.cli.side_by_side import Tables, builders_of, task_of, write_each
from recircuit.models.sweeps.circuit_specs import Build
from recircuit.models.sweeps.comparison_tables import as_csv, as_figure, as_json, as_markdown
from recircuit.models.sweeps.rule_comparison import Compared
from recircuit.models.sweeps.rule_comparison import compare as compare_one

__all__ = ["compare"]

ERROR = "The test error; the table says after how many samples it is reached."
OUT = "The folder that receives comparison.md, .csv, .json and .png. [default: runs/compare-DATA]"


def compare(
    data: DataArgument,
    rules: RulesOption = "bp,urfb,frfb,kolen_pollack",
    layers: LayersOption = None,
    epochs: EpochsOption = 10,
    batch_size: BatchSizeOption = 20,
    error: Annotated[float, typer.Option(min=0, max=1, help=ERROR)] = 0.1,
    seeds: SeedsOption = "0",
    data_dir: FolderOption = None,
    backend: BackendOption = "numpy",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help=OUT)] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the comparison that the folder holds.")
    ] = False,
) -> None:
    """Train rules and circuits on the same task, and compare their errors and their costs.

    Besides errors and costs, the angle between the update and the gradient is measured in each circuit, before and after
    training. All run in double precision, one after the other.
    """
    task = task_of(data, data_dir, layers, epochs, batch_size, backend, error)

    def runs(rule: str, build: Build, seed: int) -> Iterator[tuple[Compared, str]]:
        one = compare_one(rule, build, task, seed)
        yield one, _line(one)

    write_each(
        out or Path("runs") / f"compare-{Path(data).stem}", "comparison", runs,
        lambda found: Tables(as_markdown(found, task), as_csv(found), as_json(found, task), as_figure(found, task)),
        builds=builders_of(rules, task), seeds=seeds, overwrite=overwrite,
    )  # fmt: skip


def _line(one: Compared) -> str:
    """Return a finished run in words."""
    return (
        f"{one.rule}, seed {one.seed}: test error {one.test_error:.1%}, angle to the gradient {one.angle_first:.0f} and then "
        f"{one.angle_last:.0f} degrees"
    )
