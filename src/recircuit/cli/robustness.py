"""`recircuit robustness`."""

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
from recircuit.models.sweeps.robustness_tables import as_csv, as_figure, as_json, as_markdown
from recircuit.models.sweeps.rule_robustness import Impaired, impaired_error, impairments

__all__ = ["robustness"]

OUT = "The folder that receives robustness.md, .csv, .json and .png. [default: runs/robustness-DATA]"


def robustness(
    data: DataArgument,
    rules: RulesOption = "bp,urfb,frfb,kolen_pollack",
    layers: LayersOption = None,
    epochs: EpochsOption = 10,
    batch_size: BatchSizeOption = 20,
    seeds: SeedsOption = "0",
    data_dir: FolderOption = None,
    backend: BackendOption = "numpy",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help=OUT)] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what the folder holds.")] = False,
) -> None:
    """Train rules and circuits in circuits that are noisy, slow or coarse, and compare their errors.

    Each is trained as it is; then with phases of irregular length, with noise in its units, with weights that are
    rounded to steps, and with signals that arrive later: each of these alone, and at two strengths.
    """
    task = task_of(data, data_dir, layers, epochs, batch_size, backend)

    def runs(rule: str, build: Build, seed: int) -> Iterator[tuple[Impaired, str]]:
        for axis, value, by in impairments():
            one = Impaired(rule, seed, axis, value, impaired_error(build, by, task, seed))
            yield one, f"{rule}, seed {seed}, {axis} {value:g}: test error {one.test_error:.1%}"

    write_each(
        out or Path("runs") / f"robustness-{Path(data).stem}", "robustness", runs,
        lambda found: Tables(as_markdown(found, task), as_csv(found), as_json(found, task), as_figure(found, task)),
        builds=builders_of(rules, task), seeds=seeds, overwrite=overwrite,
    )  # fmt: skip
