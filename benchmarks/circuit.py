"""The reference workload as a circuit of recircuit."""

from __future__ import annotations

import numpy as np
from brian2 import ms

import recircuit as rc
from benchmarks.workload import Problem, Settings

HIDDEN = """
    basal : 1 (compartment)
    apical : 1 (compartment)
    drate/dt = (tanh(basal) - rate)/tau : 1
    error = apical*(1 - tanh(basal)**2) : 1 (stored)
"""
OUTPUT = """
    basal : 1 (compartment)
    supervision : 1 (compartment)
    drate/dt = (tanh(basal) - rate)/tau : 1
    error = (supervision - rate)*in_clamped : 1 (stored)
"""


def reference_circuit(settings: Settings, mode: str = "needed") -> rc.Circuit:
    """Return one circuit for both modes: in "every" nothing is left out, in "needed" it finds out by itself what can be."""
    steps, last = settings.steps * ms, (settings.steps - 1) * ms
    tau, rule = ms / settings.mix, rc.urfb.with_parameters(rate=settings.rate)
    net = rc.Circuit(batch_size=settings.batch_size, dt=1 * ms, precision="float32", optimise=mode == "needed")
    layers = [net.stimulus("x", settings.sizes[0])]
    for l, n in enumerate(settings.sizes[1:-1], 1):
        layers.append(net.population(f"h{l}", n, rc.Neuron(HIDDEN, tau=tau)))
    layers.append(net.population("o", settings.sizes[-1], rc.Neuron(OUTPUT, tau=tau)))
    s = net.stimulus("s", settings.sizes[-1], during="clamped")
    for pre, post in zip(layers, layers[1:]):
        net.connect(pre, post, rule=rule)
    for upper, lower in zip(layers[2:], layers[1:]):
        net.connect(upper, lower, into="apical", rule=rule)
    net.connect(s, layers[-1], into="supervision", weights=1.0, connectivity=rc.OneToOne())
    net.phases(settle=(0 * ms, steps), clamped=(settings.clamped_from * ms, steps), plasticity=(last, steps))
    return net


def weight_names(net: rc.Circuit) -> list[str]:
    """Return W_1..W_L, then R_1..R_{L-1}."""
    forward = [p.name for p in net.projections.values() if p.into == "basal"]
    back = [p.name for p in net.projections.values() if p.into == "apical"]
    return [f"{name}.w" for name in forward + back]


def set_initial(net: rc.Circuit, problem: Problem) -> None:
    """Set the problem's weights; rates and errors are 0."""
    for name, value in zip(weight_names(net), problem.weights + problem.feedback):
        net[name] = value
    for name, population in net.populations.items():
        for variable in ("rate", "error"):
            if population.clamp is None and f"{name}.{variable}" in net.lowered().variables:
                net[f"{name}.{variable}"] = np.float32(0)
