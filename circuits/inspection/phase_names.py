"""The names of phases above a panel, written so that they do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.text import Text

from .figures import figure_of

__all__ = ["SHADES", "name_phases", "shades_of"]

#: Pale shades, before which lines stay visible.
SHADES = ("#f2f0ea", "#e3ebf2", "#f4e7e4", "#e8efe3", "#ece6f1", "#f6efd9")
#: The most presentations in a trace with names above; with more presentations the names are in a legend.
NAMED = 12
#: The name, beginning and end of a phase.
Span = tuple[str, float, float]


def shades_of(spans: Sequence[Span]) -> dict[str, str]:
    """Return the shade of each phase by its name."""
    return {name: SHADES[k % len(SHADES)] for k, name in enumerate(dict.fromkeys(name for name, _, _ in spans))}


def name_phases(panel: Axes, spans: Sequence[Span], presentations: int) -> None:
    """Write the names of the phases above a panel.

    They stand above every presentation; if there is no room for this, they stand upright above the first presentation, and
    otherwise they are explained by a legend of the shades.

    Parameters
    ----------
    panel : Axes
        The panel, in which everything else is drawn.
    spans : sequence of (str, float, float)
        The name, beginning and end of each phase of each presentation.
    presentations : int
        The number of presentations.
    """
    if not spans:
        return
    first = spans[: len(spans) // presentations]
    if presentations <= NAMED:
        for chosen, turned in ((spans, False), (first, True)):
            texts = [_written(panel, span, turned) for span in chosen]
            if not _collide(panel, texts, turned):
                return
            for text in texts:
                text.remove()
    _legend(panel, spans)


def _written(panel: Axes, span: Span, turned: bool) -> Text:
    name, begin, end = span
    style: dict[str, Any] = dict(ha="left", rotation=40, rotation_mode="anchor") if turned else dict(ha="center")
    return panel.annotate(
        name, ((begin + end) / 2, 1.02), xycoords=("data", "axes fraction"), va="bottom", fontsize=8, color="#555555",
        annotation_clip=False, **style,
    )  # fmt: skip


def _collide(panel: Axes, texts: Sequence[Text], turned: bool) -> bool:
    """Say whether two of the texts touch. Turned texts are parallel, and must begin a line of text apart."""
    figure = figure_of(panel)
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in texts), key=lambda box: box.x0)
    if turned:
        apart = 2.0 * 8 * figure.dpi / 72
        return any(b.x0 - a.x0 < apart for a, b in zip(boxes, boxes[1:]))
    return any(b.x0 - a.x1 < 3 for a, b in zip(boxes, boxes[1:]))


def _legend(panel: Axes, spans: Sequence[Span]) -> None:
    """Explain the shades above the panel, beside the legend that it may have."""
    patches = [Patch(facecolor=shade, edgecolor="#bbbbbb", label=name) for name, shade in shades_of(spans).items()]
    kept = panel.get_legend()
    panel.legend(
        handles=patches, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, frameon=False, fontsize=8,
        labelcolor="#555555", handlelength=1.2, columnspacing=1.2, borderaxespad=0.2,
    )  # fmt: skip
    if kept is not None:
        panel.add_artist(kept)
