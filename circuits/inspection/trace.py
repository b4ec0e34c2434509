"""Recordings: what chosen variables did, step by step."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import RecircuitError
from ..description.network import Network
from .expressions import keys_of, value_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def record_keys(network: Network, arrays: Collection[str], names: Iterable[str]) -> list[str]:
    """The stored variables that a recording of ``names`` needs."""
    keys: list[str] = []
    for name in [names] if isinstance(names, str) else names:
        if "." not in name:
            raise RecircuitError(f"record: expected the name of a variable, such as 'h.rate'; got {name!r}.")
        keys += keys_of(network, arrays, name)
    return list(dict.fromkeys(keys))


class Trace:
    """What was recorded in a run.

    ``trace["h.rate"]`` is an array (steps, units) of batch element 0; ``trace.t`` the times in milliseconds at the end of
    each step; ``trace.plot()`` draws everything.
    """

    def __init__(self, network: Network, names: Iterable[str], stored: dict[str, np.ndarray], rows: np.ndarray) -> None:
        self.names = [names] if isinstance(names, str) else list(names)
        self.rows = rows
        self.schedule = network.schedule
        self.dt = network.dt
        steps = max((len(v) for v in stored.values()), default=0)
        self._values = {name: value_of(network, name, stored, (steps, _size(network, name))) for name in self.names}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._values:
            raise RecircuitError(f"trace: {name!r} was not recorded; there are {self.names}.")
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def steps(self) -> int:
        """How many steps were recorded."""
        return max((len(v) for v in self._values.values()), default=0)

    @property
    def t(self) -> np.ndarray:
        """Time at the end of each step, in milliseconds."""
        return (np.arange(self.steps) + 1) * float(self.dt) * 1e3

    def plot(self, names: Sequence[str] | None = None, **options: Any) -> Figure:
        """One panel per variable, one line per unit, phases shaded (``circuits/inspection/plots.py`` has the options)."""
        from .plots import plot_trace

        return plot_trace(self, names, **options)

    def __repr__(self) -> str:
        return f"<Trace of {', '.join(self.names) or 'nothing'}: {len(self.rows)} presentations, {self.steps} steps>"


def _size(network: Network, name: str) -> int:
    population = network.populations.get(name.partition(".")[0])
    return population.size if population is not None else 1
