"""Small circuits in which a rule is tried: a bench that gives it whatever it reads, and a network that it trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from brian2.units import ms
from numpy.typing import NDArray

from ...circuits import Circuit, HingeOutput, Neuron, OneToOne, Population, pyramidal
from ...circuits.description.projections.connecting import lacking
from ...errors import RecircuitError
from ...plasticity import Rule, SynapticEquation

__all__ = ["Draw", "bench", "bench_data", "data_for", "network", "variables_of"]

Draw = Callable[[np.random.Generator, tuple[int, ...]], Any] | tuple[float, float]
"""How values are drawn: a function of (generator, shape), or between two numbers."""

BELOW, ABOVE = 4, 3
SIZES = {"below": BELOW, "above": ABOVE}
ARRIVES = "signal"
NOTHING = "nothing_arrives : 1 (compartment)\nnothing_sent = 0.0 : 1"


def bench(forward: SynapticEquation, feedback: SynapticEquation, **options: Any) -> Circuit:
    """Make two populations, `below` and `above`, whose synapses transmit nothing and change by the equations of a rule.

    Each variable that an equation reads is a compartment, which a stimulus of its own fills (`below_x`), and each
    broadcast the rate of one (`loss_source`): so a rule may read what it likes, whatever makes it. The projections
    are `forward` and `feedback`; a presentation is two steps to fill the compartments, and one of plasticity, in which all
    phases are open that the equations ask for. What they send arrives nowhere, but in equations that read it.
    """
    net = Circuit(**options)
    reads = {"below": forward.reads_pre | feedback.reads_post, "above": forward.reads_post | feedback.reads_pre}
    reads = {
        side: names | {ARRIVES} if equation.reads_arriving else names
        for (side, names), equation in zip(reads.items(), (forward, feedback), strict=True)
    }
    below, above = (_filled(net, name, sorted(variables)) for name, variables in reads.items())
    for name in dict.fromkeys([*forward.broadcasts, *feedback.broadcasts]):
        net.broadcast(net.stimulus(f"{name}_source", 1), name)
    net.connect(below, above, into="nothing_arrives", sends=_sent(forward), rule=forward, name="forward")
    net.connect(
        above, below, into="nothing_arrives", sends=_sent(feedback), rule=feedback, weights=_normal, name="feedback"
    )
    learning: dict[str, Any] = dict.fromkeys(("plasticity", *forward.phases, *feedback.phases), (2 * ms, 3 * ms))
    net.phases(present=(0 * ms, 2 * ms), **learning)
    return net


def _sent(equation: SynapticEquation) -> str:
    return ARRIVES if equation.reads_arriving else "nothing_sent"


def bench_data(net: Circuit, count: int, seed: int, values: Mapping[str, Draw]) -> dict[str, NDArray[np.float64]]:
    """Return random rows for each stimulus of a bench, from -2 to -1/2 and 1/2 to 2, or as `values` says."""
    rng, meant = np.random.default_rng(seed), variables_of(net)
    return {
        name: _drawn(values.get(meant[name]), rng, (count, population.size))
        for name, population in net.populations.items()
        if population.clamp is not None
    }


def network(rule: Rule, hidden: Neuron | None = None, **options: Any) -> Circuit:
    """Make a network of 5-4-3 units that a rule trains: stimulus `x`, hidden layer `h`, and the hinge circuit with `o`.

    A projection learns where its two populations have what the equation reads. Each broadcast is the square of what a unit
    (`loss_unit`) receives of the errors.

    Parameters
    ----------
    rule : Rule
        The rule of the synapses.
    hidden : Neuron | None
        The hidden units, with a compartment `basal`, and `apical` if they receive feedback. None stands for pyramidal
        units.
    options : Any
        The options of the circuit.

    Raises
    ------
    RecircuitError
        If the rule fits no projection. The message says what the units lack.
    """
    net = Circuit(**options)
    hidden = hidden or pyramidal("tanh")
    x = net.stimulus("x", 5)
    h = net.population("h", 4, hidden)
    o = net.population("o", 3, HingeOutput(M=20))
    for name in dict.fromkeys([*rule.broadcasts, *hidden.broadcasts]):
        _add_broadcast(net, o, name)
    for pre, post in ((x, h), (h, o)):
        net.connect(pre, post, rule=rule.forward if not lacking(rule.forward, pre, post) else None)
    if "apical" in hidden.compartments:
        fits = not lacking(rule.feedback, o, h)
        net.connect(o, h, into="apical", rule=rule.feedback if fits else None)
    if not any(p.plastic for p in net.projections.values()):
        raise RecircuitError(
            f"The rule {rule.name!r} reads {', '.join(lacking(rule.forward, h, o) or lacking(rule.feedback, o, h))}, "
            f"which the units of the network do not have (hidden: {h.variables()}; output: {o.variables()}). Give "
            "the hidden units equations that have it, hidden=Neuron(...), or a circuit of yours, circuit=..."
        )
    windows = {"feedforward": (0, 2), "error": (2, 6), "feedback": (6, 7), "plasticity": (7, 8)}
    windows = dict.fromkeys((*rule.forward.phases, *rule.feedback.phases), (7, 8)) | windows
    spans: dict[str, Any] = {name: (begin * ms, end * ms) for name, (begin, end) in windows.items()}
    net.phases(**spans)
    return net


def data_for(net: Circuit, count: int, seed: int) -> dict[str, NDArray[Any]]:
    """Return normal rows for each stimulus of any circuit, and random labels for its supervisors."""
    rng = np.random.default_rng(seed)
    clamped = {p.name: (p.size, p.presents) for p in net.populations.values() if p.presents}
    return {
        name: rng.integers(0, size, count) if kind == "labels" else rng.normal(size=(count, size))
        for name, (size, kind) in clamped.items()
    }


def _filled(net: Circuit, name: str, variables: list[str]) -> Population:
    lines = [f"{v} : 1 (compartment)" for v in variables]
    population = net.population(name, SIZES[name], Neuron("\n".join([*lines, NOTHING])))
    for variable in variables:
        source = net.stimulus(f"{name}_{variable}", SIZES[name])
        net.connect(source, population, into=variable, weights=1.0, connectivity=OneToOne())
    return population


def variables_of(net: Circuit) -> dict[str, str]:
    """Return what each stimulus of a bench stands for: x for `below_x`, loss for `loss_source`."""
    filled = {p.pre.name: p.into for p in net.projections.values() if p.pre.clamp is not None}
    return filled | {sent.source.name: name for name, sent in net.broadcasts.items()}


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return rng.normal(size=shape)


def _drawn(how: Draw | None, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    if how is None:
        return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 2, shape)
    if callable(how):
        return np.broadcast_to(how(rng, shape), shape).astype(float)
    low, high = how
    return rng.uniform(low, high, shape)


def _add_broadcast(net: Circuit, o: Population, name: str) -> None:
    unit = net.population(f"{name}_unit", 1, Neuron("drive : 1 (compartment)\nrate = drive**2 : 1 (during error)"))
    net.connect(o, unit, into="drive", sends="error", weights=0.5, during="error")
    net.broadcast(unit, name)
