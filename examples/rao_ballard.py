"""Predictive coding of natural images: errors of prediction are end-stopped (Rao and Ballard 1999).

Rao, R. P. N. and Ballard, D. H. (1999). Predictive coding in the visual cortex: a functional interpretation of some
extra-classical receptive-field effects. Nature Neuroscience 2, 79-87.

    three modules see patches that overlap; each predicts its patch as U r, and a second level predicts all three r as U_h r_h
    e = I - U r,   e_h = p (r - U_h r_h)                               error units of both levels; p is a precision
    dr/dt = U^T e - e_h - alpha r,   dr_h/dt = U_h^T e_h - alpha_h r_h
    dU = rate (e r^T - decay U),   dU_h = rate_h (e_h r_h^T - decay_h U_h)

U and its transpose are two sets of synapses, which begin equal and make the same changes. Units are linear, and p is 0.3 (in
the source there is a form with linear units and one with tanh, and p is 0.1).

What is shown: patches of the two photographs that ship with scikit-learn, filtered by a difference of Gaussians as in the
source. Afterwards bars of growing length are shown in the centre. As in the source, the units that send what the second level
has not predicted, r - U_h r_h, answer less to a bar that goes beyond their module (end-stopping), since long contours are
frequent in natural images, and predicted; without the feedback of the second level their answers do not fall. The measure is
the answer at each length relative to the unit's largest, on average over the units that answer to these bars. The source shows
single units, so that the check is of its claim: answers fall beyond the module with feedback, and not without.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_sample_images

import recircuit as rc

CODING = rc.Rule(
    "rao-ballard",
    source="Rao and Ballard 1999",
    forward="dw = rate*(x_post*error_pre - decay*w)",
    feedback="dw = rate*(error_post*x_pre - decay*w)",
    parameters=dict(rate=0.1, decay=0.1),
)
UNIT = rc.Neuron(
    """
    drive    : 1 (compartment)
    surprise : 1 (compartment)
    rate     = in_settle*(rate + step*(drive - surprise - alpha*rate)) : 1 (during begin and settle)
    """,
    step=0.05,
    alpha=0.1,
)
MODULES, SHIFT = 3, 4


def network(
    patch: int, units: int, above: int, rates: tuple[float, ...] = (0.1, 0.5), settling: int = 80, batch_size: int = 50
) -> rc.Circuit:
    """Return a circuit of three modules, each with `units` units for a patch of so many pixels, and of a second level."""
    net, n = rc.Circuit(batch_size=batch_size, seed=0), np.random.default_rng(0)
    x = net.stimulus("x", MODULES * patch)
    r, h = net.population("r", MODULES * units, UNIT), net.population("h", above, UNIT, alpha=0.05)
    e1 = net.population("e1", x.size, rc.ErrorUnits(x, during="settle"))
    e2 = net.population("e2", r.size, rc.ErrorUnits(r, into="surprise", during="settle", precision=0.3))
    own = np.kron(np.eye(MODULES), np.ones((patch, units))).astype(bool)
    for k, (e, of, which) in enumerate(((e1, r, own), (e2, h, np.ones((r.size, above), bool)))):
        u, rule = n.normal(0, 0.1, which.shape) * which, CODING.with_parameters(rate=rates[k], decay=(0.1, 0.02)[k])
        up = dict(name=f"up{k}", rule=rule.forward, weights=u.T.copy(), connectivity=which.T)
        net.connect(e, of, into="drive", sends="rate", during="settle", **up)
        net.connect(of, e, name=f"U{k}", rule=rule.feedback, weights=u, connectivity=which, during="settle")
    net.phases("begin", 1 * ms, "settle", settling * ms, "plasticity", 1 * ms)
    return net


def photographs() -> list[NDArray[np.float64]]:
    """Return the photographs of scikit-learn in grey, as a retina sees them, with variance 1."""
    grey = [np.asarray(image, float).mean(axis=2)[::2, ::2] for image in load_sample_images().images]
    filtered = [gaussian_filter(image, 0.6) - gaussian_filter(image, 2.0) for image in grey]
    return [image / image.std() for image in filtered]


def in_modules(images: NDArray, side: int) -> NDArray[np.float64]:
    """Cut images (n, side, side + 2 SHIFT) into the patches of the three modules, one after the other."""
    cut = [images[:, :, SHIFT * k : SHIFT * k + side].reshape(len(images), -1) for k in range(MODULES)]
    return np.concatenate(cut, axis=1)


def patches(images: list[NDArray], count: int, side: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return images at random places, some of them turned by a right angle, cut into the patches of the modules."""
    found, width, views = [], side + SHIFT * (MODULES - 1), [*images, *(image.T for image in images)]
    for _ in range(count):
        image = views[random.integers(len(views))]
        row, column = random.integers(image.shape[0] - side), random.integers(image.shape[1] - width)
        found.append(image[row : row + side, column : column + width])
    return in_modules(np.clip(found, -3, 3), side)


def bars(side: int) -> NDArray[np.float64]:
    """Return bars of all lengths in the centre, which are bright with dark flanks, of shape (places, lengths, inputs)."""
    width, found = side + SHIFT * (MODULES - 1), []
    for row in range(1, side - 1):
        for length in range(2, width + 1, 2):
            image = np.zeros((side, width))
            along = slice((width - length) // 2, (width + length) // 2)
            image[row, along] = 2.0
            image[[row - 1, row + 1], along] = -1.0
            found.append(image)
    return in_modules(np.array(found), side).reshape(side - 2, width // 2, -1)


def answers(net: rc.Circuit, shown: NDArray, units: int) -> NDArray[np.float64]:
    """Return the rates of the central module's error units, (places, lengths, units), at the end of a presentation."""
    flat = shown.reshape(-1, shown.shape[-1])
    rates = net.run(flat, learn=False, record=["e2.rate"], elements="all")["e2.rate"]
    last = rates.reshape(-(-len(flat) // net.batch_size), -1, *rates.shape[1:])[:, -1].reshape(-1, MODULES * units)
    return np.abs(last[: len(flat), units : 2 * units]).reshape(*shown.shape[:2], units)


def main(out: Path = Path("."), side: int = 8, units: int = 32, above: int = 48) -> dict[str, float]:
    """Learn from photographs, show bars with and without feedback from the second level, print and draw the answers."""
    random, images = np.random.default_rng(1), photographs()
    net, shown, curves = network(side**2, units, above), bars(side), {}
    for _ in range(10):
        net.run(patches(images, 2000, side, random))
    for name in ("with feedback", "without feedback"):
        if name == "without feedback":
            net["U1.w"] = 0 * net["U1.w"]
        found = answers(net, shown, units)
        best = found.max(axis=1)
        chosen = best > np.median(best)
        curve = curves[name] = (found.transpose(0, 2, 1)[chosen] / best[chosen][:, None]).mean(axis=0)
        at, most = 2 * curve.argmax() + 2, curve.max()
        print(f"{name:16} mean answer {most:.2f} at {at} pixels, and {curve[-1]:.2f} to the longest bar")
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    ax = figure.subplots()
    for name, curve in curves.items():
        ax.plot(2 * np.arange(1, len(curve) + 1), curve, label=name)
    ax.axvline(side, c="k", ls="--")
    ax.set(xlabel="length of the bar (line: the module)", ylabel="answer, relative to the largest", ylim=(0, 1))
    ax.legend()
    figure.savefig(out / "rao_ballard.png")
    fall = {name: float(curve[-1] / curve.max()) for name, curve in curves.items()}
    assert fall["with feedback"] < 0.85 and fall["without feedback"] > 0.95
    return fall


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
