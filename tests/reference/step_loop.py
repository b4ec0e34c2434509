"""A circuit as a loop over steps, batch elements side by side, written from docs/time.md and without the simulator.

A `Plan` is what a circuit is declared from, and what this loop reads: each equation is a line of Python for NumPy. The loop
cannot draw the numbers that a circuit draws. Of a variable with noise it takes the value that the circuit had, and keeps
the number that must have been drawn for it, so that a test can ask whether these numbers are normal and independent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from reference.step_plan import DT, Equation, Path, Plan, Units, equation
from reference.step_synapses import Synapses, listed, terms

NOISE = re.compile(r"\bxi\b|\bxi_both\b|\brandn\b")
WORDS = {name: getattr(np, name) for name in ("tanh", "exp", "sin", "sqrt", "clip")} | {"abs": np.abs}


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
        self.broadcasts = {m.name: np.zeros((plan.batch, 1)) for m in plan.messages}
        self.won = {p.name: np.zeros((plan.batch, self.of[p.post].size), dtype=int) for p in plan.paths}
        self.recorded: dict[str, dict[int, np.ndarray]] = {}
        self.drawn: dict[str, dict[int, np.ndarray]] = {}

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
        """Evaluate the expressions; signals are of the state before the step, and compartments are complete afterwards."""
        messages = {m.name: self.read(m.source, "rate") for m in self.plan.messages}
        signals = {p.name: self.read(p.pre, p.sends) for p in self.plan.paths}
        for p in self.plan.paths:
            self.sent[p.name].append(signals[p.name])
            if self.open(p.during):
                self.arriving[p.name] = self.arrive(p)
                self.field[p.name] = self.brought(p)
            elif p.closed == "zero":
                self.arriving[p.name], self.field[p.name] = 0 * self.arriving[p.name], 0 * self.field[p.name]
        for m in self.plan.messages:
            if self.open(m.during):
                self.broadcasts[m.name] = messages[m.name]
            elif m.closed == "zero":
                self.broadcasts[m.name] = 0 * self.broadcasts[m.name]
        for u in self.plan.units:
            for c in u.compartments:
                into = [self.field[p.name] for p in self.plan.paths if p.post == u.name and p.into == c]
                self.v[f"{u.name}.{c}"] = sum(into, np.zeros((self.plan.batch, u.size)))

    def brought(self, p: Path) -> np.ndarray:
        """Return what arrives in a compartment, (batch, units); of a window its largest, which alone gets the way back."""
        synapses, arriving = self.synapses[p.name], self.arriving[p.name]
        if p.kind != "largest":
            return self.summed(p, self.weights(p) * arriving, "post")
        if p.mirrors:
            return self.summed(p, arriving * (self.won[p.mirrors][:, synapses.pre] == synapses.tap), "post")
        best = np.full((self.plan.batch, self.of[p.post].size), -np.inf)
        for s, (post, tap) in enumerate(zip(synapses.post, synapses.tap, strict=True)):  # of equal ones the first
            larger = arriving[:, s] > best[:, post]
            best[larger, post], self.won[p.name][larger, post] = arriving[larger, s], tap
        return best

    def arrive(self, p: Path) -> np.ndarray:
        """Return what each synapse receives, (batch, synapses)."""
        sent, synapses = self.sent[p.name], self.synapses[p.name]
        found = np.zeros((self.plan.batch, len(synapses.pre)))
        for s, pre in enumerate(synapses.pre):
            delays = (
                p.delay.T if p.mirrors and isinstance(p.delay, np.ndarray) else p.delay
            )  # in the shape of weights.T
            delay = delays.reshape(-1)[synapses.delay[s]] if isinstance(delays, np.ndarray) else delays
            if delay < len(sent):
                found[:, s] = sent[-1 - delay][:, pre]
        return found

    def listed(self, p: Path) -> Synapses:
        pre, post = self.of[p.pre].size, self.of[p.post].size
        return listed(self.mirrored(p), post, pre).back() if p.mirrors else listed(p, pre, post)

    def mirrored(self, p: Path) -> Path:
        return next(q for q in self.plan.paths if q.name == p.mirrors)

    def weights(self, p: Path) -> np.ndarray:
        """Return the weight of each synapse, (synapses,)."""
        return p.scale * self.v[f"{p.mirrors or p.name}.w"].reshape(-1)[self.synapses[p.name].weight]

    def summed(self, p: Path, values: Any, over: str) -> np.ndarray:
        """Return values of synapses, summed for each unit of a side, (batch, units)."""
        unit, numbers = (p.post, self.synapses[p.name].post) if over == "post" else (p.pre, self.synapses[p.name].pre)
        found = np.zeros((self.plan.batch, self.of[unit].size))
        np.add.at(found, (slice(None), numbers), np.broadcast_to(values, (self.plan.batch, len(numbers))))
        return found

    # --- units ----------------------------------------------------------------------------------------------------

    def names(self, unit: str) -> dict[str, Any]:
        """Return what an equation of a population reads now."""
        u = self.of[unit]
        found = WORDS | u.parameters | self.broadcasts | {"t": self.t * DT, "ms": 1e-3}
        found |= {f"in_{n}": float(self.phase(n)) for mode in self.plan.modes.values() for n in mode}
        for total, into in u.totals.items():
            there = [
                self.summed(p, self.weights(p), "post")
                for p in self.plan.paths
                if (p.post, p.into) == (unit, into) and p.kind != "largest"
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
                    made = partial(self.stepped, u.name, e, names)
                    new[f"{u.name}.{e.name}"] = self.as_drawn(f"{u.name}.{e.name}", e.rhs, made)
        self.v |= new

    def stepped(self, unit: str, e: Equation, names: dict[str, Any], noise: float) -> np.ndarray:
        """Return what a state becomes if each random number of this step is ``noise``."""
        value = eval(e.rhs, {}, names | dict.fromkeys(("xi", "xi_both"), noise / DT**0.5) | {"randn": lambda: noise})
        old = self.v[f"{unit}.{e.name}"]
        return self.kept(unit, e, old + DT * value if e.differential else value)

    def as_drawn(self, key: str, rhs: str, made: Callable[[float], np.ndarray]) -> np.ndarray:
        """Return a value; if it has noise, it is the one that was recorded, from which follows what was drawn."""
        if not NOISE.search(rhs):
            return made(0.0)
        without, found = made(0.0), self.recorded[key][self.t]
        scale = made(1.0) - without
        has_noise = np.abs(scale) > 1e-6
        assert np.all(has_noise | (np.abs(found - without) < 1e-5)), key
        drawn = np.where(has_noise, (found - without) / np.where(has_noise, scale, 1.0), np.nan)
        self.drawn.setdefault(key, {})[self.t] = drawn
        return found.copy()

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
        """Return new values: a shared variable is the mean over elements that show something; a count of others stays."""
        old = self.v[f"{unit}.{e.name}"]
        value = np.broadcast_to(value, old.shape)
        if e.shared:
            return np.broadcast_to(value[self.active].mean(axis=0), old.shape).copy()
        if self.assigned(e) and e.name in self.behind(unit, e):
            value = np.where(self.active[:, None], value, old)
        return value.copy()

    def assigned(self, e: Equation) -> bool:
        """Return whether a variable is assigned: it is no rate, not shared, and not in continuous time."""
        return not (e.differential or e.shared or (e.name == "rate" and e.kind != "expression"))

    def behind(self, unit: str, e: Equation) -> set[str]:
        """Return the variables of the unit that an assignment reads, through other assignments and expressions."""
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
        names |= self.broadcasts | WORDS | {"arriving_pre": self.arriving[p.name], "eta": 20.0, "slow": 5e-3}
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
            target = name.removesuffix("/dt")[1:]
            step = {target: 1.0, f"{target}/dt": DT}[name[1:]] if name[0] == "d" and target in own else None
            name = name if step is None else target
            made = partial(self.learned, p, name, step, rhs, names)
            if name in own:
                self.v[own[name]] = self.as_drawn(own[name], rhs, made)
            else:
                names[name] = made(0.0)[..., synapses.weight]

    def learned(
        self, p: Path, name: str, step: float | None, rhs: str, names: dict[str, Any], noise: float
    ) -> np.ndarray:
        """Return what a statement gives, if each random number is ``noise``: of each element for a trace, or else the mean."""
        value = self.of_weights(p, rhs, names | {"randn": lambda: noise, "xi": noise / DT**0.5})
        if f"{p.name}.{name}" not in self.v:
            return value[self.active].mean(axis=0)
        old = self.v[f"{p.name}.{name}"]
        rows = old.reshape(self.plan.batch if name in p.traces else 1, -1)
        if step is not None:
            value = rows + step * value
        if name in p.traces:
            return np.where(self.active[:, None], value, rows).reshape(old.shape)
        return value[self.active].mean(axis=0).reshape(old.shape)

    def of_weights(self, p: Path, rhs: str, names: dict[str, Any]) -> np.ndarray:
        """Return what a statement makes of each weight, (batch, weights), summed over synapses where it reads units."""
        synapses, batch = self.synapses[p.name], self.plan.batch
        found = np.zeros((batch, self.v[f"{p.name}.w"].size))
        for term in terms(rhs) if p.kind.startswith("one window") else [rhs]:
            values = np.broadcast_to(eval(term, {}, names), (batch, len(synapses.pre)))
            if re.search(r"_(pre|post)\b", term):
                np.add.at(found, (slice(None), synapses.weight), values)
            else:
                once = np.zeros_like(found)
                once[:, synapses.weight] = values
                found = found + once
        return found

    def numbers(self, unit: str) -> list[tuple[str, Any]]:
        skipped = {*WORDS, *self.of[unit].parameters, *self.broadcasts, "t", "ms"}
        found = [(n, v) for n, v in self.names(unit).items() if n not in skipped and not n.startswith("in_")]
        return [*found, ("x", self.names(unit)["rate"])]

    def flat(self, value: Any, unit: str) -> np.ndarray:
        return np.broadcast_to(value, (self.plan.batch, self.of[unit].size))
