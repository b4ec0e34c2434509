"""Figures of training runs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ...circuits.inspection.figures import axes_given, figure_of

__all__ = ["curves", "image", "png"]

#: Name of a measure -> its value after each epoch.
Columns = Mapping[str, NDArray[np.float64]]

INK, TRAIN, TEST, VALIDATION = "#333333", "#9aa5b1", "#c2410c", "#0e7490"
#: Part of the samples, label and colour; the last one that there is has its value written beside it.
PARTS = (("train", "training, as shown", TRAIN), ("validation", "validation", VALIDATION), ("test", "test", TEST))
LAYERS = ("#1d4ed8", "#0e7490", "#4d7c0f", "#a16207", "#7e22ce", "#be185d")


def curves(
    columns: Columns, title: str = "", figure: Figure | None = None, ax: Any = None, kept: int | None = None
) -> Figure:
    """Draw the training and test error over epochs and, if there is feedback, its angle to the forward weights.

    Parameters
    ----------
    columns : mapping of str to array
        The columns of a `History`; empty if there is no epoch.
    title : str
        The title of the figure.
    figure : Figure, optional
        An empty figure; the default is one that pyplot does not know.
    ax : axes of matplotlib or pair of them, optional
        The axes for the errors, or for the errors and the angles, in place of a figure.
    kept : int, optional
        The epoch whose weights the circuit has, if it is not the last one; a ring marks it.

    Raises
    ------
    RecircuitError
        If ``ax`` are not as many axes.
    """
    layers = [name.removesuffix("_angle") for name in columns if name.endswith("_angle")]
    panels = 2 if layers and (ax is None or np.size(ax) > 1) else 1
    if ax is not None:
        axes = axes_given(ax, panels, "plot")
    else:
        figure = Figure() if figure is None else figure
        figure.set_size_inches(4.6 * panels, 3.4)
        figure.set_layout_engine("constrained")
        figure.suptitle(title, fontsize=10, color=INK)
        axes = list(figure.subplots(1, panels, squeeze=False)[0])
    if columns:
        _draw_errors(axes[0], columns, kept)
        if panels > 1:
            _draw_angles(axes[1], columns, layers)
    return figure_of(axes[0])


def png(figure: Figure) -> bytes:
    """Return a figure as the content of a .png file."""
    return image(figure, "png")


def image(figure: Figure, kind: str) -> bytes:
    """Return a figure as the content of a file of this kind: png, pdf or svg."""
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=150)
    return content.getvalue()


def _draw_errors(axes: Axes, columns: Columns, kept: int | None) -> None:
    """Draw the share of wrong answers in percent, or the mean squared error where real values are wanted."""
    real = any(f"{part}_mse" in columns for part, *_ in PARTS)
    measure, factor = ("mse", 1.0) if real else ("error", 100.0)
    epochs = columns["epoch"]
    found = [(factor * columns[f"{p}_{measure}"], *how) for p, *how in PARTS if f"{p}_{measure}" in columns]
    for values, label, colour in found:
        axes.plot(epochs, values, marker="o", markersize=3, color=colour, label=label)
    _finish(axes, "mean squared error" if real else "error (%)", epochs)
    if not found:
        axes.text(0.5, 0.5, "no error is measured", color=INK, ha="center", transform=axes.transAxes)
        return
    values, _, colour = found[-1]
    if kept is not None:
        axes.plot(
            kept, values[list(epochs).index(kept)], linestyle="none", marker="o", markersize=9, markerfacecolor="none",
            color=colour, label=f"weights kept (epoch {kept})",
        )  # fmt: skip
    last_value = f"{values[-1]:.3g}" if real else f"{values[-1]:.2f}%"
    axes.annotate(
        last_value, (epochs[-1], values[-1]), xytext=(6, 0), textcoords="offset points", va="center", color=colour
    )
    highest = max(float(np.max(v, initial=0.0, where=np.isfinite(v))) for v, *_ in found)
    axes.set_ylim(0, (1.08 * highest or 1.0) if real else max(1.0, 1.08 * highest))
    axes.margins(x=0.08)
    axes.legend(frameon=False)


def _draw_angles(axes: Axes, columns: Columns, layers: list[str]) -> None:
    epochs = columns["epoch"]
    for k, layer in enumerate(layers):
        axes.plot(
            epochs, columns[f"{layer}_angle"], marker="o", markersize=3, color=LAYERS[k % len(LAYERS)], label=layer
        )
    axes.axhline(90, color=TRAIN, linewidth=0.8, linestyle=":")
    axes.text(epochs[0], 91, "chance", color=TRAIN, fontsize=8)
    _finish(axes, "angle between R and Wᵀ (°)", epochs)
    axes.set_ylim(0, max(100.0, 1.05 * float(np.nanmax([columns[f"{n}_angle"] for n in layers], initial=0))))
    axes.legend(frameon=False, title="into layer" if len(layers) > 1 else None)


def _finish(axes: Axes, label: str, epochs: np.ndarray) -> None:
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(epochs) == 1:
        axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.6)
    axes.set_axisbelow(True)
