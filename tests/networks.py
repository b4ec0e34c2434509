"""Small circuits that many tests share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from brian2 import ms
from reference import amit

import recircuit as rc
from recircuit.circuits import Connectivity
from recircuit.circuits.description.projections.projection import Transposed
from recircuit.models.networks.convolutional import Feedback, Synapses
from recircuit.testing import distance as distance  # the same measure as check_rule's

SIZES = (6, 5, 3)


def layered(
    sizes: tuple[int, ...] = SIZES,
    rule: rc.Rule = rc.urfb,
    *,
    output: Any = None,
    transfer: str = "clip",
    forward: Connectivity | None = None,
    feedback: Connectivity | None = None,
    tau: Any = 1 * ms,
    lengths: tuple[int, int] | None = None,
    **options: Any,
) -> rc.Circuit:
    """Return a network x, h1, h2, ..., o of ``sizes``, in step-by-step mode unless ``tau`` or ``lengths`` (ms) say
    otherwise.
    """
    output = output or rc.HingeOutput(M=20)
    net = rc.Circuit(**options)
    lower = net.stimulus("x", sizes[0])
    depth = len(sizes) - 1
    for l, size in enumerate(sizes[1:], start=1):
        top = l == depth
        upper = net.population("o" if top else f"h{l}", size, output if top else rc.pyramidal(transfer, tau=tau))
        net.connect(lower, upper, rule=rule.forward, connectivity=forward)
        if l > 1:
            net.connect(upper, lower, into="apical", rule=rule.feedback, connectivity=feedback)
        lower = upper
    ff, err = lengths or (depth, output.error_steps)
    net.phases("feedforward", ff * ms, "error", err * ms, "feedback", max(depth - 1, 1) * ms, "plasticity", 1 * ms)
    return net


def layers(net: rc.Circuit) -> list[str]:
    """Return the populations from the stimulus to the output."""
    return [n for n in net.populations if n == "x" or n == "o" or n.startswith("h")]


def weights(net: rc.Circuit) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return copies of W_l, l = 1..L, and of R_l, l = 2..L (none for backpropagation)."""
    names = layers(net)
    pairs = list(zip(names[:-1], names[1:]))
    ups = [net[f"{a}_to_{b}.w"] for a, b in pairs]
    if any(isinstance(net[f"{b}_to_{a}"].weights, Transposed) for a, b in pairs[1:]):
        return ups, []
    return ups, [net[f"{b}_to_{a}.w"] for a, b in pairs[1:]]


def stimuli(net: rc.Circuit, count: int = 12, seed: int = 1) -> dict[str, np.ndarray]:
    """Return normal stimuli and random labels."""
    rng = np.random.default_rng(seed)
    sizes = {n: net.populations[n].size for n in ("x", "o")}
    return {"x": rng.normal(size=(count, sizes["x"])), "s": rng.integers(0, sizes["o"], count)}


def masks_of(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Return arrays that are 1 where a weight is not 0."""
    return [(a != 0).astype(float) for a in arrays]


def textbook(
    ups: list[np.ndarray], downs: list[np.ndarray], data: dict[str, np.ndarray], batch_size: int, **options: Any
) -> None:
    """Train the copies in place, ``batch_size`` rows at a time, by the NumPy reference."""
    for k in range(0, len(data["s"]), batch_size):
        amit.train_step(ups, downs, data["x"][k : k + batch_size], data["s"][k : k + batch_size], **options)


def anything(seed: int, batch_size: int = 2, **options: Any) -> rc.Circuit:
    """Return a random circuit of random phases: it is recurrent, with latches, units without memory, a broadcast and noise."""
    rng, phases = np.random.default_rng(seed), ("a", "b", "c", "d")

    def during() -> str | None:
        return " and ".join(rng.choice(phases, rng.integers(1, 3), replace=False)) if rng.random() < 0.8 else None

    def flag() -> str:
        when = during()
        return f"(during {when})" if when else ""

    net = rc.Circuit(batch_size=batch_size, seed=seed, **options)
    groups = [net.stimulus("x", 3, during=during())]
    for k in range(3):
        noise = "+ .1*randn()" if rng.random() < 0.3 else ""
        time = "+ sin(t/ms)" if rng.random() < 0.2 else ""
        tau = float(rng.choice([1, 3]))
        reads = "error" if rng.random() < 0.5 else "rate"
        arriving = "+ .1*apical + .1*received" if rng.random() < 0.5 else ""
        groups.append(net.population(f"h{k}", 2, rc.Neuron(
            f"""
            basal    : 1 (compartment)
            apical   : 1 (compartment)
            received    : 1 (broadcast)
            drate/dt = (tanh(basal) {time} - rate)/tau : 1 {flag()}
            error    = tanh(apical + .5*{reads} + .2*last) : 1 (during {during() or "a"})
            last     = tanh(rate + .1*received {noise}) : 1 (during {during() or "b"})
            mixed    = rate*error - last {arriving} : 1
            """,
            tau=tau * ms,
        )))  # fmt: skip
    latched = f"(during {during() or 'c'})" if rng.random() < 0.5 else ""
    one = net.population("one", 1, rc.Neuron(f"basal : 1 (compartment)\nrate = basal : 1 {latched}"))
    net.broadcast(one, "received", during=during())
    net.connect(groups[1], one, during=during(), sends="mixed")
    rule = rc.Rule("r", source="test", forward="dw = .1*error_post*x_pre - .01*w", feedback="dw = .1*mixed_pre*x_post")
    for pre in groups:
        for post in groups[1:]:
            for into in ("basal", "apical"):
                if rng.random() < 0.4 and not (into == "apical" and pre is groups[0]):
                    sends = rng.choice(["rate", "error", "mixed"]) if pre is not groups[0] else "rate"
                    net.connect(
                        pre, post, into=into, during=during(), learns=during(), sends=str(sends), rule=rule,
                        name=f"{pre.name}_to_{post.name}_{into}",
                    )  # fmt: skip
    begins = rng.integers(0, 4, len(phases))
    ends = begins + rng.integers(1, 4, len(phases))
    windows = {name: (int(s) * ms, int(e) * ms) for name, s, e in zip(phases, begins, ends)}
    net.phases(evaluation=list(rng.choice(phases, 2, replace=False)), **windows)
    return net


def grouped(options: Mapping[str, Any], **groups: type) -> dict[str, Any]:
    """Return options in which the fields of dataclasses are gathered: ``grouped({"c": 1}, perturbation=Perturbation)``."""
    left = dict(options)
    made = {
        group: kind(**{f.name: left.pop(f.name) for f in fields(kind) if f.name in left})
        for group, kind in groups.items()
    }
    return left | made


def image_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of `image_network`, with those of its synapses and of its feedback by their own names."""
    return grouped(options, synapses=Synapses, feedback=Feedback)
