"""The code of each kind of kernel: the template that Brian2 fills, and the variables in it."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from brian2.utils.stringtools import word_substitute

from ..delays.kernels import Delay, DelayedPropagate, LateSignals, SpreadWeights
from ..kernels import (
    Average,
    Broadcast,
    Clamp,
    Count,
    Elementwise,
    Fused,
    Kernel,
    Mask,
    OverSynapses,
    Product,
    Propagate,
    StateUpdate,
    Term,
    Traced,
    TracedPropagate,
    WeightUpdate,
)
from ..variables import split_key
from .assembly import Assembly
from .runner import Runner

References = dict[str, tuple[Any, str, str]]


@singledispatch
def runner_of(kernel: Kernel, name: str, assembly: Assembly) -> Any:
    """Return the Brian2 object that runs a kernel; None for a kernel that the presentation loop does itself."""
    raise NotImplementedError(f"there is no code for the kernel {type(kernel).__name__}")


@runner_of.register
def _(kernel: Clamp, name: str, assembly: Assembly) -> None:
    """Return None, since each backend presents the data by itself."""


@runner_of.register
def _(kernel: Elementwise, name: str, assembly: Assembly) -> Runner:
    references: References = {local: _reference(assembly, key, "0") for local, key in kernel.scalars}
    checked = not isinstance(kernel, StateUpdate)  # the dimensions of state updates have been checked
    return Runner(
        name, assembly.groups[kernel.owner], "stateupdate", kernel.code, references=references, check_units=checked
    )


@runner_of.register
def _(kernel: Average, name: str, assembly: Assembly) -> Runner:
    references: References = {
        "_shared": _reference(assembly, f"{kernel.population}.{kernel.variable}"),
        "_each": _reference(assembly, f"{kernel.population}.{kernel.of_each}"),
        "_active": _reference(assembly, "presentation.active", "0"),
    }
    group = assembly.groups[kernel.population]
    return Runner(name, group, "average", references=references, batch_size=assembly.batch_size, units=kernel.units)


@runner_of.register
def _(kernel: Propagate, name: str, assembly: Assembly) -> Runner:
    owner = split_key(kernel.weights)[0]
    references: References = {
        "_signal": _term(assembly, kernel.signal),
        "_field": _reference(assembly, kernel.field),
        "_weights": _reference(assembly, kernel.weights),
    }
    references |= _tables(assembly, owner, kernel)
    if kernel.sparse:
        references["_mask"] = _reference(assembly, f"{owner}.mask")
    if kernel.argmax:
        references["_argmax"] = _reference(assembly, kernel.argmax)
    return Runner(
        name, assembly.groups[owner], f"{kernel.connectivity.kind}_propagate", references=references,
        transposed=kernel.transposed, sparse=kernel.sparse, **_sizes(assembly, kernel),
    )  # fmt: skip


@runner_of.register
def _(kernel: TracedPropagate, name: str, assembly: Assembly) -> Runner:
    references: References = {
        "_signal": _term(assembly, kernel.signal),
        "_field": _reference(assembly, kernel.field),
        "_traces": _reference(assembly, kernel.traces),
    }
    group = assembly.groups[split_key(kernel.traces)[0]]
    sizes = _sizes(assembly, kernel)
    return Runner(name, group, "traced_propagate", references=references, transposed=kernel.transposed, **sizes)


@runner_of.register
def _(kernel: Delay, name: str, assembly: Assembly) -> Runner:
    taps = {f"_tap_{k}": key for k, (_, key) in enumerate(kernel.taps)}
    references: References = {local: _reference(assembly, key) for local, key in taps.items()}
    references |= {"_signal": _term(assembly, kernel.signal), **_line(assembly, kernel.line)}
    steps = [(local, step) for local, (step, _) in zip(taps, kernel.taps, strict=True)]
    size = assembly.batch_size * assembly.lowered.network.populations[kernel.population].size
    return Runner(
        name,
        assembly.groups[kernel.population],
        "delay",
        references=references,
        taps=steps,
        length=kernel.length,
        size=size,
    )


@runner_of.register
def _(kernel: DelayedPropagate, name: str, assembly: Assembly) -> Runner:
    references: References = {
        "_field": _reference(assembly, kernel.field),
        "_weights": _reference(assembly, kernel.weights),
        **_line(assembly, kernel.line),
    }
    tables = ("delay_start", "delay_pre", "delay_weight", "delay_steps")
    references |= {f"_{table}": _reference(assembly, f"{kernel.projection}.{table}") for table in tables}
    return Runner(
        name, assembly.groups[kernel.projection], "delayed_propagate", references=references, length=kernel.length,
        batch_size=assembly.batch_size, n_pre=kernel.n_pre, n_post=kernel.n_post,
    )  # fmt: skip


@runner_of.register
def _(kernel: LateSignals, name: str, assembly: Assembly) -> Runner:
    references: References = {"_signals": _reference(assembly, kernel.signals), **_line(assembly, kernel.line)}
    references |= {f"_{t}": _reference(assembly, f"{kernel.projection}.{t}") for t in ("delay_pre", "delay_steps")}
    return Runner(
        name, assembly.groups[kernel.projection], "late_signals", references=references, length=kernel.length,
        batch_size=assembly.batch_size, n_pre=kernel.n_pre, count=kernel.count,
    )  # fmt: skip


@runner_of.register
def _(kernel: SpreadWeights, name: str, assembly: Assembly) -> Runner:
    references: References = {
        "_spread": _reference(assembly, kernel.spread),
        "_weights": _reference(assembly, kernel.weights),
    }
    references |= {f"_{t}": _reference(assembly, f"{kernel.projection}.{t}") for t in ("delay_place", "delay_weight")}
    synapses = assembly.variables[f"{kernel.projection}.delay_place"].size
    return Runner(
        name, assembly.groups[kernel.projection], "spread_weights", references=references, synapses=synapses
    )  # fmt: skip


@runner_of.register
def _(kernel: Broadcast, name: str, assembly: Assembly) -> Runner:
    population = split_key(kernel.field)[0]
    references: References = {"_signal": _term(assembly, kernel.signal), "_field": _reference(assembly, kernel.field)}
    size = assembly.lowered.network.populations[population].size
    return Runner(
        name,
        assembly.groups[population],
        "broadcast",
        references=references,
        batch_size=assembly.batch_size,
        n_post=size,
    )


@runner_of.register
def _(kernel: Product, name: str, assembly: Assembly) -> Runner:
    references = _contribution(assembly, kernel)
    references |= {"_pre": _term(assembly, kernel.pre), "_post": _term(assembly, kernel.post)}
    if kernel.sparse:
        references["_mask"] = _reference(assembly, f"{kernel.projection}.mask")
    return Runner(
        name, assembly.groups[kernel.projection], f"{kernel.connectivity.kind}_product", _scales(kernel),
        references=references, sparse=kernel.sparse, **_sizes(assembly, kernel),
    )  # fmt: skip


@runner_of.register
def _(kernel: Fused, name: str, assembly: Assembly) -> Runner:
    references = _contribution(assembly, kernel)
    for part in kernel.parts:
        references[part.name] = _term(assembly, part.term, f"_{part.side}_index")
    return Runner(
        name, assembly.groups[kernel.projection], "fused", f"{_scales(kernel)}\n_value = {kernel.expression}",
        references=references, auxiliary=("_pre_index", "_post_index"), kind=kernel.connectivity.kind,
        vanishing=dict(kernel.vanishing), **_sizes(assembly, kernel),
    )  # fmt: skip


@runner_of.register
def _(kernel: Traced, name: str, assembly: Assembly) -> Runner:
    own = f"{kernel.projection}."
    references: References = {t: _reference(assembly, own + t, "_trace_index") for t in kernel.traces}
    references |= {"_active": _reference(assembly, "presentation.active", "0")}
    references |= _tables(assembly, kernel.projection, kernel)
    if kernel.target:
        references["_target"] = _reference(assembly, own + kernel.target)
    for part in kernel.parts:
        references[part.name] = _term(assembly, part.term, f"_{part.side}_index")
    weights = assembly.variables[own + "w"].size
    return Runner(
        name, assembly.groups[kernel.projection], "traced", _traced_code(kernel), references=references,
        auxiliary=("_pre_index", "_post_index", "_trace_index"), kind=kernel.connectivity.kind, traces=kernel.traces,
        written=kernel.written, has_target=bool(kernel.target), adds=kernel.keep != "0",
        weights=weights, **_sizes(assembly, kernel),
    )  # fmt: skip


def _traced_code(kernel: Traced) -> str:
    """Return the lines for the new values of traces, which later lines read, and for the value that is averaged."""
    now: dict[str, str] = {}
    shared, there = kernel.connectivity.shared, "mask*" if kernel.masked else ""
    lines: list[str] = []
    for statement in kernel.statements:
        value = f"({word_substitute(statement.expression, now)})"
        if shared:
            lines.append(f"_value = {there}{value}")
            break
        now[statement.target] = f"_new_{statement.target}"
        lines.append(f"{now[statement.target]} = {there}{value}")
    if kernel.target:
        lines.append(f"_value = {word_substitute(kernel.expression, {} if kernel.early else now)}")
    return "\n".join([*lines, f"_once = {there}({kernel.once})"] if shared else lines)


@runner_of.register
def _(kernel: Mask, name: str, assembly: Assembly) -> Runner:
    code = "\n".join(statement.line for statement in kernel.statements)
    return Runner(name, assembly.groups[kernel.projection], "mask", code, masked=kernel.kept)


@runner_of.register
def _(kernel: Count, name: str, assembly: Assembly) -> Runner:
    return Runner(name, assembly.groups[kernel.projection], "once", "updates = updates + 1")


def _scales(kernel: WeightUpdate) -> str:
    return f"_keep = {kernel.keep}\n_scale = {kernel.scale}"


def _contribution(assembly: Assembly, kernel: WeightUpdate) -> References:
    """Return the references of every update: its target, the number of elements that show something, and tables."""
    return {
        "_target": _reference(assembly, f"{kernel.projection}.{kernel.target}"),
        "_active": _reference(assembly, "presentation.active", "0"),
        **_tables(assembly, kernel.projection, kernel),
    }


def _line(assembly: Assembly, key: str) -> References:
    """Return references to a delay line, and to the step number, from which the places in the line follow."""
    return {"_line": _reference(assembly, key), "_timestep": (assembly.clock, "timestep", "0")}


def _sizes(assembly: Assembly, kernel: OverSynapses) -> dict[str, Any]:
    return {
        "batch_size": assembly.batch_size, "n_pre": kernel.n_pre, "n_post": kernel.n_post, **kernel.connectivity.numbers()
    }  # fmt: skip


def _tables(assembly: Assembly, owner: str, kernel: OverSynapses) -> References:
    """Return references to the tables of a connectivity."""
    return {f"_{table}": _reference(assembly, f"{owner}.{table}") for table in kernel.connectivity.tables}


def _term(assembly: Assembly, term: Term, index: str = "_idx") -> tuple[Any, str, str]:
    return _reference(assembly, term.key, index)


def _reference(assembly: Assembly, key: str, index: str = "_idx") -> tuple[Any, str, str]:
    owner, variable = split_key(key)
    return assembly.groups[owner], variable, index
