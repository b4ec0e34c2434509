"""The options that several commands have, with their help."""

from __future__ import annotations

from typing import Annotated

import typer

from recircuit.circuits.backends import BACKENDS
from recircuit.cli import completion
from recircuit.models.data import DATA as DATA_SETS

__all__ = [
    "BackendOption",
    "BatchSizeOption",
    "DataArgument",
    "EpochsOption",
    "FolderOption",
    "LayersOption",
    "OptionalBackendOption",
    "RulesOption",
    "SeedsOption",
]

DATA = f"The data set: {DATA_SETS.listed()}, or the path of an .npz file, as in `recircuit train`."
RULES = (
    "The rules, separated by commas: names, as in `recircuit rules`; rules in files (./mine.py:my_rule); or functions in "
    "files that make a circuit from (sizes, batch_size=, seed=), for instance examples/generec.py:network, or "
    "'examples/generec.py:network(feedback=\"random\")'."
)
LAYERS = "The number of units of each layer. [default: FEATURES-100-CLASSES]"
BACKEND = f"The backend: auto, {BACKENDS.listed()}."

DataArgument = Annotated[str, typer.Argument(metavar="DATA", autocompletion=completion.data_sets, help=DATA)]
RulesOption = Annotated[
    str, typer.Option(metavar="RULE,RULE", autocompletion=completion.several(completion.rules), help=RULES)
]
LayersOption = Annotated[str | None, typer.Option(metavar="N-N-N", help=LAYERS)]
EpochsOption = Annotated[int, typer.Option(min=1, help="The number of passes through the training samples.")]
BatchSizeOption = Annotated[int, typer.Option(min=1, help="The number of samples that are shown at a time.")]
SeedsOption = Annotated[str, typer.Option(help="The seeds, for instance 0-4 or 0,2,5-7.")]
FolderOption = Annotated[
    str | None, typer.Option("--data", metavar="DIR", help="The folder that holds the files of the data.")
]
BackendOption = Annotated[str, typer.Option(autocompletion=completion.backends, help=BACKEND)]
OptionalBackendOption = Annotated[
    str | None,
    typer.Option(autocompletion=completion.backends, help=f"{BACKEND} [default: auto; numpy for experiments]"),
]
