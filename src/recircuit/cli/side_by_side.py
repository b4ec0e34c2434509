"""What the commands that train rules side by side have in common: their options, their circuits, and the files they write."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure

from recircuit.atomic_files import write_together
from recircuit.errors import UsageError
from recircuit.models.data import DATA as DATA_SETS
from recircuit.models.data import load
from recircuit.models.runs.config import RunConfig
from recircuit.models.sweeps.circuit_specs import Build, Task, builder_of
from recircuit.models.sweeps.jobs import values_of

__all__ = ["DATA", "LAYERS", "RULES", "builders_of", "task_of", "write_tables"]

DATA = f"The data set: {DATA_SETS.listed()}, or the path of an .npz file, as in `recircuit train`."
RULES = (
    "The rules, separated by commas: names, as in `recircuit rules`; rules in files (./mine.py:my_rule); or functions in "
    "files that make a circuit from (sizes, batch_size=, seed=), for instance examples/generec.py:network, or "
    "'examples/generec.py:network(feedback=\"random\")'."
)
LAYERS = "The number of units of each layer. [default: FEATURES-100-CLASSES]"


def task_of(
    data: str, data_dir: str | None, layers: str | None, epochs: int, batch_size: int, backend: str, error: float = 0.1
) -> Task:
    """Return what all rules are given, from the options of the command line."""
    samples = load(data, data_dir)
    config = RunConfig.of(data=data, data_dir=data_dir, layers=layers or f"{samples.n_features}-100-{samples.classes}")
    sizes = tuple(int(n) for n in str(config.filled(samples).layers).split("-"))
    return Task(samples, sizes, epochs, batch_size, error, backend)


def builders_of(rules: str, task: Task) -> dict[str, Build]:
    """Return what makes the circuit of each rule. What cannot be built is refused before anything is trained."""
    builds = {rule: builder_of(rule, task) for rule in values_of(rules) if rule}
    if not builds:
        raise UsageError("--rules: expected a rule or several, with commas between them; got none.")
    for build in builds.values():
        build(0)
    return builds


def write_tables(folder: Path, name: str, *, markdown: str, csv: str, json: str, figure: Figure) -> None:
    """Write NAME.md, .csv, .json and .png together."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    texts = {"md": markdown.encode(), "csv": csv.encode(), "png": picture.getvalue(), "json": json.encode()}
    write_together(folder, {f"{name}.{kind}": text for kind, text in texts.items()}, last=f"{name}.json")
