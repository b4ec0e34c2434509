"""What a run shows: the data that it is given, and for the other stimuli those of the runs before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .description.network import Network
from .inputs import Inputs, as_inputs, as_mapping
from .streams import is_time, stream_of

GIVEN, BEFORE, NONE = "the data of this run", "the data of an earlier run", "no data: it keeps its rates"


@dataclass(frozen=True)
class RunInputs:
    """Of one run.

    Parameters
    ----------
    data : by stimulus
    order : the sample that each batch element shows, in each presentation or, of a stream, in each step
    shown : stimulus -> whether it shows the data of this run, those of an earlier one, or none
    """

    data: Inputs
    order: np.ndarray
    shown: dict[str, str]


@dataclass
class Remembered:
    """What was given to the runs before, by stimulus: as it was given where it may be a function of time."""

    inputs: Inputs | None = None
    stream: dict[str, Any] = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, Any]) -> Remembered:
        """The data are shared by the copy of a circuit; what either is given later is its own."""
        return Remembered(self.inputs, dict(self.stream))

    def next_run(self, network: Network, given: Any, presentations: Any, begin: float, order: Any = None) -> RunInputs:
        """What the next run shows; it is remembered. ``begin`` is its time, in seconds; ``order``: not the usual one."""
        if is_time(given):
            given, presentations = presentations, given
        if network.schedule is None:
            return self._of_stream(network, given, presentations, begin)
        new = as_inputs(network, given)
        before = self.inputs.rows if self.inputs is not None else {}
        data = Inputs({**before, **new.rows})
        usual = (new if new.rows else data).order
        rows = usual(presentations, network.batch_size) if order is None else np.asarray(order)
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
