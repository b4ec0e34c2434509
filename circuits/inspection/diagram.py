"""A figure of a circuit: populations with their compartments, projections with marks of their rules, and the phases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from ...errors import RecircuitError
from ..description.network import Network
from ..description.projections.projection import Transposed
from .diagram_layout import BY, DOWN, GAP, UP, Box, Edge, lay_out
from .figures import axes_given, figure_of, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Colours that can be told apart without full colour vision (Okabe and Ito 2008).
COLOURS = {
    "feedforward": "#0072b2", "feedback": "#d55e00", "one to one": "#009e73", "lateral": "#7a6a4f",
    "broadcast": "#8a5aa8",
}  # fmt: skip
INK, PALE = "#333333", "#8a8a8a"
FILLS = {"values": "#eeeeee", "labels": "#fbf3d5", "targets": "#fbf3d5", "": "#ffffff"}
LANE, BAR = 0.32, 0.2
#: The width of the figure's empty margins left and right of everything.
BESIDE = 0.9


def draw_circuit(circuit: Network, *, phases: bool = True, labels: bool = True, ax: Any = None) -> Figure:
    """Draw a circuit, one layer above the other.

    Boxes are populations, with their compartments at the places where input arrives; grey boxes present data, and
    yellow boxes present the label or the target. An arrow is a projection. A plastic projection has a badge with the name
    of its rule; a broken line shows a rule that is not local (a control). A word at the beginning of an arrow is the
    variable that is sent, unless it is the rate.

    Parameters
    ----------
    circuit : Network
        The circuit, which need not have been built.
    phases : bool, default True
        Whether to draw the phases of a presentation below.
    labels : bool, default True
        Whether to write the names of the rules.
    ax : axes of matplotlib, optional
        The axes to draw into. The default is a new figure, of a size that suits the circuit.
    """
    if not circuit.populations:
        raise RecircuitError("diagram: the circuit has no populations yet. Add one, as in circuit.stimulus('x', 10).")
    boxes, edges = lay_out(circuit)
    axes = new_figure().add_axes((0, 0, 1, 1)) if ax is None else axes_given(ax, 1, "diagram")[0]
    figure = figure_of(axes)
    lanes = _Lanes(boxes)
    points = [p for edge in edges for p in _draw_edge(axes, edge, lanes, labels)]
    for box in boxes:
        _draw_box(axes, box)
    points += [(b.x + s * b.width / 2, b.y + s * b.height / 2) for b in boxes for s in (-1, 1)]
    left, right = min(x for x, _ in points) - BESIDE, max(x for x, _ in points) + BESIDE
    bottom, top = min(y for _, y in points) - 0.2, max(y for _, y in points) + 0.45
    bottom = _legend(axes, {e.kind for e in edges}, any(_plastic(e) for e in edges), left, right, bottom)
    if phases and circuit.schedule is not None:
        bottom = _draw_phases(axes, circuit, left, right, bottom)
    axes.text(
        (left + right) / 2, top - 0.12, f"batch size {circuit.batch_size}, dt = {_milliseconds(circuit)}",
        ha="center", va="center", fontsize=8, color=PALE,
    )  # fmt: skip
    axes.set(xlim=(left, right), ylim=(bottom - 0.1, top), aspect="equal")
    axes.axis("off")
    if ax is None:
        figure.set_size_inches(right - left, top - bottom + 0.1)
    return figure


class _Lanes:
    """The places of lines that cannot go straight: right and left of everything, and in the gaps between the rows."""

    def __init__(self, boxes: list[Box]) -> None:
        self.boxes = boxes
        self.ends = {s: max((s * b.x + b.width / 2 for b in boxes), default=0.0) + 0.15 for s in (-1, 1)}
        self.used: dict[tuple[int, int], int] = {}

    def outside(self, sign: int) -> float:
        """Return the place of a new vertical line, left (-1) or right (1) of everything."""
        self.ends[sign] += LANE
        return sign * self.ends[sign]

    def gap(self, layer: int, sign: int) -> float:
        """Return the place of a new horizontal line in the gap above (1) or below (-1) a layer."""
        key = (layer, sign)
        self.used[key] = self.used.get(key, 0) + 1
        row = [b for b in self.boxes if b.layer == layer]
        edge = max(sign * b.y + b.height / 2 for b in row)
        return sign * (edge + min(0.1 + 0.09 * self.used[key], 0.45 * GAP))


def _milliseconds(circuit: Network, steps: int = 1) -> str:
    return f"{steps * float(circuit.dt) * 1e3:g} ms"


def _plastic(edge: Edge) -> bool:
    return edge.projection is not None and edge.projection.plastic


def _control(edge: Edge) -> bool:
    """Say whether a projection is a control, which no local rule could replace."""
    return edge.projection is not None and not edge.projection.local


def _corners(edge: Edge, lanes: _Lanes) -> list[tuple[float, float]]:
    """Return the corners of an edge, from its tail to its port."""
    pre, post = edge.pre, edge.post
    end, side = post.port(edge.port), post.ports[edge.port]
    if edge.level:
        sign = 1 if post.x > pre.x else -1
        y = pre.y + BY if pre.main is post else min(max(end[1], pre.y - 0.4 * pre.height), pre.y + 0.4 * pre.height)
        return [(pre.x + sign * pre.width / 2, y), end]
    if pre is post:
        start = (pre.x + pre.width / 2, pre.y + 0.22 * pre.height)
        out, y = start[0] + 0.3, lanes.gap(pre.layer, 1 if side == "top" else -1)
        return [start, (out, start[1]), (out, y), (end[0], y), end]
    up = edge.rise > 0 or (edge.rise == 0 and side == "top")
    start = (pre.x + (UP if up else DOWN), pre.y + (0.5 if up else -0.5) * pre.height)
    if abs(edge.rise) == 1 and side == ("bottom" if up else "top"):
        return [start, end]
    first = lanes.gap(pre.layer, 1 if up else -1)
    if edge.rise == 0:
        return [start, (start[0], first), (end[0], first), end]
    lane = lanes.outside(-1 if up else 1)
    last = lanes.gap(post.layer, 1 if side == "top" else -1)
    return [start, (start[0], first), (lane, first), (lane, last), (end[0], last), end]


def _draw_edge(axes: Axes, edge: Edge, lanes: _Lanes, labels: bool) -> list[tuple[float, float]]:
    """Draw an edge, and return the points for which the figure must have room."""
    way = _corners(edge, lanes)
    colour, plastic = COLOURS[edge.kind], _plastic(edge)
    style: Any = ":" if edge.kind == "broadcast" else (0, (4, 1.5)) if _control(edge) else "-"
    axes.add_patch(FancyArrowPatch(
        path=_rounded(way), arrowstyle="-|>,head_width=2.2,head_length=4.5", mutation_scale=1.4, color=colour,
        lw=1.9 if plastic else 1.1, linestyle=style, capstyle="butt", joinstyle="round", zorder=2,
    ))  # fmt: skip
    axes.plot(*way[-1], "o", ms=3.2, color=colour, zorder=4)
    if plastic or _control(edge):
        way = [*way, *_badge(axes, edge, way, labels)]
    projection = edge.projection
    if projection is not None and projection.sends != "rate" and not edge.level:
        (x, y), (_, towards) = way[0], way[1]
        up = 1 if towards > y else -1
        axes.text(x + 0.06 * up * -1, y + 0.11 * up, projection.sends, fontsize=6.5, style="italic", color=colour,
                  ha="right" if up > 0 else "left", va="center", zorder=5)  # fmt: skip
    return way


def _badge(axes: Axes, edge: Edge, way: list[tuple[float, float]], labels: bool) -> list[tuple[float, float]]:
    """Draw the mark of a plastic projection with the name of its rule, or of a control with the name of the weights that it
    copies; return the end of the text, less the margin of the figure."""
    lengths = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in zip(way[:-1], way[1:], strict=True)]
    longest = lengths.index(max(lengths))
    (x0, y0), (x1, y1) = way[longest], way[longest + 1]
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    colour, projection = COLOURS[edge.kind], edge.projection
    assert projection is not None
    copied = isinstance(projection.weights, Transposed)
    if not copied:
        axes.plot(x, y, "o", ms=9, mfc="white", mec=colour, mew=1.4, zorder=5)
        axes.plot(x, y, "D", ms=3, color=colour, zorder=6)
    rule = projection.equation.rule if projection.equation is not None and projection.plastic else ""
    text = f"{projection.weights.of.name}{'ᵀ' if projection.weights.flipped else ''}" if copied else rule
    if not labels or not text:
        return []
    text += " (not local)" * _control(edge)
    level = abs(y1 - y0) < abs(x1 - x0)
    right = y1 < y0
    axes.text(
        x + (0 if level else 0.13 if right else -0.13), y + (0.15 if level else 0), text,
        fontsize=7, color=colour, va="center", ha="center" if level else "left" if right else "right", zorder=6,
        bbox=dict(boxstyle="round,pad=0.12", fc="white", ec="none", alpha=0.85),
    )  # fmt: skip
    beyond = max(0.0, 0.13 + 0.06 * len(text) - BESIDE)
    return [] if level else [(x + (beyond if right else -beyond), y)]


def _rounded(way: list[tuple[float, float]], radius: float = 0.09) -> Path:
    """Return a line with round corners."""
    points, codes = [way[0]], [Path.MOVETO]
    for before, corner, after in zip(way, way[1:], way[2:]):
        entry, leave = (_towards(corner, other, radius) for other in (before, after))
        points += [entry, corner, leave]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path([*points, way[-1]], [*codes, Path.LINETO])


def _towards(corner: tuple[float, float], other: tuple[float, float], radius: float) -> tuple[float, float]:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = max((dx * dx + dy * dy) ** 0.5, 1e-9)
    share = min(radius / length, 0.5)
    return corner[0] + share * dx, corner[1] + share * dy


def _draw_box(axes: Axes, box: Box) -> None:
    axes.add_patch(FancyBboxPatch(
        (box.x - box.width / 2 + 0.08, box.y - box.height / 2 + 0.08), box.width - 0.16, box.height - 0.16,
        boxstyle="round,pad=0.08", fc=FILLS[box.population.presents], ec=INK, lw=1.2, zorder=3,
    ))  # fmt: skip
    size = box.population.size
    axes.text(box.x, box.y + 0.09, box.name, ha="center", va="center", fontsize=10, weight="bold", color=INK, zorder=6)
    axes.text(box.x, box.y - 0.1, f"{size} unit{'s' * (size > 1)}", ha="center", va="center", fontsize=7, color=PALE,
              zorder=6)  # fmt: skip
    for port, side in box.ports.items():
        x, y = box.port(port)
        dx, dy = {"left": (0.08, 0), "right": (-0.08, 0), "top": (0, -0.09), "bottom": (0, 0.09)}[side]
        axes.plot(x, y, "o", ms=3.2, color=PALE, zorder=3.5)
        axes.text(x + dx, y + dy, port, fontsize=6.5, color=INK, zorder=6, va="center",
                  ha={"left": "left", "right": "right"}.get(side, "center"))  # fmt: skip


def _legend(axes: Axes, kinds: set[str], plastic: bool, left: float, right: float, bottom: float) -> float:
    """Draw the legend below, in as many lines as it needs, and return the new bottom."""
    entries = [(kind, COLOURS[kind], ":" if kind == "broadcast" else "-") for kind in COLOURS if kind in kinds]
    entries += [("plastic", INK, "D")] * plastic
    x, y = left + 0.3, bottom - 0.15
    for text, colour, mark in entries:
        width = 0.62 + 0.068 * len(text)
        if x + width > right:
            x, y = left + 0.3, y - 0.22
        if mark == "D":
            axes.plot(x + 0.15, y, "o", ms=8, mfc="white", mec=colour, mew=1.2)
            axes.plot(x + 0.15, y, "D", ms=2.6, color=colour)
        else:
            axes.plot([x, x + 0.3], [y, y], linestyle=mark, color=colour, lw=1.6)
        axes.text(x + 0.38, y, text, fontsize=7.5, va="center", color=INK)
        x += width
    return y - 0.15


def _draw_phases(axes: Axes, circuit: Network, left: float, right: float, bottom: float) -> float:
    """Draw a bar for each phase of a presentation, and return the new bottom."""
    schedule = circuit.schedule
    assert schedule is not None
    names = list(schedule.windows)
    begin = left + 0.35 + 0.075 * max(len(n) for n in names)
    scale = (right - 0.5 - begin) / schedule.steps
    y = bottom - 0.1
    for name, (start, stop) in schedule.windows.items():
        axes.text(begin - 0.1, y, name, ha="right", va="center", fontsize=7.5, color=INK)
        axes.barh(y, scale * (stop - start), left=begin + scale * start, height=BAR * 0.62, color="#b9c6cf", zorder=2)
        axes.text(
            begin + scale * stop + 0.05, y, _milliseconds(circuit, stop - start), va="center", fontsize=6.5, color=PALE
        )
        y -= BAR
    return y
