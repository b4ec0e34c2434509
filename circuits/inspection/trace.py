"""Traces: the values of chosen variables in a run, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ...arguments import checked_arguments
from ...errors import RecircuitError
from ...other_libraries import NamesFromElsewhere
from ...tables import html_table
from ..backends.program import Interrupted, Program
from ..lowering.timetable import Timetable
from .recording import BEFORE, Recording

if TYPE_CHECKING:
    import pandas
    import xarray
    from matplotlib.figure import Figure


class Trace(NamesFromElsewhere):
    """The recorded values of a run; `Circuit.run` returns one.

    ``trace["h.rate"]`` is an array (steps, units) for one batch element, or (steps, elements, units) for several.
    ``trace["x_to_h.w"]`` has the shape (steps, ...), followed by the shape of the weights. Each batch element has its own
    traces of synapses: they have this shape for one element, or (steps, elements, ...) for several. ``trace.plot()`` draws
    everything.

    Parameters
    ----------
    recording : Recording
        The names that were asked for, with their values.
    rows : array of int
        The row of the data that each batch element presented, of shape (presentations, batch).

    Attributes
    ----------
    names : list of str
        The recorded names.
    shown : dict of str to str
        For each stimulus, whether it presented the data of this run, those of an earlier one, or none.
    t : array of float
        The time at the end of each recorded step, in milliseconds. It continues from one run to the next.

    Notes
    -----
    The values of a step are those at its end, when everything in the step has been computed.

    Examples
    --------
    >>> import numpy as np
    >>> import recircuit as rc
    >>> from brian2 import ms
    >>> net = rc.Circuit()
    >>> x = net.stimulus("x", 2)
    >>> schedule = net.phases("feedforward", 3*ms)
    >>> trace = net.run(np.ones((4, 2)), record=["x.rate"])
    >>> trace["x.rate"].shape
    (12, 2)
    """

    def __init__(self, recording: Recording, rows: np.ndarray) -> None:
        network = recording.network
        self.names = [one.name for one in recording.wanted]
        self.rows = rows
        self.schedule = recording.schedule
        self.dt = network.dt
        self.recording = recording
        self.shown = dict(recording.shown)
        self._values = recording.values()

    def __getitem__(self, name: str) -> np.ndarray:
        if not isinstance(name, str) or name not in self._values:
            raise RecircuitError(f"trace: {name!r} was not recorded; there are {self.names}.")
        return self._values[name]

    def elements(self, name: str) -> list[int] | None:
        """Return the batch elements along the axis of elements of a recorded variable, or None if there is no such axis.

        Parameters
        ----------
        name : str
            The recorded variable, such as ``"h.rate"``.
        """
        if not isinstance(name, str):
            raise RecircuitError(
                f"trace: the name of a variable is a text such as 'h.rate'; got a {type(name).__name__}."
            )
        elements, variable = self.recording.elements, name.partition("[")[0].strip()
        return None if isinstance(elements, int) or not self.recording.of_elements(variable) else elements

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def classes(self) -> np.ndarray | None:
        """The class of the sample that each batch element presented, -1 for none, of shape (presentations, batch).

        It is None if the circuit was given no labels, or labels of other samples.
        """
        labels = self.recording.labels
        return None if labels is None else np.where(self.rows < 0, -1, labels[self.rows])

    @property
    def element(self) -> int | None:
        """The batch element that was recorded; None if there are several."""
        return self.recording.elements if isinstance(self.recording.elements, int) else None

    @property
    def steps(self) -> int:
        """The number of recorded steps."""
        return len(self.recording.kept)

    @property
    def t(self) -> np.ndarray:
        """The time at the end of each recorded step since the circuit began, in milliseconds."""
        return np.array(self.recording.kept) * float(self.dt) * 1e3

    @property
    def begin(self) -> float:
        """The time at which the run began, in milliseconds."""
        return self.recording.begin * float(self.dt) * 1e3

    @property
    def each(self) -> int:
        """The number of steps in a presentation."""
        return (self.recording.start - self.recording.begin) // max(len(self.rows), 1)

    @checked_arguments
    def plot(self, names: Sequence[str] | None = None, **options: Any) -> Figure:
        """Draw one panel per variable and one line per unit, with the phases shaded and the class of each stimulus below.

        Parameters
        ----------
        names : sequence of str, optional
            The variables that are drawn, in this order; the default is all.
        options
            ``units`` (the units that have a colour and a label, or their number), ``labels`` (for each variable, the
            names of its units), ``ax`` (axes of matplotlib, one for each variable), and ``width`` and ``height`` of the
            figure and of a panel, in inches.

        Raises
        ------
        RecircuitError
            If a variable was not recorded, or nothing was recorded.
        """
        from .plots import plot_trace

        return plot_trace(self, names, **options)

    @checked_arguments
    def to_xarray(self) -> xarray.Dataset:
        """Return an `xarray.Dataset` with the dimensions time (in ms), element and unit, and units as attributes.

        If variables of several populations were recorded, the units of each have a dimension of their own, such as
        ``h_unit``. Weights have the dimensions ``x_to_h_post`` and ``x_to_h_pre``.

        Raises
        ------
        RecircuitError
            If xarray is not installed.
        """
        from .tables import to_xarray

        return to_xarray(self)

    @checked_arguments
    def to_dataframe(self) -> pandas.DataFrame:
        """Return a `pandas.DataFrame` with a row for each step, and a column for each variable, batch element and unit.

        Raises
        ------
        RecircuitError
            If pandas is not installed.
        """
        from .tables import to_dataframe

        return to_dataframe(self)

    def __repr__(self) -> str:
        what = "presentations" if self.schedule is not None else "steps of a stream"
        again = "".join(f"; {name} went on with {data}" for name, data in self.shown.items() if data == BEFORE)
        steps = f"{self.steps} step{'s' * (self.steps != 1)}"
        return f"<Trace of {', '.join(self.names) or 'nothing'}: {len(self.rows)} {what}, {steps}{again}>"

    def _repr_html_(self) -> str:
        rows = [
            (n, str(v.shape), *(f"{f(v):.4g}" for f in (np.min, np.mean, np.max)))
            for n, v in self._values.items()
            if v.size
        ]
        return f"<p>{escape(repr(self).strip('<>'))}</p>" + html_table(
            ("variable", "shape", "least", "mean", "largest"), rows
        )


def recorded(program: Program, table: Timetable, rows: np.ndarray, recording: Recording) -> Trace:
    """Run the circuit, and record the wanted values.

    Raises
    ------
    Interrupted
        After Ctrl-C, with the values that were recorded until then.
    RecircuitError
        If a variable became NaN or infinite.
    """
    done = 0
    recording.begin = recording.start = int(program.get("clock.timestep"))
    for piece in recording.pieces(rows, table.length):
        try:
            result = program.run(table, piece, trace=recording.keys, elements=recording.batch_elements)
        except Interrupted as stopped:
            result = stopped.result
            recording.take(result.traces)
            result.presentations += done
            raise Interrupted(result, Trace(recording, rows[: result.presentations])) from None
        done += result.presentations
        result.presentations = done
        result.raise_if_diverged()
        recording.take(result.traces)
    return Trace(recording, rows[:done])
