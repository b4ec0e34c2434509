"""The papers' experiments: one file each, all of them timed dynamics of circuits."""

from __future__ import annotations

from .framework.experiment import Check, Experiment, Report, Settings
from .framework.runner import reproduce, settings_for
from .last_results import kept_result, last_results, tally
from .registry import EXPERIMENTS

__all__ = [
    "EXPERIMENTS",
    "Check",
    "Experiment",
    "Report",
    "Settings",
    "kept_result",
    "last_results",
    "reproduce",
    "settings_for",
    "tally",
]
