"""The effect of each kind of kernel on the memory of a circuit, synapse by synapse."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from ....errors import RecircuitError
from ...connectivity.pooling import MaxPool
from ...lowering import kernels
from ...lowering.delays import kernels as delay_kernels
from ...lowering.variables import Scope
from .memory import Memory, Names


@singledispatch
def perform(kernel: kernels.Kernel, memory: Memory) -> None:
    """Carry out a kernel."""
    raise RecircuitError(f"backend interpreter: it has no code for the kernel {type(kernel).__name__}.")


@perform.register
def _(kernel: kernels.Elementwise, memory: Memory) -> None:
    names = Names(memory, kernel.owner)
    names.update({name: memory.arrays[key] for name, key in kernel.scalars})
    for statement in kernel.statements:
        value = names.value(statement.expression)
        if statement.operator == "+=":
            value = names[statement.target] + value
        stored = memory.arrays.get(f"{kernel.owner}.{statement.target}")
        if stored is None:
            names[statement.target] = np.array(value)  # as it is now, if it is a variable
        else:
            stored[...] = value


@perform.register
def _(kernel: kernels.Average, memory: Memory) -> None:
    each = memory.arrays[f"{kernel.population}.{kernel.of_each}"][: memory.arrays["presentation.active"]]
    memory.arrays[f"{kernel.population}.{kernel.variable}"][...] = each.mean(axis=0)


@perform.register
def _(kernel: kernels.Propagate, memory: Memory) -> None:
    if isinstance(kernel.connectivity, MaxPool):
        return (_to_winners if kernel.transposed else _largest)(kernel, kernel.connectivity, memory)
    if kernel.transposed:
        post, pre, weight = kernel.connectivity.indices(kernel.n_post, kernel.n_pre)
    else:
        pre, post, weight = kernel.connectivity.indices(kernel.n_pre, kernel.n_post)
    sent, field, weights = (memory.arrays[key] for key in (kernel.signal.key, kernel.field, kernel.weights))
    field[...], sent = 0, np.atleast_2d(sent)  # a shared variable has no axis of batch elements if there is only one
    for b in range(len(field)):
        np.add.at(field[b], post, weights.reshape(-1)[weight] * sent[b, pre])


@perform.register
def _(kernel: kernels.TracedPropagate, memory: Memory) -> None:
    sent, pairs = np.atleast_2d(memory.arrays[kernel.signal.key]), "bij,bi->bj" if kernel.transposed else "bji,bi->bj"
    memory.arrays[kernel.field][...] = np.einsum(pairs, memory.arrays[kernel.traces], sent)


def _largest(kernel: kernels.Propagate, pool: MaxPool, memory: Memory) -> None:
    sent, argmax = np.atleast_2d(memory.arrays[kernel.signal.key]), memory.arrays[kernel.argmax]
    best = np.full(argmax.shape, -np.inf, argmax.dtype)
    for pre, post, tap in zip(*pool.by_tap(), strict=True):  # of equal inputs the first is the largest
        larger = sent[:, pre] > best[:, post]
        best[larger, post], argmax[larger, post] = sent[larger, pre], tap
    memory.arrays[kernel.field][...] = memory.arrays[kernel.weights] * best


def _to_winners(kernel: kernels.Propagate, pool: MaxPool, memory: Memory) -> None:
    sent, argmax, field = (memory.arrays[key] for key in (kernel.signal.key, kernel.argmax, kernel.field))
    field[...], sent = 0, np.atleast_2d(sent)
    for pre, post, tap in zip(*pool.by_tap(), strict=True):
        won = argmax[:, post] == tap
        field[won, pre] += memory.arrays[kernel.weights] * sent[won, post]


@perform.register
def _(kernel: delay_kernels.Delay, memory: Memory) -> None:
    line, now = memory.arrays[kernel.line], int(memory.arrays["clock.timestep"])
    for steps, tap in kernel.taps:
        memory.arrays[tap][...] = line[(now - steps) % kernel.length]
    line[now % kernel.length] = memory.arrays[kernel.signal.key]


@perform.register
def _(kernel: delay_kernels.DelayedPropagate, memory: Memory) -> None:
    line, now = memory.arrays[kernel.line], int(memory.arrays["clock.timestep"])
    start, pre, weight, steps = (
        memory.arrays[f"{kernel.projection}.delay_{table}"] for table in ("start", "pre", "weight", "steps")
    )
    field, weights = memory.arrays[kernel.field], memory.arrays[kernel.weights].reshape(-1)
    for post in range(kernel.n_post):
        mine = slice(start[post], start[post + 1])
        sent = line[(now - steps[mine]) % kernel.length, :, pre[mine]]
        field[:, post] = weights[weight[mine]] @ sent


@perform.register
def _(kernel: delay_kernels.LateSignals, memory: Memory) -> None:
    line, now = memory.arrays[kernel.line], int(memory.arrays["clock.timestep"])
    pre, steps = (memory.arrays[f"{kernel.projection}.delay_{table}"] for table in ("pre", "steps"))
    for pair in range(kernel.count):
        memory.arrays[kernel.signals][:, pair] = line[(now - steps[pair]) % kernel.length, :, pre[pair]]


@perform.register
def _(kernel: delay_kernels.SpreadWeights, memory: Memory) -> None:
    place, weight = (memory.arrays[f"{kernel.projection}.delay_{table}"] for table in ("place", "weight"))
    memory.arrays[kernel.spread].reshape(-1)[place] = memory.arrays[kernel.weights].reshape(-1)[weight]


@perform.register
def _(kernel: kernels.Broadcast, memory: Memory) -> None:
    memory.arrays[kernel.field][...] = memory.arrays[kernel.signal.key]


@perform.register
def _(kernel: kernels.Product, memory: Memory) -> None:
    pre, post, weight = kernel.connectivity.indices(kernel.n_pre, kernel.n_post)
    sent, learned = (np.atleast_2d(memory.arrays[term.key]) for term in (kernel.pre, kernel.post))
    total = np.zeros(memory.arrays[f"{kernel.projection}.{kernel.target}"].size)
    for b in range(memory.arrays["presentation.active"]):
        np.add.at(total, weight, learned[b, post] * sent[b, pre])
    _update(kernel, memory, total)


@perform.register
def _(kernel: kernels.SynapseLoop, memory: Memory) -> None:
    pre, post, weight = kernel.connectivity.indices(kernel.n_pre, kernel.n_post)
    own, total = f"{kernel.projection}.", 0.0
    for b in range(memory.arrays["presentation.active"]):
        names = Names(memory, kernel.projection)
        for v in (v for v in memory.lowered.variables.values() if v.owner == kernel.projection):
            if v.scope in (Scope.WEIGHT, Scope.TRACE):  # one value for every synapse
                names[v.name] = memory.arrays[v.key][b if v.by_element else ...].reshape(-1)[weight]
        for part in kernel.parts:
            names[part.name] = np.atleast_2d(memory.arrays[part.term.key])[b, pre if part.side == "pre" else post]
        early = _summed(kernel.expression, kernel.once, names, weight) if kernel.early else None
        for statement in kernel.statements:
            value = _summed(statement.expression, kernel.once, names, weight)
            value = value * memory.arrays[f"{own}mask"].reshape(-1) if kernel.masked else value
            memory.arrays[own + statement.target][b] = value.reshape(memory.arrays[f"{own}w"].shape)
            names[statement.target] = value[weight]
        total = total + (_summed(kernel.expression, kernel.once, names, weight) if early is None else early)
    if kernel.target:
        _update(kernel, memory, np.asarray(total))


def _summed(each: str, once: str, names: Names, weight: np.ndarray) -> np.ndarray:
    """Return, for every weight, the sum over its synapses of one expression, plus another expression once."""
    total, alone = np.zeros((2, names.memory.arrays[f"{names.owner}.w"].size))
    np.add.at(total, weight, names.value(each))
    alone[weight] = names.value(once)
    return alone + total


def _update(kernel: kernels.WeightUpdate, memory: Memory, total: np.ndarray) -> None:
    """Set target = keep*target + scale*mean, where the mean is over the batch elements that show something."""
    names, target = Names(memory, kernel.projection), memory.arrays[f"{kernel.projection}.{kernel.target}"]
    mean = total.reshape(target.shape) / memory.arrays["presentation.active"]
    target[...] = names.value(kernel.keep) * target + names.value(kernel.scale) * mean


@perform.register
def _(kernel: kernels.Mask, memory: Memory) -> None:
    perform(kernels.Elementwise(kernel.projection, kernel.statements), memory)


@perform.register
def _(kernel: kernels.Count, memory: Memory) -> None:
    memory.arrays[f"{kernel.projection}.updates"] += 1
