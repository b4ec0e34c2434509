"""Small circuits that many tests share."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import ms
from reference import amit

import recircuit as rc
from recircuit.circuits import Dense

SIZES = (6, 5, 3)


def layered(
    sizes: tuple[int, ...] = SIZES,
    rule: rc.Rule = rc.urfb,
    *,
    output: Any = None,
    transfer: str = "clip",
    forward: Dense | None = None,
    feedback: Dense | None = None,
    tau: Any = 1 * ms,
    lengths: tuple[int, int] | None = None,
    **options: Any,
) -> rc.Circuit:
    """x, h1, h2, ..., o: as deep as ``sizes`` says, in lock step unless ``tau`` or ``lengths`` (in ms) say otherwise."""
    output = output or rc.hinge_output(M=20)
    net = rc.Circuit(**options)
    lower = net.stimulus("x", sizes[0])
    depth = len(sizes) - 1
    for l, size in enumerate(sizes[1:], start=1):
        top = l == depth
        upper = net.population("o" if top else f"h{l}", size, output if top else rc.pyramidal(transfer, tau=tau))
        net.connect(lower, upper, rule=rule.forward, structure=forward)
        if l > 1:
            net.connect(upper, lower, into="apical", rule=rule.feedback, structure=feedback)
        lower = upper
    ff, err = lengths or (depth, output.error_steps)
    net.phases("feedforward", ff * ms, "error", err * ms, "feedback", max(depth - 1, 1) * ms, "plasticity", 1 * ms)
    return net


def layers(net: rc.Circuit) -> list[str]:
    """The populations from the stimulus to the output."""
    return [n for n in net.populations if n == "x" or n == "o" or n.startswith("h")]


def weights(net: rc.Circuit) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Copies of W_l, l = 1..L, and of R_l, l = 2..L (none for backpropagation)."""
    names = layers(net)
    pairs = list(zip(names[:-1], names[1:]))
    ups = [net[f"{a}_to_{b}.w"] for a, b in pairs]
    if any(isinstance(net[f"{b}_to_{a}"].weights, rc.circuits.projection.Transposed) for a, b in pairs[1:]):
        return ups, []
    return ups, [net[f"{b}_to_{a}.w"] for a, b in pairs[1:]]


def stimuli(net: rc.Circuit, count: int = 12, seed: int = 1) -> dict[str, np.ndarray]:
    """Normal stimuli and random labels."""
    rng = np.random.default_rng(seed)
    sizes = {n: net.populations[n].size for n in ("x", "o")}
    return {"x": rng.normal(size=(count, sizes["x"])), "s": rng.integers(0, sizes["o"], count)}


def masks_of(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """1 where a weight is not 0."""
    return [(a != 0).astype(float) for a in arrays]


def textbook(
    ups: list[np.ndarray], downs: list[np.ndarray], data: dict[str, np.ndarray], columns: int, **options: Any
) -> None:
    """Train the copies in place, ``columns`` rows at a time, by the NumPy reference."""
    for k in range(0, len(data["s"]), columns):
        amit.train_step(ups, downs, data["x"][k : k + columns], data["s"][k : k + columns], **options)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference, relative to the largest value (at least 1)."""
    return float(np.abs(a - b).max(initial=0) / max(1.0, np.abs(b).max(initial=0)))
