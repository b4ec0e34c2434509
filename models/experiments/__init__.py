"""The papers' experiments: one file each, all of them timed dynamics of circuits."""

from __future__ import annotations

from difflib import get_close_matches

from ...errors import UsageError
from . import amit_circuit, amit_epsilon, amit_linear, amit_theory
from .experiment import Check, Experiment, Report, Settings
from .runner import reproduce, settings_for

__all__ = ["EXPERIMENTS", "Check", "Experiment", "Report", "Settings", "find", "reproduce", "settings_for"]

EXPERIMENTS: dict[str, Experiment] = {
    module.EXPERIMENT.id: module.EXPERIMENT for module in (amit_circuit, amit_linear, amit_epsilon, amit_theory)
}


def find(name: str) -> Experiment:
    """The experiment with this id.

    Raises UsageError: there is none; the closest one is named, and all are listed.
    """
    if name not in EXPERIMENTS:
        match = get_close_matches(name, EXPERIMENTS, n=1, cutoff=0.5)
        hint = f" Did you mean {match[0]!r}?" if match else ""
        raise UsageError(f"There is no experiment {name!r}. There are {', '.join(EXPERIMENTS)}.{hint}")
    return EXPERIMENTS[name]
