"""The experiments that there are, found in the folders of the papers.

A file of a paper's folder that defines ``EXPERIMENT`` is an experiment. Nothing else has to name it: `recircuit reproduce`
and its messages take their lists from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ...errors import UsageError
from ...registry import closest
from .framework.experiment import Experiment

__all__ = ["all_experiments", "find"]


@cache
def all_experiments() -> dict[str, Experiment]:
    """Return all experiments by id, those of a paper beside one another."""
    return {experiment.id: experiment for experiment in _found()}


def find(name: str) -> Experiment:
    """Return the experiment with this id.

    Raises
    ------
    UsageError
        There is none; the closest one is named, and all are listed.
    """
    known = all_experiments()
    if name not in known:
        raise UsageError(f"There is no experiment {name!r}. There are {', '.join(known)}.{closest(name, known)}")
    return known[name]


def _found() -> Iterator[Experiment]:
    """Yield the experiment of every module in the folders beside this one, if it has one."""
    here = import_module(__package__ or "")
    for folder in iter_modules(here.__path__, f"{here.__name__}."):
        if folder.ispkg:
            package = import_module(folder.name)
            for module in iter_modules(package.__path__, f"{package.__name__}."):
                if isinstance(found := getattr(import_module(module.name), "EXPERIMENT", None), Experiment):
                    yield found
