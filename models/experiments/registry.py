"""The experiments that there are, found in the folders of the papers.

A file of a paper's folder that defines ``EXPERIMENT`` is an experiment. Nothing else has to name it: `recircuit reproduce`
and its messages take their lists from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules

from ...registry import Registry, an_instance_of
from .framework.experiment import Experiment

__all__ = ["EXPERIMENTS"]


class _InFolders(Mapping[str, Experiment]):
    """The experiments of the folders beside this file by id, those of a paper beside one another.

    Their modules are imported when they are first looked at.
    """

    @cached_property
    def _found(self) -> dict[str, Experiment]:
        return {experiment.id: experiment for experiment in _experiments()}

    def __getitem__(self, name: str) -> Experiment:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _experiments() -> Iterator[Experiment]:
    """Yield the experiment of every module in the folders beside this one, if it has one."""
    here = import_module(__package__ or "")
    for folder in iter_modules(here.__path__, f"{here.__name__}."):
        if folder.ispkg:
            package = import_module(folder.name)
            for module in iter_modules(package.__path__, f"{package.__name__}."):
                if isinstance(found := getattr(import_module(module.name), "EXPERIMENT", None), Experiment):
                    yield found


EXPERIMENTS: Registry[Experiment] = Registry(
    "experiment",
    _InFolders(),
    group="recircuit.experiments",
    check=an_instance_of(Experiment),
)
"""The experiments by id, as in ``recircuit reproduce ID``."""
