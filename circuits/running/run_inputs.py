"""The data of a run: those that it is given, and, for the other stimuli, those of earlier runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import RecircuitError
from ..description.network import Network
from ..inputs.rows import Inputs, as_inputs, as_mapping
from ..inspection.recording import BEFORE, CLOSED, GIVEN, NONE
from .streams import is_time, stream_of


@dataclass(frozen=True)
class RunInputs:
    """The data of one run.

    Parameters
    ----------
    data : Inputs
        The data of each stimulus.
    order : array of int
        The sample that each batch element presents, for each presentation, or for each step of a circuit without
        phases.
    shown : dict of str to str
        For each stimulus, whether it presents the data of this run, those of an earlier one, or none.
    """

    data: Inputs
    order: np.ndarray
    shown: dict[str, str]

    def shown_of(self, presented: Collection[str]) -> dict[str, str]:
        """Return `shown` for a run in which only some stimuli are ever open."""
        return {name: says if name in presented else CLOSED for name, says in self.shown.items()}

    def labels(self, network: Network, presented: Collection[str]) -> np.ndarray | None:
        """Return the class of each sample; None if it is not known.

        Parameters
        ----------
        network : Network
            The circuit.
        presented : collection of str
            The stimuli, supervisors and targets that are presented in this run. A supervisor that is not among them may
            have labels of an earlier run, which belong to other samples.
        """
        for name, rows in self.data.rows.items():
            shows_labels = network.populations[name].presents == "labels" and rows.count > 0
            if shows_labels and (name in presented or self._has_same_samples(name)):
                return rows.values[:, 0]
        return None

    def _has_same_samples(self, supervisor: str) -> bool:
        """Say whether the rows of a supervisor were given together with those of the stimuli of this run."""
        counts = {rows.count for rows in self.data.rows.values() if not rows.shared}
        return self.shown[supervisor] == GIVEN or (GIVEN not in self.shown.values() and len(counts) == 1)


def in_rows(order: Any, batch_size: int) -> np.ndarray:
    """Return an order that was given by hand as an array with a row for each presentation."""
    rows = np.asarray(order)
    if rows.ndim != 2:
        raise RecircuitError(
            f"run: the order is whole numbers of the shape (presentations, {batch_size}); got {order!r:.60}."
        )
    return rows


@dataclass
class Remembered:
    """The data that were given to earlier runs, for each stimulus. Functions of time are kept as functions."""

    inputs: Inputs | None = None
    stream: dict[str, Any] = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, Any]) -> Remembered:
        """Return a copy that shares the data. Data that one of the two is given later belong to it alone."""
        return Remembered(self.inputs, dict(self.stream))

    def next_run(
        self, network: Network, given: Any, presentations: Any, begin: float, order: Any = None, mode: str | None = None
    ) -> RunInputs:
        """Return the data of the next run, and remember them.

        ``begin`` is the time at which the run begins, in seconds; ``order`` replaces the usual order of samples;
        ``mode`` is the schedule that the run goes through.
        """
        if is_time(given):
            given, presentations = presentations, given
        if network.schedule is None:
            return self._of_stream(network, given, presentations, begin)
        new = as_inputs(network, given, mode=mode)
        before = self.inputs.rows if self.inputs is not None else {}
        data = Inputs({**before, **new.rows})
        data.check_lengths(network, mode)
        usual = (new if new.rows else data).order
        rows = usual(presentations, network.batch_size) if order is None else in_rows(order, network.batch_size)
        self.inputs = data
        return RunInputs(data, rows, _shown(network, new.rows, before))

    def _of_stream(self, network: Network, given: Any, duration: Any, begin: float) -> RunInputs:
        new = as_mapping(network, given)
        named: Mapping[str, Any] = (
            new if isinstance(new, Mapping) else {} if new is None else as_inputs(network, new).rows
        )
        before, both = self.stream, {**self.stream, **named}
        data, order = stream_of(network, both, duration, begin)
        self.stream = both
        return RunInputs(data, order, _shown(network, named, before))


def _shown(network: Network, new: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, str]:
    clamped = [p.name for p in network.populations.values() if p.clamp is not None]
    return {name: GIVEN if name in new else BEFORE if name in before else NONE for name in clamped}
