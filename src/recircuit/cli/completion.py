"""The values of options and arguments that the shell completes: names of rules, data sets, runs and others.

Where none begins as what has been typed, the shell completes names of files by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

__all__ = [
    "backends", "data_sets", "experiments", "losses", "measures", "models", "rules", "runs", "several", "transfers",
    "what_is_swept",
]  # fmt: skip

#: A function of what has been typed, which returns what it may become.
Completion = Callable[[str], list[str]]


def several(complete: Completion) -> Completion:
    """Return a completion of the last of several values with commas between."""

    def completed(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{value}" for value in complete(last)]

    return completed


def _that_begin(values: Iterable[str], incomplete: str) -> list[str]:
    return [value for value in values if value.startswith(incomplete)]


def rules(incomplete: str) -> list[str]:
    """Complete the name of a rule."""
    from recircuit.plasticity import RULES

    return _that_begin(RULES, incomplete)


def data_sets(incomplete: str) -> list[str]:
    """Complete the name of a data set."""
    from recircuit.models.data import DATA

    return _that_begin(DATA, incomplete)


def experiments(incomplete: str) -> list[str]:
    """Complete the id of an experiment."""
    from recircuit.models.experiments import EXPERIMENTS

    return _that_begin(EXPERIMENTS, incomplete)


def what_is_swept(incomplete: str) -> list[str]:
    """Complete the name of a data set, or the ids of experiments with commas between."""
    return ([] if "," in incomplete else data_sets(incomplete)) + several(experiments)(incomplete)


def losses(incomplete: str) -> list[str]:
    """Complete the name of a loss."""
    from recircuit.circuits.library.outputs import OUTPUTS

    return _that_begin(OUTPUTS, incomplete)


def transfers(incomplete: str) -> list[str]:
    """Complete the name of a transfer function."""
    from recircuit.circuits.library.transfer import TRANSFERS

    return _that_begin(TRANSFERS, incomplete)


def models(incomplete: str) -> list[str]:
    """Complete the name of a network for images."""
    from recircuit.models.networks.architectures import ARCHITECTURES

    return _that_begin(ARCHITECTURES, incomplete)


def measures(incomplete: str) -> list[str]:
    """Complete the name of a measure."""
    from recircuit.models.analysis.measures import MEASURES

    return _that_begin(MEASURES, incomplete)


def backends(incomplete: str) -> list[str]:
    """Complete the name of a backend."""
    from recircuit.circuits.backends import BACKENDS

    return _that_begin(["auto", *BACKENDS], incomplete)


def runs(incomplete: str) -> list[str]:
    """Complete the name of a run in the folder ``runs``."""
    from recircuit.models.runs.folder import CONFIG

    found = Path("runs").rglob(CONFIG)
    return _that_begin(sorted(str(config.parent.relative_to("runs")) for config in found), incomplete)
