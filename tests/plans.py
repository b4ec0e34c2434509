"""Random plans of circuits with all that time has, for `reference.step_loop` and for `planned_circuits`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from reference.step_plan import DT, Message, Path, Plan, Units
from reference.step_synapses import window

DAY, NIGHT = ("aa", "bb", "cc", "dd"), ("bb", "ee")


class Draws:
    """Random choices from one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def one(self, *of: Any) -> Any:
        return of[self.rng.integers(len(of))]

    def some(self, of: tuple[str, ...], most: int = 2) -> str:
        return " and ".join(self.rng.choice(of, self.rng.integers(1, most + 1), replace=False))

    def during(self, always: float = 0.3) -> str:
        return "" if self.chance(always) else self.some((*DAY, "ee"), 3)

    def windows(self, names: tuple[str, ...], strict: bool) -> dict[str, tuple[int, int]]:
        """Return windows that follow each other, or overlap and have gaps."""
        lengths = self.rng.integers(1, 4, len(names))
        begins = np.cumsum([0, *lengths[:-1]]) if strict else self.rng.integers(0, 5, len(names))
        return {n: (int(b), int(b + l)) for n, b, l in zip(names, begins, lengths)}


def plan(seed: int, batch: int | None = None, *, noisy: bool = False) -> Plan:
    """Return the plan of a seed; it has noise in its units and rules, if it is to be noisy."""
    d = Draws(seed)
    planned = _plan(d, batch)
    return with_noise(d, planned) if noisy else planned


def _plan(d: Draws, batch: int | None) -> Plan:
    batch = batch or int(d.rng.integers(1, 4))
    units = [Units("x", 3, **_shown(d)), Units("y", int(d.rng.integers(1, 3)), **_shown(d))]
    has_broadcast = d.chance(0.5)
    units += [_unit(d, f"h{k}", batch, has_broadcast) for k in range(2)]
    messages = ()
    if has_broadcast:
        source = d.one("y", "h1") if units[1].size == 1 else "one"
        source = "one" if source == "h1" else source
        if source == "one":
            line = f"rate = tanh(basal) : 1 (during {d.some(DAY)})" if d.chance(0.5) else "rate = tanh(basal) : 1"
            units.append(Units("one", 1, (line,), ("basal",)))
        messages = (Message("told", source, d.during(), d.one("hold", "zero")),)
    paths = [_path(d, pre, post, has_broadcast) for pre in units for post in units if _joined(d, pre, post)]
    paths = _mirrored(d, paths, {u.name: u.size for u in units})
    modes = {"day": d.windows(DAY, d.chance(0.5)), "night": d.windows(NIGHT, d.chance(0.5))}
    return Plan(batch, tuple(units), tuple(paths), messages, modes)


def _shown(d: Draws) -> dict[str, Any]:
    return {"shown": d.during(0.4), "closed": d.one("hold", "zero"), "every": int(d.one(0, 1, 2))}


def _joined(d: Draws, pre: Units, post: Units) -> bool:
    return post.shown is None and pre.name != "one" and d.chance(0.9 if pre.name == "x" else 0.6)


def _flag(d: Draws, always: float, *words: str) -> str:
    when = d.during(always)
    inside = ", ".join([*words, *([f"during {when}"] if when else [])])
    return f"({inside})" if inside else ""


def _unit(d: Draws, name: str, batch: int, has_broadcast: bool) -> Units:
    reads = ["basal", ".4*apical", ".3*latched", ".3*mean", ".2*kept", "in_aa*basal", "sin(t/(3*ms))"]
    reads += ["told"] if has_broadcast else []
    totals = {"total": d.one("basal", "apical")} if d.chance(0.3) else {}
    reads += [".2*total"] if totals else []

    def total() -> str:
        return " + ".join(d.rng.choice(reads, d.rng.integers(1, 4), replace=False))

    tau = d.one(1 * DT, 3 * DT, 3 * DT, np.linspace(2, 5, batch)[:, None] * DT)
    lines = {
        "rates": [f"drate/dt = (tanh(basal + {total()}) - rate)/tau : 1 {_flag(d, 0.6)}"],
        "values": [f"dv/dt = (tanh(basal + {total()}) - v)/tau : 1 {_flag(d, 0.6)}", "rate = tanh(2*v) : 1"],
        "latches": [f"rate = .5*rate + .5*tanh(basal + {total()}) : 1 {_flag(d, 0)}"],
    }[d.one("rates", "values", "latches")]
    lines += [
        f"gain = 1 - rate**2 + .1*apical : 1 {_flag(d, 0) if d.chance(0.3) else ''}",
        f"latched = {d.one('rate', 'gain', 'rate*basal')} : 1 (after {d.some((*DAY, 'ee'))})",
        f"mean = mean + .2*({d.one('rate**2', 'apical', 'basal')} - mean) : 1 {_flag(d, 0, 'shared')}"
        if d.chance(0.6) else f"dmean/dt = (rate - mean)/(4*ms) : 1 {_flag(d, 0.3, 'shared')}",
        d.one(f"kept = count : 1 {_flag(d, 0)}", f"kept = .5*kept + {d.one('mean', 'rate')} : 1 {_flag(d, 0)}"),
        f"count = {d.one('.3*kept + .2', '.1 + .9*count')} : 1 {_flag(d, 0)}",
    ]  # fmt: skip
    return Units(
        name, int(d.rng.integers(2, 4)), tuple(line.strip() for line in lines), ("basal", "apical"),
        {"tau": tau} if "/tau" in lines[0] else {}, totals=totals,
    )  # fmt: skip


def _path(d: Draws, pre: Units, post: Units, has_broadcast: bool) -> Path:
    stimulus = pre.shown is not None
    into = "basal" if stimulus or post.name == "one" else d.one("basal", "apical")
    sends = "rate" if stimulus else d.one("rate", "rate", "gain", "latched", "kept")
    shape = (post.size, pre.size)
    kind = d.one("matrix", "matrix", "matrix", *_other_kinds(*shape))
    there = d.one(None, None, d.rng.random(shape) < 0.6) if kind == "matrix" else None
    if there is not None and not there.any():
        there = None
    if kind == "largest" and sends == "kept":  # of which all units may have the same, except for its last digit
        sends = "rate"
    delay = _delay(d, kind, shape)
    path = Path(
        f"{pre.name}_to_{post.name}", pre.name, post.name, into, sends, d.during(0.4), closed=d.one("hold", "zero"),
        delay=delay, there=there, kind=kind,
    )  # fmt: skip
    learns = post.name != "one" and kind != "largest" and d.chance(0.7)
    return replace(path, **_rule(d, stimulus, has_broadcast, kind)) if learns else path


def _other_kinds(post: int, pre: int) -> list[str]:
    kinds = ["one to one"] if post == pre else []
    kinds += ["windows", "one window", "largest"] if pre == 3 and post in (2, 3) else []
    kinds += ["windows back", "one window back"] if post == 3 and pre in (2, 3) else []
    return [*kinds, "largest"] if post == 1 and pre > 1 else kinds


def _delay(d: Draws, kind: str, shape: tuple[int, int]) -> Any:
    """Return a delay in steps: none, one for all synapses, or one for each weight."""
    each = [] if kind == "largest" else [d.rng.integers(0, 4, _shape(kind, *shape))]
    return d.one(0, 0, int(d.rng.integers(1, 5)), *each)


def _shape(kind: str, post: int, pre: int) -> tuple[int, ...]:
    taps, _ = window(*((post, pre) if kind.endswith("back") else (pre, post)))
    kind = kind.removesuffix(" back")
    shapes = {"one to one": (post,), "windows": (post, 1, 1, taps), "one window": (1, 1, taps)}
    return shapes.get(kind, (post, pre))


def _mirrored(d: Draws, paths: list[Path], sizes: dict[str, int]) -> list[Path]:
    """Give some of the projections between two populations the weights of the one in the opposite direction."""
    found: list[Path] = []
    for p in paths:
        opposite = [q for q in found if (q.pre, q.post) == (p.post, p.pre) and q.pre != q.post and not q.mirrors]
        found.append(_mirror(d, p, opposite[0], sizes) if opposite and d.chance(0.4) else p)
    return found


def _mirror(d: Draws, p: Path, of: Path, sizes: dict[str, int]) -> Path:
    delay = _delay(d, of.kind, (sizes[of.post], sizes[of.pre]))
    return replace(
        p, mirrors=of.name, kind=of.kind, scale=1.0 if of.kind == "largest" else d.one(1.0, -0.5), there=None, rule=(),
        traces=(), states=(), learns="", delay=delay.T if isinstance(delay, np.ndarray) else delay,
    )  # fmt: skip


def _rule(d: Draws, stimulus: bool, has_broadcast: bool, kind: str) -> dict[str, Any]:
    p = d.one("x_pre", "arriving_pre", *([] if stimulus else ["gain_pre", "latched_pre", "mean_pre", "kept_pre"]))
    q, r = (d.one("x_post", "gain_post", "latched_post", "mean_post", "basal_post", "count_post") for _ in "qr")
    learns = d.some(DAY, 3)
    now = f"in_{learns.split(' and ')[0]}"
    by = "*told" if has_broadcast and d.chance(0.5) else ""
    plain: list[dict[str, Any]] = [
        dict(rule=(f"dw = .05*{p}*{q}{by} - .01*w",)),
        dict(rule=(f"el = .8*el*(1 - {now}) + {p}*{q}", f"dw = .05*{r}*el{by}"), traces=("el",)),
        dict(rule=(f"el = el + .2*({r}*{p} - el)", f"m = .5*m + {now}*{q}*el", "dw = .05*m"), traces=("el",), states=("m",)),
        dict(rule=(f"m = .5*m + {p}*{q}{by}", "dw = .05*m")  , states=("m",)),
        dict(rule=(f"dw/dt = eta*({p}*{q}{by} - w*{q}**2)",)),
    ]  # fmt: skip
    rules = plain if kind.startswith("one window") else [*plain,
        dict(rule=(f"del/dt = ({p}*{q} - el)/slow", f"dw/dt = eta*{r}*el{by}"), traces=("el",)),
        dict(rule=(f"dw = .02*{p}*{q} - .01*incoming(w)*w",)),
        dict(rule=(f"dw = .02*{q}*({p} - .5*incoming(w*{p}))",)),
        dict(rule=(f"dw = .02*{p}*({q} - .5*outgoing(w*{q}))",)),
        dict(rule=(f"g = {p}*{q}", f"dw = .05*g - .01*{now}*w*{r}")),
        dict(rule=(f"dw = .05*tanh({p}*{q} + w*{r}){by}",)),
        dict(rule=(f"el = .5*el + {p}", f"f = .5*f + {q}*el", f"dw = .05*tanh(f)*{r}{by}"), traces=("el", "f")),
    ]  # fmt: skip
    return d.one(*rules) | {"learns": learns}


def with_noise(d: Draws, planned: Plan) -> Plan:
    """Return the plan with small noise in the units that have equations, which rules read, and in some of the rules."""
    return replace(
        planned, units=tuple(_noisy_unit(d, u) for u in planned.units),
        paths=tuple(_noisy_path(d, p) if p.rule and d.chance(0.6) else p for p in planned.paths),
    )  # fmt: skip


def _noisy_unit(d: Draws, u: Units) -> Units:
    if not u.name.startswith("h"):
        return u
    both = d.one("xi", "xi_both")
    added = (
        f"drawn = .5*drawn + .01*randn() : 1 {_flag(d, 0)}",
        f"dq/dt = (rate - q)/(3*ms) + .01*{both}/sqrt(4*ms) : 1 {_flag(d, 0.5)}",
        f"dr/dt = -r/(3*ms) + .02*{both}/sqrt(4*ms) : 1",
    )
    return replace(u, lines=(*(line.replace("gain = 1", "gain = drawn + q - r + 1") for line in u.lines), *added))


def _noisy_path(d: Draws, p: Path) -> Path:
    of_trace = "el = el + .01*randn()" if p.traces and not p.kind.startswith("one window") else None
    kinds = [
        "dw = .01*randn()",
        "dw = .01*randn()*gain_post",
        "dw/dt = .02*xi/sqrt(slow)",
        *([of_trace] if of_trace else []),
    ]
    return replace(p, rule=(*p.rule, d.one(*kinds)))
