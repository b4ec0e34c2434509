"""What the commands that train rules side by side have in common: their circuits, and the files they write."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import typer
from matplotlib.figure import Figure

from recircuit.atomic_files import write_together
from recircuit.errors import UsageError
from recircuit.folder_lock import locked
from recircuit.models.data import load
from recircuit.models.runs.config import RunConfig
from recircuit.models.sweeps.circuit_specs import Build, Task, builder_of
from recircuit.models.sweeps.jobs import seeds_of, values_of

__all__ = ["Tables", "builders_of", "task_of", "write_each"]


@dataclass(frozen=True)
class Tables:
    """What is written after each rule, about all runs that are finished."""

    markdown: str
    csv: str
    json: str
    figure: Figure


def task_of(
    data: str, data_dir: str | None, layers: str | None, epochs: int, batch_size: int, backend: str, error: float = 0.1
) -> Task:
    """Return what all rules are given, from the options of the command line."""
    samples = load(data, data_dir)
    config = RunConfig.of(data=data, data_dir=data_dir, layers=layers or f"{samples.n_features}-100-{samples.classes}")
    return Task(samples, tuple(config.filled(samples).sizes), epochs, batch_size, error, backend)


def builders_of(rules: str, task: Task) -> dict[str, Build]:
    """Return what makes the circuit of each rule. What cannot be built is refused before anything is trained."""
    builds = {rule: builder_of(rule, task) for rule in values_of(rules) if rule}
    if not builds:
        raise UsageError("--rules: expected a rule or several, with commas between them; got none.")
    for build in builds.values():
        build(0)
    return builds


def write_each[T](
    folder: Path,
    name: str,
    runs_of: Callable[[str, Build, int], Iterable[tuple[T, str]]],
    tables_of: Callable[[list[T]], Tables],
    *,
    builds: dict[str, Build],
    seeds: str,
    overwrite: bool,
) -> None:
    """Train rule after rule, and write NAME.md, .csv, .json and .png after each: they are kept if the command is stopped.

    Parameters
    ----------
    folder : Path
        The folder of these files.
    name : str
        The name of the files, without the extension.
    runs_of : function
        A function that yields the runs of a rule with a seed, each with a line about it.
    tables_of : function
        A function that returns the tables of all runs so far.
    builds : dict
        For each rule, the function that makes its circuit.
    seeds : str
        The seeds, as on the command line.
    overwrite : bool
        Whether files of an earlier command are replaced.

    Raises
    ------
    UsageError
        If there are such files and they are not to be replaced, or if the seeds cannot be read.
    """
    found: list[T] = []
    numbers, markdown = seeds_of(seeds), ""
    with locked(folder) as lock:
        if (folder / f"{name}.json").exists() and not overwrite:
            raise UsageError(
                f"--out {folder}: there is a {name}.json already. Add --overwrite to replace it, or choose another folder."
            )
        lock.make()
        for rule, build in builds.items():
            for seed in numbers:
                for one, line in runs_of(rule, build, seed):
                    found.append(one)
                    typer.echo(line, err=True)
            tables = tables_of(found)
            _write(folder, name, tables)
            markdown = tables.markdown
    typer.echo(markdown)
    typer.echo(f"See {folder / f'{name}.png'}, and {name}.md, .csv and .json beside it.")


def _write(folder: Path, name: str, tables: Tables) -> None:
    picture = io.BytesIO()
    tables.figure.savefig(picture, format="png", dpi=120)
    texts = {"md": tables.markdown.encode(), "csv": tables.csv.encode(), "png": picture.getvalue()}
    texts["json"] = tables.json.encode()
    write_together(folder, {f"{name}.{kind}": text for kind, text in texts.items()}, last=f"{name}.json")
