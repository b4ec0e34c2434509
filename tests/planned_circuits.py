"""The circuits of random plans, what is shown to them, and the same shown to the loop over steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import Hz, TimedArray, ms, second
from reference.step_loop import NOISE, Loop
from reference.step_plan import DT, Path, Plan, Units, equation
from reference.step_synapses import window
from scipy import sparse

import recircuit as rc


def circuit(plan: Plan, **options: Any) -> rc.Circuit:
    """Return the circuit of a plan."""
    net = rc.Circuit(batch_size=plan.batch, **{"seed": 1} | options)
    broadcast_names = {m.name for m in plan.messages}
    made = {}
    for u in plan.units:
        if u.shown is not None:
            every = {"every": u.every * ms} if u.every else {}
            made[u.name] = net.stimulus(u.name, u.size, during=u.shown or None, closed=u.closed, **every)
        else:
            made[u.name] = net.population(u.name, u.size, _neuron(u, broadcast_names), **_arrays(u))
    for m in plan.messages:
        net.broadcast(made[m.source], m.name, during=m.during or None, closed=m.closed)
    for p in plan.paths:
        net.connect(
            made[p.pre], made[p.post], into=p.into, sends=p.sends, name=p.name, during=p.during or None,
            closed=p.closed, rule=_learning(p, broadcast_names), **_weights(net, p),
            **({"learns": p.learns} if p.rule else {}), **({"delay": p.delay * ms} if np.any(p.delay) else {}),
        )  # fmt: skip
    for mode, windows in plan.modes.items():
        net.phases(mode=mode, **{n: (b * ms, e * ms) for n, (b, e) in windows.items()})
    return net


def _neuron(u: Units, broadcast_names: set[str]) -> rc.Neuron:
    declared = [f"{n} : 1 (broadcast)" for n in broadcast_names if u.name != "one"]
    numbers = {name: value * second for name, value in u.parameters.items() if np.ndim(value) == 0}
    numbers |= {name: 1 * ms for name, value in u.parameters.items() if np.ndim(value)}
    sums = [f"{total} : 1 (weights into {into})" for total, into in u.totals.items()]
    return rc.Neuron(
        "\n".join([*(f"{c} : 1 (compartment)" for c in u.compartments), *declared, *sums, *u.lines]), **numbers
    )


def _weights(net: rc.Circuit, p: Path) -> dict[str, Any]:
    """Return weights and connectivity; a matrix of synapses has one of the forms in which it can be given."""
    if p.mirrors:
        return {"weights": net[p.mirrors].T if p.scale == 1 else p.scale * net[p.mirrors].T}
    there: Any = p.there
    if there is not None:
        forms = [there, sparse.csr_matrix(there), np.nonzero(there)[::-1]]
        there = forms[int(there.sum()) % 3]
    of_kind = rc.OneToOne() if p.kind == "one to one" else there if p.kind == "matrix" else _windows(net, p)
    return {"connectivity": of_kind} | ({} if p.kind == "largest" else {"weights": rc.normal(0.7)})


def _windows(net: rc.Circuit, p: Path) -> Any:
    """Return the windows of a projection over a row of units, which is the image below."""
    pre, post = net[p.pre].size, net[p.post].size
    above, below = (pre, post) if p.kind.endswith("back") else (post, pre)
    taps, before = window(below, above)
    options = dict(kernel=(1, taps), padding="same" if before else 0)
    if p.kind == "largest":
        return rc.MaxPool((1, 1, below), stride=1, **options)
    form = (rc.Local if p.kind.startswith("windows") else rc.Convolution)((1, 1, below), maps=1, **options)
    return form.T if p.kind.endswith("back") else form


def _arrays(u: Units) -> dict[str, Any]:
    return {name: value * second for name, value in u.parameters.items() if np.ndim(value)}


def _learning(p: Path, broadcast_names: set[str]) -> Any:
    if not p.rule:
        return None
    declared = tuple(n for n in broadcast_names if n in " ".join(p.rule))
    text = "\n".join(p.rule)
    return rc.Rule(
        p.name, source="a test", forward=text, feedback=text, traces=p.traces, state=p.states, broadcasts=declared,
        parameters={n: v for n, v in dict(eta=20 * Hz, slow=5 * ms).items() if n in text},
    )  # fmt: skip


def data(
    plan: Plan, mode: str, samples: int, seed: int, *, ragged: bool = False, arrays: bool = False
) -> dict[str, Any]:
    """Return samples for all stimuli of a mode; some end early, and without ``arrays`` some are one series for all."""
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
    """Return one series for all samples, in one of three forms; or a series for each sample."""
    forms = [each, rows, TimedArray(rows, dt=every), lambda t: rows[round(t / every)]]
    return forms[form]


def _of_all(rows: Any, every: float, count: int, samples: int) -> np.ndarray:
    """Return an array with the samples along its first axis, zero after their ends."""
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


def noise_of(plan: Plan) -> list[str]:
    """Return the names of variables with their own noise, which the loop has to know, as it cannot draw the same numbers."""
    lines = [(u.name, equation(line)) for u in plan.units for line in u.lines]
    states = [f"{unit}.{e.name}" for unit, e in lines if NOISE.search(e.rhs)]
    targets = {p.name: line.split("=")[0].strip() for p in plan.paths for line in p.rule if NOISE.search(line)}
    return states + [f"{name}.{target if target == 'el' else 'w'}" for name, target in targets.items()]


def presented(
    loop: Loop, rows: dict[str, Any], samples: int, mode: str, recorded: Mapping[str, np.ndarray] | None = None
) -> None:
    """Let the loop present the samples, a batch at a time. ``recorded`` has what `noise_of` names, in each step."""
    loop.recorded = {key: dict(enumerate(values, loop.t)) for key, values in (recorded or {}).items()}
    batch, of = loop.plan.batch, loop.of
    shown = {n: _of_all(v, of[n].every * DT, rows_of(of[n], loop.plan.modes[mode]), samples) for n, v in rows.items()}
    for first in range(0, samples, batch):
        active = min(batch, samples - first)
        filled = {n: v[first : first + active] for n, v in shown.items()}
        padded = {n: np.concatenate([v, np.zeros((batch - active, *v.shape[1:]))]) for n, v in filled.items()}
        loop.present(padded, active, mode)
