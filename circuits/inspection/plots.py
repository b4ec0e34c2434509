"""Figures of recordings, with a panel for each variable, a line for each unit, and shaded phases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from brian2.units import Quantity
from matplotlib import colormaps
from matplotlib.figure import Figure

from ...arguments import kept_arguments
from ...errors import RecircuitError
from ..description.schedules.schedule import Schedule
from .class_names import name_classes
from .figures import axes_given, figure_of, new_figure
from .phase_names import name_phases, shades_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Recorded(Protocol):
    """The members of a recording that are drawn; see `recircuit.Trace`."""

    rows: np.ndarray
    schedule: Schedule | None
    dt: Quantity

    def __getitem__(self, name: str) -> np.ndarray: ...

    def elements(self, name: str) -> list[int] | None: ...

    def __iter__(self) -> Iterator[str]: ...

    @property
    def element(self) -> int | None: ...

    @property
    def classes(self) -> np.ndarray | None: ...

    @property
    def steps(self) -> int: ...

    @property
    def t(self) -> np.ndarray: ...

    @property
    def begin(self) -> float: ...

    @property
    def each(self) -> int: ...


@kept_arguments
def plot_trace(
    trace: Recorded,
    names: Sequence[str] | None = None,
    *,
    units: Sequence[int] | int = 10,
    labels: dict[str, Sequence[str]] | None = None,
    width: float = 8.0,
    height: float = 1.5,
    ax: Any = None,
) -> Figure:
    """Draw a trace against time in milliseconds.

    Parameters
    ----------
    trace : Recorded
        The recording, which ``circuit.run(..., record=...)`` returns.
    names : sequence of str, optional
        The variables that are drawn, in this order; the default is all.
    units : int or sequence of int
        The units that have a colour and a label, or their number; the others are grey. If several batch elements were
        recorded, all units of an element have its colour, and this number of elements has a label.
    labels : dict of str to sequence of str, optional
        For each variable, the names of its units, which are numbers by default.
    width, height : float
        The width and height of the figure and of each panel, in inches.
    ax : axes of matplotlib or sequence of them, optional
        The axes to draw into, one for each variable. The default is a new figure.

    Raises
    ------
    RecircuitError
        If a variable was not recorded, or nothing was recorded.
    """
    chosen = list(trace) if names is None else [names] if isinstance(names, str) else list(names)
    if not chosen or not trace.steps:
        raise RecircuitError("plot: there is nothing to draw; name variables in circuit.run(..., record=[...]).")
    values = [trace[name].reshape(trace.steps, -1) for name in chosen]
    if ax is None:
        figure = new_figure(figsize=(width, 0.7 + height * len(chosen)), layout="constrained")
        panels = list(figure.subplots(len(chosen), 1, sharex=True, squeeze=False)[:, 0])
    else:
        panels = axes_given(ax, len(chosen), "plot")
    for panel, name, lines in zip(panels, chosen, values, strict=True):
        _shade(panel, trace)
        if (elements := trace.elements(name)) is None:
            _draw_lines(panel, trace, lines, units, (labels or {}).get(name))
        else:
            _draw_elements(panel, trace, lines, elements, units if isinstance(units, int) else len(units))
        panel.set_ylabel(name)
        panel.set_xlim(trace.begin, trace.t[-1])
    panels[-1].set_xlabel("time (ms)")
    if (classes := trace.classes) is not None and trace.element is not None:
        name_classes(panels[-1], classes[:, trace.element].tolist(), trace.begin, trace.each * float(trace.dt) * 1e3)
    name_phases(panels[0], _spans(trace), len(trace.rows))
    return figure_of(panels[0])


def _draw_elements(panel: Axes, trace: Recorded, lines: np.ndarray, elements: list[int], labelled: int) -> None:
    """Draw batch elements in the colours of a scale, in the order of the recording; some of them have a label."""
    each = lines.shape[1] // len(elements)
    named = set(np.linspace(0, len(elements) - 1, min(labelled, len(elements))).astype(int).tolist())
    edges, stairs = _stairs(trace, lines)
    for place, element in enumerate(elements):
        colour = colormaps["viridis"](place / max(len(elements) - 1, 1))
        drawn = panel.plot(
            edges, stairs[:, place * each : (place + 1) * each], color=colour, lw=0.9, drawstyle="steps-pre"
        )
        if place in named:
            drawn[0].set_label(f"element {element}")
    _finish_panel(panel, lines, labelled=True)


def _stairs(trace: Recorded, lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges and values of stairs: a value holds for the whole step that ends at its time, also for the first."""
    return np.concatenate([[trace.begin], trace.t]), np.concatenate([lines[:1], lines])


def _draw_lines(
    panel: Axes, trace: Recorded, lines: np.ndarray, units: Sequence[int] | int, labels: Sequence[str] | None
) -> None:
    count = lines.shape[1]
    chosen = list(range(min(units, count))) if isinstance(units, int) else [u for u in units if u < count]
    others = [u for u in range(count) if u not in chosen]
    edges, stairs = _stairs(trace, lines)
    style: dict[str, Any] = dict(drawstyle="steps-pre")
    if others:
        panel.plot(edges, stairs[:, others], color="#9a9a9a", lw=0.5, alpha=0.4, **style)
    colours = colormaps["tab10"].colors  # type: ignore[attr-defined]
    for place, unit in enumerate(chosen):
        label = labels[unit] if labels is not None and unit < len(labels) else str(unit)
        # Lines that cover one another stay visible, since each is thinner than the one below.
        panel.plot(edges, stairs[:, unit], color=colours[place % 10], lw=2.6 - 1.6 * place / 10, label=label, **style)
    _finish_panel(panel, lines, labelled=count > 1 or labels is not None)


def _finish_panel(panel: Axes, lines: np.ndarray, *, labelled: bool) -> None:
    low, high = float(np.nanmin(lines)), float(np.nanmax(lines))
    room = 0.08 * (high - low) or 0.5
    panel.set_ylim(low - room, high + room)
    panel.spines[["top", "right"]].set_visible(False)
    if labelled:
        panel.legend(
            loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=7, handlelength=1.2, labelspacing=0.15
        )


def _spans(trace: Recorded) -> list[tuple[str, float, float]]:
    """Return the name, the beginning and the end in milliseconds of each phase of each presentation of the run."""
    schedule, dt = trace.schedule, float(trace.dt) * 1e3
    presentations = len(trace.rows)
    if schedule is None or not presentations:
        return []
    each, begins = trace.each, trace.begin
    shown = list(range(schedule.steps))
    if each != schedule.steps:
        shown = sorted({s for name in schedule.evaluation for s in range(*schedule.windows[name])})
    spans = []
    for k in range(presentations):
        for name, window in schedule.windows.items():
            places = [place for place, step in enumerate(shown) if step in range(*window)]
            if places:
                first, last = (k * each + places[0]) * dt, (k * each + places[-1] + 1) * dt
                spans.append((name, begins + first, begins + last))
    return spans


def _shade(panel: Axes, trace: Recorded) -> None:
    spans = _spans(trace)
    shades = shades_of(spans)
    for name, begin, end in spans:
        panel.axvspan(begin, end, color=shades[name], lw=0, zorder=0)
    step = trace.each * float(trace.dt) * 1e3
    for k in range(1, len(trace.rows)):
        panel.axvline(trace.begin + k * step, color="white", lw=2, zorder=0.5)
