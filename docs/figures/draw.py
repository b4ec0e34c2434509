"""Draw the figures of docs/concepts.md and docs/inside.md: ``python docs/figures/draw.py``.

The figures are kept beside this file as SVG, so that the pages can be read without building the site.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

HERE = Path(__file__).parent
BLUE, ORANGE, GREEN, YELLOW, PURPLE = "#0072b2", "#d55e00", "#009e73", "#e69f00", "#8a5aa8"
INK, PALE, WHITE = "#333333", "#8a8a8a", "#ffffff"
matplotlib.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": "recircuit", "font.size": 11})


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a white figure whose units are inches, without axes."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return figure, axes


def box(ax: Axes, x: float, y: float, width: float, height: float, text: str = "", colour: str = PALE, **style) -> None:
    """Draw a rounded box with its lower left corner at (x, y)."""
    shape = FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=0.08", ec=colour,
                           fc=style.pop("fill", WHITE), lw=1.6)  # fmt: skip
    ax.add_patch(shape)
    ax.text(x + width / 2, y + height / 2, text, ha="center", va="center", color=INK, **style)


def arrow(ax: Axes, start: Sequence[float], end: Sequence[float], colour: str = INK, bend: float = 0) -> None:
    """Draw an arrow between two points."""
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=14, color=colour, lw=1.6,
                                 connectionstyle=f"arc3,rad={bend}", shrinkA=0, shrinkB=0))  # fmt: skip


def units(ax: Axes, x: float, y: float, count: int, colour: str, gap: float = 0.36) -> None:
    """Draw a row of units that begins at (x, y)."""
    for place in range(count):
        ax.add_patch(Circle((x + gap * place, y), 0.13, fc=WHITE, ec=colour, lw=1.6))


def batch() -> Figure:
    """Draw three batch elements, each with its own states, and the weights that they share."""
    figure, ax = canvas(7.2, 3.3)
    for element in range(3):
        left = 0.25 + 1.75 * element
        box(ax, left, 0.55, 1.5, 2.35, fill="#f6f6f6")
        ax.text(left + 0.75, 0.3, f"batch element {element}", ha="center", va="center", fontsize=10, color=INK)
        units(ax, left + 0.21, 0.95, 4, BLUE)
        units(ax, left + 0.39, 2.5, 3, ORANGE)
        arrow(ax, (left + 0.75, 1.2), (left + 0.75, 2.25), INK)
        ax.text(left + 0.85, 1.72, "W", color=GREEN, va="center", fontweight="bold")
    box(ax, 5.7, 1.25, 1.35, 0.95, "one W,\nfor all of them", GREEN)
    ax.text(6.37, 2.62, "updated by\nthe mean", ha="center", va="center", color=INK, fontsize=10)
    ax.text(6.37, 0.85, "rates: one for\neach element", ha="center", va="center", color=INK, fontsize=10)
    return figure


def phases() -> Figure:
    """Draw the phases of the circuit in the tour, with the pathways that are open in them."""
    figure, ax = canvas(7.2, 3.2)
    spans = (
        ("feedforward", 0, 2, BLUE),
        ("error", 2, 6, YELLOW),
        ("feedback", 6, 7, ORANGE),
        ("plasticity", 7, 8, GREEN),
    )
    left, width = 1.75, 0.66
    for step in range(9):
        ax.plot([left + width * step] * 2, [0.45, 2.95], color="#dddddd", lw=1, zorder=0)
        ax.text(left + width * step, 0.22, f"{step}", ha="center", va="center", fontsize=10, color=INK)
    ax.text(left - 0.55, 0.22, "time (ms)", ha="center", va="center", fontsize=10, color=INK)
    what = ("x → h → o", "o, t and s compare", "o → h, apical", "weights change")
    for row, ((name, start, end, colour), text) in enumerate(zip(spans, what)):
        height = 2.5 - 0.6 * row
        ax.add_patch(FancyBboxPatch((left + width * start, height), width * (end - start), 0.36, boxstyle="square,pad=0",
                                    fc=colour, ec=colour, alpha=0.85))  # fmt: skip
        ax.text(left - 0.12, height + 0.18, name, ha="right", va="center", color=INK)
        place, side = (
            ((start + end) / 2, "center") if end - start > 3 else (end, "left") if end < 6 else (start, "right")
        )
        gap = {"center": 0, "left": 0.1, "right": -0.1}[side]
        ax.text(left + width * place + gap, height + 0.18, text, ha=side, va="center", fontsize=10, color=INK)
    return figure


def step() -> Figure:
    """Draw what happens in a step, in which order, and which state it reads."""
    figure, ax = canvas(7.2, 4.6)
    rows = (
        ("clamp", "stimuli and targets show their row", PALE),
        ("express", "projections and broadcasts take their signals", BLUE),
        ("propagate", "signals times weights arrive in the compartments", BLUE),
        ("integrate", "states of units change", ORANGE),
        ("latch", "latches (after p) are assigned, in the last step of p", ORANGE),
        ("factor", "what rules read of units is taken", GREEN),
        ("learn", "weights, and what rules keep in synapses, change", GREEN),
    )
    for row, (name, text, colour) in enumerate(rows):
        height = 4.05 - 0.6 * row
        box(ax, 0.5, height, 1.3, 0.4, name, colour)
        ax.text(1.98, height + 0.2, text, va="center", color=INK)
        ax.text(0.27, height + 0.2, f"{row + 1}", ha="center", va="center", color=PALE)
        if row:
            arrow(ax, (1.15, height + 0.6), (1.15, height + 0.41))
    ax.plot([6.28, 6.28], [2.3, 3.85], color=BLUE, lw=3)
    ax.text(6.38, 3.08, "from the\nstate\nbefore", va="center", fontsize=10, color=INK)
    ax.plot([6.28, 6.28], [0.5, 2.0], color=GREEN, lw=3)
    ax.text(6.38, 1.25, "from the\nstate\nafter", va="center", fontsize=10, color=INK)
    return figure


def scopes() -> Figure:
    """Draw the four scopes, by what has a value of its own."""
    figure, ax = canvas(7.2, 3.5)
    for column, text in enumerate(
        ("each batch element has\na value of its own", "all batch elements\nshare one value")
    ):
        ax.text(2.75 + 2.9 * column, 3.17, text, ha="center", va="center", color=INK)
    rows = (("of a unit", ("state or latch", "h.rate"), ("flag (shared)", "h.threshold")),
            ("of a synapse", ("trace", 'traces=("el",)'), ("weight or state", 'w, state=("m",)')))  # fmt: skip
    for row, (name, own, shared) in enumerate(rows):
        height = 1.6 - 1.4 * row
        ax.text(0.65, height + 0.55, name, ha="center", va="center", color=INK)
        for column, ((title, example), colour) in enumerate(zip((own, shared), (ORANGE, GREEN))):
            left = 1.45 + 2.9 * column
            box(ax, left, height, 2.6, 1.1, "", colour)
            ax.text(left + 1.3, height + 0.72, title, ha="center", va="center", color=INK)
            ax.text(
                left + 1.3, height + 0.35, example, ha="center", va="center", color=INK, family="monospace", fontsize=10
            )
    return figure


def locality() -> Figure:
    """Draw what a synapse may read."""
    figure, ax = canvas(7.2, 3.5)
    box(ax, 0.3, 1.35, 1.5, 0.9, "pre unit\nx_pre, error_pre", BLUE, fontsize=10)
    box(ax, 5.2, 1.35, 1.7, 0.9, "post unit\nx_post, error_post", ORANGE, fontsize=10)
    box(ax, 2.75, 1.35, 1.6, 0.9, "synapse\nw, states, traces", GREEN, fontsize=10)
    arrow(ax, (1.8, 1.8), (2.75, 1.8))
    arrow(ax, (5.2, 1.8), (4.35, 1.8))
    box(ax, 2.6, 2.85, 1.9, 0.48, "broadcast", PURPLE, fontsize=10)
    arrow(ax, (3.55, 2.85), (3.55, 2.25), PURPLE)
    box(ax, 4.55, 0.25, 2.4, 0.62, "other synapses of the post\nunit, as a sum: incoming(w)", INK, fontsize=9)
    arrow(ax, (4.9, 0.87), (4.2, 1.35))
    box(ax, 0.3, 0.25, 2.75, 0.62, "synapses and units elsewhere,\nthe weight of the way back", PALE, fontsize=9)
    ax.plot([2.2, 2.75], [0.87, 1.25], color=PALE, lw=1.6, ls=":")
    ax.text(2.46, 1.06, "×", ha="center", va="center", color=ORANGE, fontsize=20, fontweight="bold")
    return figure


#: The folders of recircuit and the folders in them, from the highest to the lowest. Those of one row do not import each other.
HOUSE: tuple[tuple[str, str, tuple[tuple[str, ...], ...]], ...] = (
    ("src/recircuit/", PALE, (("cli", "sklearn"),)),
    ("models/", PURPLE, (("sweeps",), ("experiments: framework, theory, a folder per paper",), ("runs",), ("training",),
                         ("analysis",), ("data", "networks"))),
    ("circuits/", BLUE, (("circuit.py",), ("methods",), ("answers",), ("running",), ("inputs", "saving", "state"),
                         ("inspection",), ("backends: interpreter, numpy, compiled, cpp, cuda",),
                         ("library: neurons, outputs, parts",),
                         ("lowering: passes, equations, delays, brian, reference",),
                         ("description: neurons, populations, projections, schedules",), ("connectivity",))),
    ("plasticity/", YELLOW, (("rules",), ("modifiers",))),
)  # fmt: skip


def house() -> Figure:
    """Draw the folders of recircuit and those in them, as the storeys and rooms of a house. Imports go down."""
    left, width, room, title = 0.58, 3.74, 0.36, 0.34
    heights = [title + (room + 0.06) * len(rows) + 0.08 for _, _, rows in HOUSE]
    total = sum(heights) + 0.12 * len(HOUSE)
    figure, ax = canvas(left + width + 0.1, total + 0.05)
    top = total
    for (name, colour, rows), height in zip(HOUSE, heights):
        box(ax, left, top - height, width, height, colour=colour, fill="#f6f6f6")
        ax.text(left + 0.1, top - title / 2 - 0.02, name, va="center", color=INK, family="monospace", fontsize=11)
        for row, names in enumerate(rows):
            each = (width - 0.2 + 0.06) / len(names)
            for place, text in enumerate(names):
                y = top - title - (room + 0.06) * (row + 1) + 0.06
                box(ax, left + 0.1 + each * place, y, each - 0.06, room, colour=colour)
                kind, _, inside = text.partition(": ")
                at = left + 0.2 + each * place
                ax.text(at, y + room / 2 + (0.075 if inside else 0), kind, va="center", color=INK, fontsize=10)
                ax.text(at, y + room / 2 - 0.085, inside, va="center", color=INK, fontsize=8.5)
        top -= height + 0.12
    arrow(ax, (0.3, total - 0.4), (0.3, 0.1), INK)
    ax.text(0.3, total - 0.2, "imports", ha="center", va="center", fontsize=8.5, color=INK)
    return figure


FIGURES: tuple[Callable[[], Figure], ...] = (batch, phases, step, scopes, locality, house)


def main() -> None:
    """Write all figures."""
    for draw in FIGURES:
        draw().savefig(HERE / f"{draw.__name__}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
