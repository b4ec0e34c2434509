"""Neural field: it attends to one of several things that move (Amari 1977; Rougier and Vitay 2006; ANNarchy's example).

Amari, S. (1977). Dynamics of pattern formation in lateral-inhibition type neural fields. Biological Cybernetics 27, 77-87.
Rougier, N. P., and Vitay, J. (2006). Emergence of attention within a neural field. Neural Networks 19, 573-581. Vitay, J.,
Dinkelbach, H. U., and Hamker, F. H. (2015). ANNarchy. Front. Neuroinform. 9, 19: the example neural_field.

    input_i = (baseline_i + noise)^+                                            noise: uniform from -1/2 to 1/2
    tau dr_i/dt = input_i + sum over j of w_ij r_j + noise - r_i,   0 <= r_i <= 1
    w_ij = 0.2 exp(-d^2/(2 0.1^2)) - 0.1 exp(-d^2/(2 0.7^2))                     d: distance, 1 along an edge of the map

What is shown: the example of ANNarchy, with its equations, weights and world. On 20 by 20 units a bump of baselines, which is
half as high as the noise is wide, moves around a circle in 5 s, and a bubble of activity follows it. After 0.5 s a second bump
appears, as high, on the other side of the circle: the field stays with the first, as Rougier and Vitay report of theirs, with
other weights. With two more bumps of that height the bubble goes from one to another every second or so. The control has the
same units without lateral synapses.

Bounds: neither source states a distance. The bump has a width of 2 units; a bubble that is about it has its centre of mass
within 1 unit of the bump's, on average. Without lateral synapses the centre of mass is that of the noise, near the centre of
the map, which is 5 units away: more than 4. With a second bump, the first is to have most of the activity in 99% of all steps.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

INPUT = rc.Neuron("""
    baseline : 1
    noise = rand() - 0.5                      : 1 (stored)
    rate  = clip(baseline + noise, 0, inf)    : 1
""")
FOCUS = rc.Neuron(
    """
    seen    : 1 (compartment)
    lateral : 1 (compartment)
    noise = rand() - 0.5                                                        : 1 (stored)
    rate  = clip(rate + (seen + lateral + noise - rate)*pace, 0, 1)              : 1 (stored)
    """,
    pace=0.1,
)


def places(side: int) -> NDArray[np.float64]:
    """Return the place of each unit, as (units, 2), in units."""
    return np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), axis=-1).reshape(-1, 2)


def differences_of_gaussians(side: int) -> NDArray[np.float64]:
    """Return the lateral weights; there is none from a unit to itself, and none below a hundredth of the largest amplitude."""
    place = places(side) / (side - 1)
    squared = np.sum((place[:, None] - place) ** 2, axis=-1)
    weights = 0.2 * np.exp(-squared / (2 * 0.1**2)) - 0.1 * np.exp(-squared / (2 * 0.7**2))
    return np.where((np.abs(weights) < 0.002) | np.eye(side**2, dtype=bool), 0.0, weights)


def field(side: int = 20, lateral: bool = True, batch_size: int = 1, seed: int = 0) -> rc.Circuit:
    """Return a circuit without phases that holds the input and the field."""
    net = rc.Circuit(batch_size=batch_size, dt=1 * ms, seed=seed)
    x = net.stimulus("x", side**2, INPUT, clamps="baseline", every=1 * ms)
    focus = net.population("focus", side**2, FOCUS)
    net.connect(x, focus, into="seen", weights=1.0, connectivity=rc.OneToOne())
    net.connect(focus, focus, into="lateral", weights=differences_of_gaussians(side) if lateral else 0.0)
    return net


def bumps(side: int, steps: int, count: int = 1, alone: int = 500, period: int = 5000) -> tuple[NDArray, NDArray]:
    """Return baselines, (steps, units), and centres of bumps on a circle, (bumps, steps, 2); one bump begins alone."""
    angle = 2 * np.pi * (np.arange(1, steps + 1) / period + np.arange(count)[:, None] / count)
    centres = side / 2 * (1 + 0.5 * np.stack([np.cos(angle), np.sin(angle)], axis=-1))
    shown = 0.5 * np.exp(-np.sum((places(side) - centres[:, :, None]) ** 2, axis=-1) / (2 * 2**2))
    shown[1:, :alone] = 0
    return shown.sum(axis=0), centres


def follow(count: int, lateral: bool = True, side: int = 20, steps: int = 5000) -> tuple[NDArray, NDArray, NDArray]:
    """Return the field, how far its centre of mass is from the first bump, and its activity within 4 units of each bump."""
    shown, centres = bumps(side, steps, count)
    rate = field(side, lateral).run({"x": shown}, record=["focus.rate"])["focus.rate"]
    mass = rate @ places(side) / rate.sum(axis=1, keepdims=True)
    around = np.linalg.norm(places(side) - centres[:, :, None], axis=-1) < 4
    return rate, np.linalg.norm(mass - centres[0], axis=-1), np.sum(rate * around, axis=2)


def main(out: Path = Path("."), settle: int = 1000) -> dict[str, float]:
    """Follow one, two and three bumps, and one without lateral synapses; print distances, and draw."""
    found = {count: follow(count) for count in (1, 2, 3)}
    distance = float(found[1][1][settle:].mean())
    control = float(follow(1, lateral=False)[1][settle:].mean())
    first = {count: float(np.mean(found[count][2][:, settle:].argmax(axis=0) == 0)) for count in (2, 3)}
    print(f"one bump: the bubble is {distance:.2f} units away in the mean, {control:.2f} without lateral synapses")
    for count, share in first.items():
        print(f"{count} bumps: the field is most active around the first in {100 * share:.1f}% of all steps")
    draw(found).savefig(out / "neural_field.png")
    assert distance < 1 and control > 4
    assert first[2] > 0.99
    return {"distance": distance, "control": control, "two": first[2], "three": first[3]}


def draw(found: dict[int, tuple[NDArray, NDArray, NDArray]]) -> Figure:
    """Draw the field at the end, and how active it is around each bump."""
    figure = Figure(figsize=(10, 5.5), layout="constrained")
    for column, (count, (rate, _, activity)) in zip(figure.subplots(2, 3).T, found.items()):
        side = int(np.sqrt(rate.shape[1]))
        column[0].imshow(rate[-1].reshape(side, side), vmin=0, vmax=1)
        column[0].set(title=f"{count} bumps" if count > 1 else "1 bump", xticks=[], yticks=[])
        column[1].plot(np.arange(len(rate)) / 1000, activity.T, lw=0.8)
        column[1].set(xlabel="time in s", ylabel="activity around each bump")
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
