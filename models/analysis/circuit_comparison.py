"""Comparisons of circuits: two lowerings, B batch elements and B circuits, a rule and its law. In float64."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...circuits import Circuit
from ...circuits.lowering.variables import split_key
from ...plasticity import SynapticEquation
from ...plasticity.ambiguity import of_elements
from ...plasticity.parse import names_in
from ...plasticity.values import Values
from ..networks.rule_test_circuits import bench

__all__ = ["Data", "Make", "State", "element_differences", "distance", "law_differences", "form_differences"]

Make = Callable[..., Circuit]
Data = Mapping[str, NDArray[Any]]
State = dict[str, NDArray[np.float64]]
_DRAW = re.compile(r"\brandn?\s*\(\s*\)|\bxi\b")


def distance(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Return the largest difference, relative to the largest value (at least 1); infinite if a value is not finite."""
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float(np.abs(a - b).max(initial=0) / max(1.0, np.abs(b).max(initial=0)))


def form_differences(make: Make, data: Data, among: Iterable[str] = ()) -> dict[str, float]:
    """Return how far the dense form is from plain Brian2, for each variable of each unit at each step and at the end.

    Parameters
    ----------
    make : Make
        A function that makes the circuit, given `lowering`.
    data : Data
        Rows for its stimuli.
    among : iterable of str
        More variables to record.
    """
    dense, plain = make(lowering="dense"), make(lowering="reference")
    names = [*(k for k in _of_units(plain) if k in _of_units(dense)), *among]
    a, b = dense.run(data, record=names), plain.run(data, record=names)
    differences = {name: distance(a[name], b[name]) for name in names}
    left, right = dense.state(), plain.state()
    for key in (k for k in right if k in left):
        exists = plain.lowered().variables[key].places
        mask = right.get(f"{key.split('.')[0]}.mask")  # of weights that synapses share
        if mask is not None and mask.shape == right[key].shape:
            exists = np.flatnonzero(mask)
        there = ... if exists is None or key.endswith(".w") else np.unravel_index(exists, right[key].shape)
        differences[key] = max(distance(left[key][there], right[key][there]), differences.get(key, 0.0))
    return differences


def element_differences(make: Make, data: Data, batch_size: int) -> dict[str, float]:
    """Return how far B batch elements are from B circuits whose weights are averaged after each presentation.

    That holds of a rule whose change is one mean over batch elements; of any rule, see `law_differences`.

    Parameters
    ----------
    make : Make
        A function that makes the circuit, given `batch_size`.
    data : Data
        Rows for its stimuli, as many as fill the batch elements.
    batch_size : int
        The number of batch elements, B.
    """
    many, one = make(batch_size=batch_size), make(batch_size=1)
    shared = [k for k in many.state(weights_only=True) if k in one.state(weights_only=True)]
    units = _of_units(one)
    differences = dict.fromkeys(shared, 0.0)
    for row in np.arange(len(next(iter(data.values())))).reshape(-1, batch_size):
        before, rates = {k: many[k] for k in shared}, {k: many[k] for k in units}
        many.run(data, order=row[None])
        after = []
        for element, k in enumerate(row):
            one.set_state(before | {key: values[element : element + 1] for key, values in rates.items()})
            one.run(data, order=[[k]])
            after.append({k: one[k] for k in shared})
        for key in shared:
            differences[key] = max(differences[key], distance(many[key], np.mean([a[key] for a in after], axis=0)))
    return differences


def law_differences(
    equation: SynapticEquation, data: Data, batch_size: int, seed: int, *, own_states: bool = False
) -> dict[str, float]:
    """Return how far B batch elements are from the law of sharing: compute in every element, take the mean, then go on.

    The law is computed on the bench: plain Brian2 runs each statement by itself, one batch element after the other, and
    between two statements the mean is taken here. Each batch element keeps traces of its own. Noise does not change from
    step to step, as each draw is a value of the synapse.

    Parameters
    ----------
    equation : SynapticEquation
        An equation of a rule.
    data : Data
        Rows for the stimuli of its bench, or of more; they need not fill the batch elements.
    batch_size : int
        The number of batch elements, B.
    seed : int
        The seed of weights and draws.
    own_states : bool, default False
        Whether to compare with B *circuits*, each of which has states of its own too. A statement that reads units is then
        computed by each circuit with its own state, and one that reads none with the mean; only the weight is the mean at
        any time. Batches that are not full are left out. The result is the same, unless the rule means something else in
        several batch elements.
    """
    equation, draws = _without_noise(equation)
    own = f"{equation.direction}."
    many = _alone(equation, batch_size=batch_size, seed=seed)
    rng = np.random.default_rng(seed)
    many.set_state({f"{own}{name}": rng.uniform(0.5, 1, many[f"{own}w"].shape) for name in draws})
    kept = Values({**equation.state, **dict.fromkeys(equation.locals, 0.0)})
    parts = [replace(equation, statements=(s,), state=kept) for s in equation.statements]
    single = [(part.statements[0].target, _alone(part, lowering="reference", seed=seed)) for part in parts]
    traces = {f"{own}{name}" for name in equation.traces}
    start = _variables_of(many, own)
    now = [{k: v[b : b + 1] if k in traces else v for k, v in start.items()} for b in range(batch_size)]
    for row in _batches(data, batch_size, full=own_states):
        many.run(_for(many, data), order=row[None])
        for part, (target, one) in zip(parts, single, strict=True):
            kept_apart = target in equation.traces or (own_states and target != "w" and _reads_elements(part))
            if own_states and not _reads_elements(part):
                mean = _mean_of(now, but=traces)
                now = [{k: each[k] if k in traces else v for k, v in mean.items()} for each in now]
            _take(one, _for(one, data), row[row >= 0], now, f"{own}{target}", mean=not kept_apart)
        now = [{**each, f"{own}updates": each[f"{own}updates"] + 1} for each in now]
    mean = _mean_of(now, but=traces)
    found = {k: distance(many[k], mean[k]) for k in (f"{own}{name}" for name in ("w", *equation.state))}
    return found | {k: distance(many[k], np.concatenate([each[k] for each in now])) for k in traces}


def _batches(data: Data, batch_size: int, *, full: bool) -> NDArray[np.int64]:
    """Return the rows of each presentation. If the last one is not full, it has -1, or is left out with ``full``."""
    count = len(next(iter(data.values())))
    order = np.full(-(-count // batch_size) * batch_size, -1)
    order[:count] = np.arange(count)
    batches = order.reshape(-1, batch_size)
    return batches[(batches >= 0).all(axis=1)] if full else batches


def _reads_elements(equation: SynapticEquation) -> bool:
    names = {name for s in equation.statements for name in names_in(s.node())}
    return any(of_elements(equation, name) for name in names)


def _mean_of(states: list[State], but: set[str]) -> State:
    """Return the mean of the variables of circuits, but of some, which are those of the first."""
    return {k: v if k in but else np.mean([s[k] for s in states], axis=0) for k, v in states[0].items()}


def _variables_of(net: Circuit, prefix: str) -> State:
    """Return all variables whose names begin with the prefix."""
    return {k: v for k, v in net.state().items() if k.startswith(prefix)}


def _take(one: Circuit, data: Data, rows: NDArray[np.int64], now: list[State], key: str, *, mean: bool) -> None:
    """Set a variable to what it is after a presentation of each row by itself, or to the mean of these in all."""
    after = []
    for row, start in zip(rows, now):
        one.set_state({k: v for k, v in start.items() if k in one.state()})
        one.run(data, order=[[row]])
        after.append(one[key])
    if mean:
        after = [np.mean(after, axis=0)] * len(now)
    now[: len(after)] = [{**each, key: value} for each, value in zip(now, after)]


def _without_noise(equation: SynapticEquation) -> tuple[SynapticEquation, list[str]]:
    """Return the equation with each draw as a variable of the synapse, and their names."""
    names: list[str] = []

    def named(_: re.Match[str]) -> str:
        names.append(f"drawn_{len(names)}")
        return names[-1]

    statements = tuple(replace(s, expression=_DRAW.sub(named, s.expression)) for s in equation.statements)
    state = Values({**equation.state, **dict.fromkeys(names, 0.0)})
    return replace(equation, statements=statements, state=state), names


def _alone(equation: SynapticEquation, **options: Any) -> Circuit:
    """Return the bench with one equation only."""
    nothing = SynapticEquation(equation.rule, "forward")
    return bench(*((equation, nothing) if equation.direction == "forward" else (nothing, equation)), **options)


def _for(net: Circuit, data: Data) -> Data:
    return {name: rows for name, rows in data.items() if name in net.populations}


def _of_units(net: Circuit) -> list[str]:
    """Return all stored variables of all units."""
    return [k for k, v in net.state().items() if split_key(k)[0] in net.populations and v.ndim == 2]
