"""The classes of the stimuli, written below a panel of a figure."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from .phase_names import NAMED

__all__ = ["name_classes"]


def name_classes(panel: Axes, classes: Sequence[int], begin: float, each: float) -> None:
    """Write the class of each stimulus below the ticks of a panel, unless there are many presentations.

    Parameters
    ----------
    panel : Axes
        The lowest panel of a trace.
    classes : sequence of int
        The class of each presentation, -1 for none.
    begin, each : float
        The beginning of the first presentation, and the duration of each, in milliseconds.
    """
    if not 0 < len(classes) <= NAMED:
        return
    below = panel.secondary_xaxis(0)
    below.set_xticks(
        [begin + (k + 0.5) * each for k in range(len(classes))],
        labels=[f"class {one}" if one >= 0 else "" for one in classes],
        fontsize=8,
        color="#555555",
    )
    below.tick_params(length=0, pad=16)
    below.spines["bottom"].set_visible(False)
    panel.xaxis.labelpad = 16
