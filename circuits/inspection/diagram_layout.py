"""The layout of a circuit's diagram: layers from bottom to top, companions beside their population, no overlaps.

A unit is drawn upright, like a pyramidal cell: input from below arrives at its foot (basal), and input from above arrives
at its top (apical). Between the rows of boxes is an empty gap, so that lines can run there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from ..description.network import Network
from ..description.populations.population import Population
from ..description.projections.projection import Projection
from ..description.serving import served_by

Side = Literal["top", "bottom", "left", "right"]

#: The sizes of boxes and gaps, in inches.
HEIGHT, NARROW, LETTER, LABEL = 0.95, 1.7, 0.085, 0.05
BESIDE, BETWEEN, GAP = 0.8, 0.7, 1.05
#: The distances from a box's axis at which lines go up and down; and, beside it, the heights at which they go in and out.
UP, DOWN, BY = -0.44, 0.44, 0.12


@dataclass(eq=False)
class Box:
    """The place of a population: its middle, width and height, and its ports, the side of each compartment."""

    population: Population
    x: float = 0.0
    y: float = 0.0
    width: float = NARROW
    height: float = HEIGHT
    layer: int = 0
    main: Box | None = None
    ports: dict[str, Side] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the population."""
        return self.population.name

    def on(self, side: Side) -> list[str]:
        """Return the ports on one side."""
        return [port for port, where in self.ports.items() if where == side]

    def port(self, name: str) -> tuple[float, float]:
        """Return the coordinates of a port."""
        side = self.ports[name]
        mine = self.on(side)
        share = (mine.index(name) + 1) / (len(mine) + 1)
        if side in ("left", "right"):
            sign = -1 if side == "left" else 1
            inward = BY if self.main is None else -BY
            return self.x + sign * self.width / 2, self.y + self.height * (0.5 - share) + inward
        middle = UP if side == "bottom" else DOWN
        room = [LABEL * (len(label) + 2) for label in mine]
        place = mine.index(name)
        spread = sum(room[:place]) + (room[place] - sum(room)) / 2
        return self.x + middle + spread, self.y + self.height * (0.5 if side == "top" else -0.5)


@dataclass(eq=False)
class Edge:
    """A line to be drawn: a projection, or a broadcast."""

    pre: Box
    post: Box
    port: str
    kind: str
    projection: Projection | None = None

    @property
    def level(self) -> bool:
        """Whether it goes straight across, between a box and its companion."""
        companion = self.pre.main is self.post or self.post.main is self.pre
        return companion and self.post.ports[self.port] in ("left", "right")

    @property
    def rise(self) -> int:
        """The number of layers from its source to its target; negative if it goes down."""
        return self.post.layer - self.pre.layer


def lay_out(circuit: Network) -> tuple[list[Box], list[Edge]]:
    """Return the boxes with places and ports, and the edges between them."""
    boxes = {p.name: Box(p) for p in circuit.populations.values()}
    for name, main in companions(circuit).items():
        boxes[name].main = boxes[main]
    for name, layer in layers(circuit, {n for n, b in boxes.items() if b.main is None}).items():
        boxes[name].layer = layer
    for box in boxes.values():
        if box.main is not None:
            box.layer = box.main.layer
    driven = {p.post.name for p in circuit.projections.values()}
    edges = [_edge(p, boxes, driven) for p in circuit.projections.values()]
    edges += [Edge(boxes[s], boxes[t], name, "broadcast") for name, s, t in _broadcasts(circuit)]
    _place_ports(boxes.values(), edges)
    _place_boxes(list(boxes.values()))
    return list(boxes.values()), edges


def companions(circuit: Network) -> dict[str, str]:
    """Return the companions of other populations, as t and s are companions of o, each with that population."""
    partners: dict[str, set[str]] = {name: set() for name in circuit.populations}
    small: dict[str, bool] = {n: p.size == 1 or p.presents == "labels" for n, p in circuit.populations.items()}
    sends: set[str] = set()
    single = dict.fromkeys(circuit.populations, True)
    for projection in circuit.projections.values():
        pre, post = projection.pre.name, projection.post.name
        if pre != post:
            partners[pre].add(post)
            partners[post].add(pre)
        sends.add(pre)
        for name in (pre, post):
            single[name] &= projection.connectivity.kind == "one_to_one"
    shown = {n for n, p in circuit.populations.items() if p.presents not in ("", "labels")}
    sources = {sent.source.name for sent in circuit.broadcasts.values()}
    found = _serving(circuit)
    for name in circuit.populations:
        if name in found:
            continue
        alone = len(partners[name]) == 1 and name in sends and name not in shown | sources
        (main,) = partners[name] if len(partners[name]) == 1 else ("",)
        if alone and (small[name] or single[name]) and main not in found and _receives(circuit, main):
            order = list(circuit.populations)
            if (
                len(partners[main]) > 1
                or order.index(main) < order.index(name)
                or circuit.populations[name].presents == "labels"
            ):
                found[name] = main
    return found


def _serving(circuit: Network) -> dict[str, str]:
    """Return the error and modulatory neurons to be drawn beside the population that they serve, if it serves no other."""
    found = {name: main for name, main in served_by(circuit).items() if circuit.populations[name].clamp is None}
    return {name: main for name, main in found.items() if main not in found}


def _receives(circuit: Network, name: str) -> bool:
    return any(p.post.name == name for p in circuit.projections.values())


def layers(circuit: Network, names: set[str]) -> dict[str, int]:
    """Return the layer of each population: the longest path forward from a population without inputs."""
    ahead: dict[str, list[str]] = {n: [] for n in circuit.populations if n in names}
    serving = _serving(circuit)
    for p in circuit.projections.values():
        pre = serving.get(p.pre.name, p.pre.name)
        if {pre, p.post.name} <= names and p.into != "apical" and pre != p.post.name:
            ahead[pre].append(p.post.name)
    driven = {post for posts in ahead.values() for post in posts}
    depth = dict.fromkeys(ahead, 0)

    def climb(name: str, path: tuple[str, ...]) -> None:
        for post in ahead[name]:
            if post not in path and depth[post] < len(path):
                depth[post] = len(path)
                climb(post, (*path, post))

    for name in sorted(ahead, key=lambda n: n in driven):
        if name not in driven or depth[name] == 0:
            climb(name, (name,))
    return depth


def _edge(projection: Projection, boxes: dict[str, Box], driven: set[str]) -> Edge:
    pre, post = boxes[projection.pre.name], boxes[projection.post.name]
    edge = Edge(pre, post, projection.into, "feedforward", projection)
    if projection.connectivity.kind == "one_to_one":
        edge.kind = "one to one"
    elif projection.into == "apical" or edge.rise < 0:
        edge.kind = "feedback"
    elif edge.rise == 0 and projection.pre.name in driven:
        edge.kind = "lateral"
    return edge


def _broadcasts(circuit: Network) -> list[tuple[str, str, str]]:
    """Return name, source and target of every broadcast that is read."""
    found = []
    for name, (source, *_) in circuit.broadcasts.items():
        readers = [p.name for p in circuit.populations.values() if name in p.neuron.broadcasts]
        for projection in circuit.projections.values():
            if projection.equation is not None and name in projection.equation.broadcasts:
                readers.append(projection.post.name)
        found += [(name, source.name, reader) for reader in dict.fromkeys(readers)]
    return found


def _place_ports(boxes: Iterable[Box], edges: list[Edge]) -> None:
    """Place each compartment on the side from which it receives most projections: below, above, or beside."""
    counts: dict[Box, int] = {}
    side_of: dict[Box, Side] = {}
    for box in boxes:
        if box.main is not None:
            counts[box.main] = counts.get(box.main, 0) + 1
            side_of[box] = "right" if counts[box.main] % 2 else "left"
    for box in boxes:
        for compartment in [*box.population.neuron.compartments, *(e.port for e in edges if e.kind == "broadcast")]:
            mine = [e for e in edges if e.post is box and e.port == compartment]
            if compartment in box.population.neuron.compartments or mine:
                box.ports[compartment] = _side(box, compartment, mine, side_of)
    for box, side in side_of.items():
        box.x = 1.0 if side == "right" else -1.0  # until it is placed


def _side(box: Box, compartment: str, mine: list[Edge], side_of: dict[Box, Side]) -> Side:
    beside = [e for e in mine if e.pre.main is box or box.main is e.pre]
    if beside and len(beside) == len(mine) and compartment not in ("basal", "apical"):
        if box.main is not None:
            return "left" if side_of[box] == "right" else "right"
        return side_of[beside[0].pre]
    if compartment == "apical" or sum(e.rise < 0 for e in mine) > len(mine) / 2:
        return "top"
    return "bottom"


def _place_boxes(boxes: list[Box]) -> None:
    for box in boxes:
        inside = max((len(p) for p in box.on("left")), default=0) + max((len(p) for p in box.on("right")), default=0)
        below = max(sum(len(p) + 2 for p in box.on(side)) for side in ("bottom", "top"))
        title = max(len(box.name) * 1.3, len(f"{box.population.size} units"))
        box.width = max(1.1 if box.main and not below else NARROW, LETTER * (inside + title + 2), LETTER * below * 1.2)
        box.height = HEIGHT if box.main is None else 0.7
    bottom = 0.0
    for layer in range(max((b.layer for b in boxes), default=0) + 1):
        row = [b for b in boxes if b.layer == layer and b.main is None]
        height = max((_reach(b, boxes) for b in row), default=HEIGHT)
        _place_row(row, boxes, bottom + height / 2)
        bottom += height + GAP


def _beside(box: Box, boxes: list[Box], sign: int) -> list[Box]:
    return [b for b in boxes if b.main is box and b.x * sign > 0]


def _reach(box: Box, boxes: list[Box]) -> float:
    """Return the height that a box and its companions need."""
    stacks = [sum(b.height + 0.25 for b in _beside(box, boxes, sign)) - 0.25 for sign in (-1, 1)]
    return max(box.height, *stacks)


def _place_row(row: list[Box], boxes: list[Box], y: float) -> None:
    cells = []
    for box in row:
        stacks = {sign: _beside(box, boxes, sign) for sign in (-1, 1)}
        cells.append((box, stacks, {s: max((b.width + BESIDE for b in k), default=0.0) for s, k in stacks.items()}))
    total = sum(b.width + room[-1] + room[1] for b, _, room in cells) + BETWEEN * (len(cells) - 1)
    # A single box stands on the axis of the figure, however many companions it has.
    left = -total / 2 if len(cells) > 1 else -cells[0][0].width / 2 - cells[0][2][-1] if cells else 0.0
    for box, stacks, room in cells:
        box.x, box.y = left + room[-1] + box.width / 2, y
        for sign, stack in stacks.items():
            top = y + (sum(b.height + 0.25 for b in stack) - 0.25) / 2
            for other in stack:
                other.x = box.x + sign * (box.width / 2 + BESIDE + other.width / 2)
                other.y, top = top - other.height / 2, top - other.height - 0.25
        left += room[-1] + box.width + room[1] + BETWEEN
