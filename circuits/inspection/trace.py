"""Recordings: what chosen variables did, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import RecircuitError
from ..backends.program import Interrupted, Program
from ..lowering.timetable import Timetable
from .recording import Recording

if TYPE_CHECKING:
    import pandas
    import xarray
    from matplotlib.figure import Figure


class Trace:
    """What was recorded in a run.

    ``trace["h.rate"]`` is an array (steps, units) of one batch element, or (steps, elements, units) of several;
    ``trace["x_to_h.w"]`` has the shape of the weights after that of the steps. ``trace.t`` is the time in milliseconds at
    the end of each step, which goes on from one run to the next; ``trace.plot()`` draws everything. ``trace.shown`` says of
    each stimulus whether it showed the data of this run, those of an earlier one, or none.

    Parameters
    ----------
    recording : what was asked for, and has been gathered
    rows : the row of the data that each presentation showed in each batch element
    """

    def __init__(self, recording: Recording, rows: np.ndarray) -> None:
        network = recording.network
        self.names = [one.name for one in recording.wanted]
        self.rows = rows
        self.schedule = network.schedule
        self.dt = network.dt
        self.recording = recording
        self.shown = dict(recording.shown)
        self._values = recording.values()

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
        return len(self.recording.kept)

    @property
    def t(self) -> np.ndarray:
        """Time at the end of each recorded step, in milliseconds, since the circuit began."""
        return np.array(self.recording.kept) * float(self.dt) * 1e3

    @property
    def begin(self) -> float:
        """Time at which the run began, in milliseconds."""
        return self.recording.begin * float(self.dt) * 1e3

    @property
    def each(self) -> int:
        """How many steps a presentation took."""
        return (self.recording.start - self.recording.begin) // max(len(self.rows), 1)

    def plot(self, names: Sequence[str] | None = None, **options: Any) -> Figure:
        """One panel per variable, one line per unit, phases shaded (``circuits/inspection/plots.py`` has the options)."""
        from .plots import plot_trace

        return plot_trace(self, names, **options)

    def to_xarray(self) -> xarray.Dataset:
        """An `xarray.Dataset` with the dimensions time (in ms), element and unit, and units as attributes.

        Where variables of several populations were recorded, the units of each have a dimension of their own, as
        ``h_unit``. Weights have the dimensions ``x_to_h_post`` and ``x_to_h_pre``.

        Raises RecircuitError: xarray is not installed.
        """
        from .tables import to_xarray

        return to_xarray(self)

    def to_dataframe(self) -> pandas.DataFrame:
        """A `pandas.DataFrame` with a row for each step, and a column for each variable, batch element and unit.

        Raises RecircuitError: pandas is not installed.
        """
        from .tables import to_dataframe

        return to_dataframe(self)

    def __repr__(self) -> str:
        what = "presentations" if self.schedule is not None else "steps of a stream"
        told = "".join(f"; {name} went on with {data}" for name, data in self.shown.items() if "earlier" in data)
        return f"<Trace of {', '.join(self.names) or 'nothing'}: {len(self.rows)} {what}, {self.steps} steps{told}>"


def recorded(program: Program, table: Timetable, rows: np.ndarray, recording: Recording) -> Trace:
    """Run, piece by piece, and keep what is to be recorded.

    Raises Interrupted, with what was recorded until then; RecircuitError: something diverged.
    """
    done = 0
    recording.begin = recording.start = int(program.get("clock.timestep"))
    for piece in recording.pieces(rows, table.length):
        try:
            result = program.run(table, piece, trace=recording.keys, columns=recording.columns)
        except Interrupted as stopped:
            recording.take(stopped.result.traces)
            stopped.trace = Trace(recording, rows[: done + stopped.result.presentations])
            raise
        done += result.presentations
        result.raise_if_diverged()
        recording.take(result.traces)
    return Trace(recording, rows[:done])
