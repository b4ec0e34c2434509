"""A circuit as a loop over steps, batch elements side by side, written from docs/time.md and without the simulator.

A `Plan` is what a circuit is declared from, and what this loop reads: each equation is a line of Python for NumPy.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

DT = 1e-3
WORDS = {name: getattr(np, name) for name in ("tanh", "exp", "sin", "sqrt", "clip")} | {"abs": np.abs}
EQUATION = re.compile(r"^(d?)(\w+)(/dt)?\s*=\s*(.*?)\s*:\s*1\s*(?:\((.*)\))?$")


@dataclass(frozen=True)
class Units:
    """A population; a stimulus if ``shown`` says when its rows are presented."""

    name: str
    size: int
    lines: tuple[str, ...] = ()
    compartments: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)  # in seconds, or without a unit
    shown: str | None = None
    closed: str = "hold"
    every: int = 0
    totals: dict[str, str] = field(default_factory=dict)  # sums of weights, and the compartments into which they lead


@dataclass(frozen=True)
class Path:
    """A projection. ``delay`` counts steps, of each weight if it is an array.

    ``kind`` is a matrix, of which only the synapses ``there`` exist, one synapse for each unit, or windows over a row of
    units, each with weights of its own or with those of all. ``mirrors`` names a projection in the opposite direction
    whose weights, times ``scale``, these are.
    """

    name: str
    pre: str
    post: str
    into: str
    sends: str
    during: str = ""
    learns: str = ""
    closed: str = "hold"
    delay: Any = 0
    there: np.ndarray | None = None
    rule: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    kind: str = "matrix"  # or "one to one", "windows", "one window"
    mirrors: str = ""
    scale: float = 1.0


@dataclass(frozen=True)
class Synapses:
    """The units and the weight of each synapse, by their numbers, and the place of its delay, if each has its own."""

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray


@dataclass(frozen=True)
class Message:
    """A broadcast of a population of one unit."""

    name: str
    source: str
    during: str
    closed: str


@dataclass(frozen=True)
class Plan:
    """All of a circuit."""

    batch: int
    units: tuple[Units, ...]
    paths: tuple[Path, ...]
    messages: tuple[Message, ...]
    modes: dict[str, dict[str, tuple[int, int]]]


@dataclass(frozen=True)
class Equation:
    name: str
    differential: bool
    rhs: str
    during: str
    kind: str  # "state", "after" or "expression"
    shared: bool


def equation(line: str) -> Equation:
    found = EQUATION.match(line)
    assert found, line
    differential, name, _, rhs, flags = found.groups()
    words = [f.strip() for f in (flags or "").split(",") if f.strip()]
    shared = "shared" in words
    when = next((w for w in words if w != "shared"), "")
    kind = "after" if when.startswith("after ") else "state" if when or differential or shared else "expression"
    return Equation(name, bool(differential), rhs, when.partition(" ")[2] if when else "", kind, shared)


class Loop:
    """The state of a plan, and its presentations. Weights begin as ``weights`` says, by the names of the projections."""

    def __init__(self, plan: Plan, weights: dict[str, np.ndarray]) -> None:
        self.plan, self.t = plan, 0
        self.of = {u.name: u for u in plan.units}
        self.equations = {u.name: [equation(line) for line in u.lines] for u in plan.units}
        self.synapses = {p.name: self.listed(p) for p in plan.paths}
        self.v: dict[str, np.ndarray] = {}
        for u in plan.units:
            for name in ["rate", *u.compartments] + [e.name for e in self.equations[u.name]]:
                self.v[f"{u.name}.{name}"] = np.zeros((plan.batch, u.size))
        for p in plan.paths:
            if p.mirrors:
                continue
            w = self.v[f"{p.name}.w"] = weights[p.name].copy()
            self.v |= {f"{p.name}.{trace}": np.zeros((plan.batch, *w.shape)) for trace in p.traces}
            self.v |= {f"{p.name}.{state}": np.zeros(w.shape) for state in p.states}
        self.field = {p.name: np.zeros((plan.batch, self.of[p.post].size)) for p in plan.paths}
        self.arriving = {p.name: np.zeros((plan.batch, len(self.synapses[p.name].pre))) for p in plan.paths}
        self.sent: dict[str, list[np.ndarray]] = {p.name: [] for p in plan.paths}
        self.heard = {m.name: np.zeros((plan.batch, 1)) for m in plan.messages}

    def open(self, during: str) -> bool:
        names = [n.strip() for n in during.split(" and ") if n.strip()]
        return not names or any(self.phase(n) for n in names)

    def phase(self, name: str) -> bool:
        begin, end = self.schedule.get(name, (0, 0))
        return begin <= self.step < end

    # --- a presentation -------------------------------------------------------------------------------------------

    def present(self, rows: dict[str, np.ndarray], active: int, mode: str) -> None:
        """Go through a mode once; ``rows`` has (batch, units), or (batch, rows, units) of a series."""
        self.schedule = self.plan.modes[mode]
        self.active = np.arange(self.plan.batch) < active
        shown = {u.name: 0 for u in self.plan.units}
        for step in range(max(end for _, end in self.schedule.values())):
            self.step = step
            for u in self.plan.units:
                if u.shown is not None:
                    shown[u.name] += self.clamp(u, rows[u.name], shown[u.name])
            self.express()
            self.integrate()
            self.latch()
            self.learn()
            self.t += 1

    def clamp(self, u: Units, rows: np.ndarray, count: int) -> int:
        if self.open(u.shown or "") and (not u.shown or any(n in self.schedule for n in u.shown.split(" and "))):
            row = rows[:, min(count // u.every, rows.shape[1] - 1)] if u.every else rows
            self.v[f"{u.name}.rate"] = np.where(self.active[:, None], row, 0.0)
            return 1
        if u.closed == "zero":
            self.v[f"{u.name}.rate"] = np.zeros((self.plan.batch, u.size))
        return 0

    def express(self) -> None:
        """Signals are of the state before the step; compartments are complete afterwards."""
        messages = {m.name: self.read(m.source, "rate") for m in self.plan.messages}
        signals = {p.name: self.read(p.pre, p.sends) for p in self.plan.paths}
        for p in self.plan.paths:
            self.sent[p.name].append(signals[p.name])
            if self.open(p.during):
                self.arriving[p.name] = self.arrive(p)
                self.field[p.name] = self.summed(p, self.weights(p) * self.arriving[p.name], "post")
            elif p.closed == "zero":
                self.arriving[p.name], self.field[p.name] = 0 * self.arriving[p.name], 0 * self.field[p.name]
        for m in self.plan.messages:
            if self.open(m.during):
                self.heard[m.name] = messages[m.name]
            elif m.closed == "zero":
                self.heard[m.name] = 0 * self.heard[m.name]
        for u in self.plan.units:
            for c in u.compartments:
                into = [self.field[p.name] for p in self.plan.paths if p.post == u.name and p.into == c]
                self.v[f"{u.name}.{c}"] = sum(into, np.zeros((self.plan.batch, u.size)))

    def arrive(self, p: Path) -> np.ndarray:
        """(batch, synapses): what each synapse receives."""
        sent, synapses = self.sent[p.name], self.synapses[p.name]
        found = np.zeros((self.plan.batch, len(synapses.pre)))
        for s, pre in enumerate(synapses.pre):
            delay = p.delay.reshape(-1)[synapses.delay[s]] if isinstance(p.delay, np.ndarray) else p.delay
            if delay < len(sent):
                found[:, s] = sent[-1 - delay][:, pre]
        return found

    def listed(self, p: Path) -> Synapses:
        pre, post = self.of[p.pre].size, self.of[p.post].size
        if p.mirrors:
            (other,) = (q for q in self.plan.paths if q.name == p.mirrors)
            there = self.listed(other)
            return Synapses(there.post, there.pre, there.weight, there.pre * pre + there.post)
        if p.kind == "one to one":
            found = [(u, u, u) for u in range(pre)]
        elif p.kind == "matrix":
            there = np.ones((post, pre), dtype=bool) if p.there is None else p.there
            found = [(j, i, i * pre + j) for i, j in np.ndindex(post, pre) if there[i, j]]
        else:  # a window over 2 of 3 units for each of 2, or over the 3 around each of 3, with places outside of the row
            taps, before = (2, 0) if post < pre else (3, 1)
            found = [
                (i + k - before, i, k + (taps * i if p.kind == "windows" else 0))
                for i, k in np.ndindex(post, taps)
                if 0 <= i + k - before < pre
            ]
        table = np.array(found).reshape(-1, 3).T
        return Synapses(table[0], table[1], table[2], table[2])

    def weights(self, p: Path) -> np.ndarray:
        """(synapses,): the weight of each."""
        return p.scale * self.v[f"{p.mirrors or p.name}.w"].reshape(-1)[self.synapses[p.name].weight]

    def summed(self, p: Path, values: Any, over: str) -> np.ndarray:
        """(batch, units): values of synapses, summed for each unit of a side."""
        unit, numbers = (p.post, self.synapses[p.name].post) if over == "post" else (p.pre, self.synapses[p.name].pre)
        found = np.zeros((self.plan.batch, self.of[unit].size))
        np.add.at(found, (slice(None), numbers), np.broadcast_to(values, (self.plan.batch, len(numbers))))
        return found

    # --- units ----------------------------------------------------------------------------------------------------

    def names(self, unit: str) -> dict[str, Any]:
        """What an equation of a population reads now."""
        u = self.of[unit]
        found = WORDS | u.parameters | self.heard | {"t": self.t * DT, "ms": 1e-3}
        found |= {f"in_{n}": float(self.phase(n)) for mode in self.plan.modes.values() for n in mode}
        for total, into in u.totals.items():
            there = [
                self.summed(p, self.weights(p), "post") for p in self.plan.paths if p.post == unit and p.into == into
            ]
            found[total] = sum(there, np.zeros((self.plan.batch, u.size)))
        stored = [e.name for e in self.equations[unit] if e.kind != "expression"]
        found |= {n: self.v[f"{unit}.{n}"] for n in [*u.compartments, *stored]}
        if "rate" not in [e.name for e in self.equations[unit]]:
            found["rate"] = self.v[f"{unit}.rate"]
        for e in self.equations[unit]:  # expressions in an order in which each knows those that it reads
            if e.kind == "expression":
                found[e.name] = eval(e.rhs, {}, found)
        return found

    def read(self, unit: str, name: str) -> np.ndarray:
        return np.broadcast_to(self.names(unit)[name], (self.plan.batch, self.of[unit].size)).copy()

    def integrate(self) -> None:
        new = {}
        for u in self.plan.units:
            names = self.names(u.name)
            for e in self.equations[u.name]:
                if e.kind == "state" and self.open(e.during):
                    value = eval(e.rhs, {}, names)
                    old = self.v[f"{u.name}.{e.name}"]
                    new[f"{u.name}.{e.name}"] = self.kept(u.name, e, old + DT * value if e.differential else value)
        self.v |= new

    def latch(self) -> None:
        new = {}
        for u in self.plan.units:
            names = self.names(u.name)
            for e in self.equations[u.name]:
                lasts = [self.schedule[n][1] - 1 for n in e.during.split(" and ") if n in self.schedule]
                if e.kind == "after" and self.step in lasts:
                    new[f"{u.name}.{e.name}"] = self.kept(u.name, e, eval(e.rhs, {}, names))
        self.v |= new

    def kept(self, unit: str, e: Equation, value: Any) -> np.ndarray:
        """Shared variables are the mean over elements that show something; a count of the others stays."""
        old = self.v[f"{unit}.{e.name}"]
        value = np.broadcast_to(value, old.shape)
        if e.shared:
            return np.broadcast_to(value[self.active].mean(axis=0), old.shape).copy()
        if self.assigned(e) and e.name in self.behind(unit, e):
            value = np.where(self.active[:, None], value, old)
        return value.copy()

    def assigned(self, e: Equation) -> bool:
        """Neither the rate, nor what is shared, nor what is in continuous time: for them time passes."""
        return not (e.differential or e.shared or (e.name == "rate" and e.kind != "expression"))

    def behind(self, unit: str, e: Equation) -> set[str]:
        """The variables of the unit that an assignment reads, through other assignments and expressions."""
        by_name = {other.name: other for other in self.equations[unit] if self.assigned(other)}
        found: set[str] = set()
        left = [e]
        while left:
            for name in set(re.findall(r"\w+", left.pop().rhs)) - found:
                found.add(name)
                left += [by_name[name]] if name in by_name else []
        return found

    # --- synapses -------------------------------------------------------------------------------------------------

    def learn(self) -> None:
        for p in self.plan.paths:
            if p.rule and self.open(p.learns):
                self.update(p)

    def update(self, p: Path) -> None:
        synapses, batch = self.synapses[p.name], self.plan.batch
        names = {f"{n}_pre": self.flat(v, p.pre)[:, synapses.pre] for n, v in self.numbers(p.pre)}
        names |= {f"{n}_post": self.flat(v, p.post)[:, synapses.post] for n, v in self.numbers(p.post)}
        names |= {f"in_{n}": float(self.phase(n)) for mode in self.plan.modes.values() for n in mode}
        names |= self.heard | WORDS | {"arriving_pre": self.arriving[p.name], "eta": 20.0, "slow": 5e-3}
        names |= {
            "incoming": lambda E: self.summed(p, E, "post")[:, synapses.post],
            "outgoing": lambda E: self.summed(p, E, "pre")[:, synapses.pre],
        }
        own = {key.split(".")[1]: key for key in self.v if key.startswith(f"{p.name}.")}
        for line in p.rule:
            name, rhs = (part.strip() for part in line.split("=", 1))
            for n, key in own.items():
                names[n] = (
                    self.v[key].reshape(batch, -1)[:, synapses.weight]
                    if n in p.traces
                    else self.v[key].reshape(-1)[synapses.weight]
                )
            value = self.of_weights(p, rhs, names)
            if name.startswith("d") and name.removesuffix("/dt")[1:] in own:
                step, name = DT if name.endswith("/dt") else 1, name.removesuffix("/dt")[1:]
                value = self.v[own[name]].reshape(batch if name in p.traces else 1, -1) + step * value
            if name in p.traces:
                value = np.where(self.active[:, None], value, self.v[own[name]].reshape(batch, -1))
            else:
                value = value[self.active].mean(axis=0)
            if name in own:
                self.v[own[name]] = value.reshape(self.v[own[name]].shape)
            else:
                names[name] = value[..., synapses.weight]

    def of_weights(self, p: Path, rhs: str, names: dict[str, Any]) -> np.ndarray:
        """(batch, weights): what a statement makes of each weight; where synapses share one, what reads units is summed."""
        synapses, batch = self.synapses[p.name], self.plan.batch
        found = np.zeros((batch, self.v[f"{p.name}.w"].size))
        for term in terms(rhs) if p.kind == "one window" else [rhs]:
            values = np.broadcast_to(eval(term, {}, names), (batch, len(synapses.pre)))
            if re.search(r"_(pre|post)\b", term):
                np.add.at(found, (slice(None), synapses.weight), values)
            else:
                once = np.zeros_like(found)
                once[:, synapses.weight] = values
                found = found + once
        return found

    def numbers(self, unit: str) -> list[tuple[str, Any]]:
        skipped = {*WORDS, *self.of[unit].parameters, *self.heard, "t", "ms"}
        found = [(n, v) for n, v in self.names(unit).items() if n not in skipped and not n.startswith("in_")]
        return [*found, ("x", self.names(unit)["rate"])]

    def flat(self, value: Any, unit: str) -> np.ndarray:
        return np.broadcast_to(value, (self.plan.batch, self.of[unit].size))


def terms(text: str) -> list[str]:
    """The terms of a sum, or of a product of sums, each with its sign."""

    def split(node: ast.expr, sign: str) -> list[str]:
        match node:
            case ast.BinOp(left, ast.Add(), right):
                return split(left, sign) + split(right, sign)
            case ast.BinOp(left, ast.Sub(), right):
                return split(left, sign) + split(right, "" if sign else "-")
            case ast.BinOp(left, ast.Mult(), right):
                return [f"{a}*{b}" for a in split(left, sign) for b in split(right, "")]
            case _:
                return [f"{sign}({ast.unparse(node)})"]

    return split(ast.parse(text, mode="eval").body, "")
