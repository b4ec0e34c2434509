"""Random circuits with all that time has: as plans for `reference.step_loop`, and as circuits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import Hz, TimedArray, ms, second
from reference.step_loop import DT, Loop, Message, Path, Plan, Units
from scipy import sparse

import recircuit as rc

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
        """One after the other, or overlapping and with gaps."""
        lengths = self.rng.integers(1, 4, len(names))
        begins = np.cumsum([0, *lengths[:-1]]) if strict else self.rng.integers(0, 5, len(names))
        return {n: (int(b), int(b + l)) for n, b, l in zip(names, begins, lengths)}


def plan(seed: int, batch: int | None = None) -> Plan:
    """The plan of a seed."""
    d = Draws(seed)
    batch = batch or int(d.rng.integers(1, 4))
    units = [Units("x", 3, **_shown(d)), Units("y", int(d.rng.integers(1, 3)), **_shown(d))]
    told = d.chance(0.5)
    units += [_unit(d, f"h{k}", batch, told) for k in range(2)]
    messages = ()
    if told:
        source = d.one("y", "h1") if units[1].size == 1 else "one"
        source = "one" if source == "h1" else source
        if source == "one":
            line = f"rate = tanh(basal) : 1 (during {d.some(DAY)})" if d.chance(0.5) else "rate = tanh(basal) : 1"
            units.append(Units("one", 1, (line,), ("basal",)))
        messages = (Message("told", source, d.during(), d.one("hold", "zero")),)
    paths = _mirrored(d, [_path(d, pre, post, told) for pre in units for post in units if _joined(d, pre, post)])
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


def _unit(d: Draws, name: str, batch: int, told: bool) -> Units:
    reads = ["basal", ".4*apical", ".3*latched", ".3*mean", ".2*kept", "in_aa*basal", "sin(t/(3*ms))"]
    reads += ["told"] if told else []
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


def _path(d: Draws, pre: Units, post: Units, told: bool) -> Path:
    stimulus = pre.shown is not None
    into = "basal" if stimulus or post.name == "one" else d.one("basal", "apical")
    sends = "rate" if stimulus else d.one("rate", "rate", "gain", "latched", "kept")
    shape = (post.size, pre.size)
    kind = d.one("matrix", "matrix", "matrix", *_other_kinds(*shape))
    there = d.one(None, None, d.rng.random(shape) < 0.6) if kind == "matrix" else None
    if there is not None and not there.any():
        there = None
    delay = d.one(0, 0, int(d.rng.integers(1, 5)), d.rng.integers(0, 4, _shape(kind, *shape)))
    path = Path(
        f"{pre.name}_to_{post.name}", pre.name, post.name, into, sends, d.during(0.4), closed=d.one("hold", "zero"),
        delay=delay, there=there, kind=kind,
    )  # fmt: skip
    return path if post.name == "one" or d.chance(0.3) else replace(path, **_rule(d, stimulus, told, kind))


def _other_kinds(post: int, pre: int) -> list[str]:
    return (["one to one"] if post == pre else []) + (["windows", "one window"] if pre == 3 and post in (2, 3) else [])


def _shape(kind: str, post: int, pre: int) -> tuple[int, ...]:
    taps = 2 if post < pre else 3
    shapes = {"one to one": (post,), "windows": (post, 1, 1, taps), "one window": (1, 1, taps)}
    return shapes.get(kind, (post, pre))


def _mirrored(d: Draws, paths: list[Path]) -> list[Path]:
    """Some of the projections between two populations have the weights of the one in the opposite direction."""
    found: list[Path] = []
    for p in paths:
        opposite = [q for q in found if (q.pre, q.post) == (p.post, p.pre) and q.pre != q.post and q.kind == "matrix"]
        if opposite and p.kind == "matrix" and d.chance(0.4):
            p = replace(
                p, mirrors=opposite[0].name, scale=d.one(1.0, -0.5), there=None, rule=(), traces=(), states=(), learns="",
            )  # fmt: skip
        found.append(p)
    return found


def _rule(d: Draws, stimulus: bool, told: bool, kind: str) -> dict[str, Any]:
    p = d.one("x_pre", "arriving_pre", *([] if stimulus else ["gain_pre", "latched_pre", "mean_pre", "kept_pre"]))
    q, r = (d.one("x_post", "gain_post", "latched_post", "mean_post", "basal_post", "count_post") for _ in "qr")
    learns = d.some(DAY, 3)
    now = f"in_{learns.split(' and ')[0]}"
    by = "*told" if told and d.chance(0.5) else ""
    plain: list[dict[str, Any]] = [
        dict(rule=(f"dw = .05*{p}*{q}{by} - .01*w",)),
        dict(rule=(f"el = .8*el*(1 - {now}) + {p}*{q}", f"dw = .05*{r}*el{by}"), traces=("el",)),
        dict(rule=(f"el = el + .2*({r}*{p} - el)", f"m = .5*m + {now}*{q}*el", "dw = .05*m"), traces=("el",), states=("m",)),
        dict(rule=(f"m = .5*m + {p}*{q}{by}", "dw = .05*m")  , states=("m",)),
        dict(rule=(f"dw/dt = eta*({p}*{q}{by} - w*{q}**2)",)),
    ]  # fmt: skip
    rules = plain if kind == "one window" else [*plain,
        dict(rule=(f"del/dt = ({p}*{q} - el)/slow", f"dw/dt = eta*{r}*el{by}"), traces=("el",)),
        dict(rule=(f"dw = .02*{p}*{q} - .01*incoming(w)*w",)),
        dict(rule=(f"dw = .02*{q}*({p} - .5*incoming(w*{p}))",)),
        dict(rule=(f"dw = .02*{p}*({q} - .5*outgoing(w*{q}))",)),
        dict(rule=(f"g = {p}*{q}", f"dw = .05*g - .01*{now}*w*{r}")),
        dict(rule=(f"dw = .05*tanh({p}*{q} + w*{r}){by}",)),
        dict(rule=(f"el = .5*el + {p}", f"f = .5*f + {q}*el", f"dw = .05*tanh(f)*{r}{by}"), traces=("el", "f")),
    ]  # fmt: skip
    return d.one(*rules) | {"learns": learns}


def circuit(plan: Plan, **options: Any) -> rc.Circuit:
    """The circuit of a plan."""
    net = rc.Circuit(batch_size=plan.batch, seed=1, **options)
    told = {m.name for m in plan.messages}
    made = {}
    for u in plan.units:
        if u.shown is not None:
            every = {"every": u.every * ms} if u.every else {}
            made[u.name] = net.stimulus(u.name, u.size, during=u.shown or None, closed=u.closed, **every)
        else:
            made[u.name] = net.population(u.name, u.size, _neuron(u, told), **_arrays(u))
    for m in plan.messages:
        net.broadcast(made[m.source], m.name, during=m.during or None, closed=m.closed)
    for p in plan.paths:
        net.connect(
            made[p.pre], made[p.post], into=p.into, sends=p.sends, name=p.name, during=p.during or None,
            closed=p.closed, rule=_learning(p, told), **_weights(net, p),
            **({"learns": p.learns} if p.rule else {}), **({"delay": p.delay * ms} if np.any(p.delay) else {}),
        )  # fmt: skip
    for mode, windows in plan.modes.items():
        net.phases(mode=mode, **{n: (b * ms, e * ms) for n, (b, e) in windows.items()})
    return net


def _neuron(u: Units, told: set[str]) -> rc.Neuron:
    heard = [f"{n} : 1 (broadcast)" for n in told if u.name != "one"]
    numbers = {name: value * second for name, value in u.parameters.items() if np.ndim(value) == 0}
    numbers |= {name: 1 * ms for name, value in u.parameters.items() if np.ndim(value)}
    sums = [f"{total} : 1 (weights into {into})" for total, into in u.totals.items()]
    return rc.Neuron(
        "\n".join([*(f"{c} : 1 (compartment)" for c in u.compartments), *heard, *sums, *u.lines]), **numbers
    )


def _weights(net: rc.Circuit, p: Path) -> dict[str, Any]:
    """Weights and connectivity; a matrix of synapses in one of the forms in which it can be given."""
    if p.mirrors:
        return {"weights": p.scale * net[p.mirrors].T}
    sizes = net[p.pre].size, net[p.post].size
    options = dict(maps=1, kernel=(1, 2 if sizes[1] < sizes[0] else 3), padding=0 if sizes[1] < sizes[0] else "same")
    there: Any = p.there
    if there is not None:
        forms = [there, sparse.csr_matrix(there), np.nonzero(there)[::-1]]
        there = forms[int(there.sum()) % 3]
    kinds = {"one to one": rc.OneToOne, "matrix": lambda: there}
    kinds |= {"windows": lambda: rc.Local((1, 1, sizes[0]), **options)}
    kinds |= {"one window": lambda: rc.Convolution((1, 1, sizes[0]), **options)}
    return {"weights": rc.normal(0.7), "connectivity": kinds[p.kind]()}


def _arrays(u: Units) -> dict[str, Any]:
    return {name: value * second for name, value in u.parameters.items() if np.ndim(value)}


def _learning(p: Path, told: set[str]) -> Any:
    if not p.rule:
        return None
    heard = tuple(n for n in told if n in " ".join(p.rule))
    text = "\n".join(p.rule)
    return rc.Rule(
        p.name, source="a test", forward=text, feedback=text, traces=p.traces, state=p.states, broadcasts=heard,
        parameters={n: v for n, v in dict(eta=20 * Hz, slow=5 * ms).items() if n in text},
    )  # fmt: skip


def data(
    plan: Plan, mode: str, samples: int, seed: int, *, ragged: bool = False, arrays: bool = False
) -> dict[str, Any]:
    """Samples for all stimuli of a mode; some end early, and without ``arrays`` some are one series for all."""
    rng, found = np.random.default_rng(seed), {}
    for u in plan.units:
        if u.shown is None:
            continue
        rows = rows_of(u, plan.modes[mode])
        found[u.name] = rng.normal(size=(samples, rows, u.size) if u.every else (samples, u.size))
        if u.every and ragged and samples > 1 and rows > 1:
            ended = np.arange(rows) >= rng.integers(1, rows + 1, samples)[:, None]
            found[u.name] = np.ma.array(found[u.name], mask=np.repeat(ended[:, :, None], u.size, axis=2))
        elif u.every and u.name == "y" and not arrays:
            found[u.name] = _shared(found[u.name][0], u.every * ms, int(rng.integers(4)), found[u.name])
    return found


def _shared(rows: np.ndarray, every: Any, form: int, each: np.ndarray) -> Any:
    """One series for all samples, in one of three forms; or a series for each sample."""
    forms = [each, rows, TimedArray(rows, dt=every), lambda t: rows[round(t / every)]]
    return forms[form]


def _of_all(rows: Any, every: float, count: int, samples: int) -> np.ndarray:
    """An array with the samples along its first axis, zero after their ends."""
    if isinstance(rows, TimedArray):
        rows = rows.values
    elif callable(rows):
        rows = np.array([rows(k * every * second) for k in range(count)])
    filled = np.ma.filled(rows, 0.0)
    return filled if not every or filled.ndim == 3 else np.repeat(filled[None], samples, axis=0)


def rows_of(u: Units, windows: dict[str, tuple[int, int]]) -> int:
    names = [n for n in (u.shown or "").split(" and ") if n in windows]
    length = max(end for _, end in windows.values())
    steps = {s for n in names for s in range(*windows[n])} if u.shown else set(range(length))
    return max(-(-len(steps) // max(u.every, 1)), 1)


def presented(loop: Loop, rows: dict[str, Any], samples: int, mode: str) -> None:
    """Let the loop present the samples, a batch at a time."""
    batch, of = loop.plan.batch, loop.of
    shown = {n: _of_all(v, of[n].every * DT, rows_of(of[n], loop.plan.modes[mode]), samples) for n, v in rows.items()}
    for first in range(0, samples, batch):
        active = min(batch, samples - first)
        filled = {n: v[first : first + active] for n, v in shown.items()}
        padded = {n: np.concatenate([v, np.zeros((batch - active, *v.shape[1:]))]) for n, v in filled.items()}
        loop.present(padded, active, mode)
