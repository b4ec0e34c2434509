"""Baldi, Sadowski and Lu 2018, section 3.1, Eq. 14-15: what it costs to bring errors to the hidden layers.

Multiplications of weights and signals are counted one by one while the circuits run, per presentation and batch
element. The text has W, all weights, for BP and RBP; the backward pass needs the weights above the first layer only, W
- N_0 N_1. SRBP needs W' = N_L (N_1 + ... + N_(L-1)). For the MNIST network, 784-100-100-100-100-10: W = 109,400, of
which 31,000 backwards, and W' = 4,000.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from ...analysis.counted_products import counted_products
from ...networks.random_backpropagation import Variant, random_backpropagation
from ..framework.experiment import Check, Experiment, Report, Settings, checks
from ..framework.figure_style import BLUE, GREY, letter, new_figure

SIZES: Mapping[str, tuple[int, ...]] = {
    "MNIST network": (784, 100, 100, 100, 100, 10),
    "equal layers": (50, 50, 50, 50, 50),
    "tapering": (200, 150, 100, 50, 1),
}
ALGORITHMS = ("bp", "rbp", "srbp")
COLOURS = {"forward": GREY, "feedback": BLUE}


def run(settings: Settings) -> Report:
    """Count in every network, with every algorithm."""
    counted = {}
    for name, sizes in SIZES.items():
        settings.show_progress(f"baldi-cost: {name}")
        counted[name] = {a: _counted(sizes, a) for a in ALGORITHMS}
    made = [c for name, of in counted.items() for c in _checks(name, SIZES[name], of)]
    mnist = counted["MNIST network"]
    made += checks(
        "MNIST network, ",
        [
            ("forward", mnist["bp"]["forward"], "==", 109_400),
            ("BP, backwards", mnist["bp"]["feedback"], "==", 31_000),
            ("SRBP, backwards", mnist["srbp"]["feedback"], "==", 4_000),
        ],
    )
    return Report(made, _draw(counted))


def _counted(sizes: Sequence[int], algorithm: str) -> dict[str, int]:
    """Return what one presentation takes, with minibatches of 2."""
    net = random_backpropagation(sizes, Variant(algorithm), batch_size=2, seed=0)
    rng = np.random.default_rng(0)
    found = counted_products(net, {"x": rng.normal(size=(2, sizes[0])), "s": rng.integers(0, sizes[-1], 2)})
    net.close()
    return found


def all_weights(sizes: Sequence[int]) -> int:
    """Return the weights of Eq. 14."""
    return sum(a * b for a, b in pairwise(sizes))


def skipped_weights(sizes: Sequence[int]) -> int:
    """Return the weights of Eq. 15."""
    return sizes[-1] * sum(sizes[1:-1])


def _checks(name: str, sizes: Sequence[int], of: Mapping[str, Mapping[str, int]]) -> list[Check]:
    W, backwards = all_weights(sizes), all_weights(sizes[1:])
    text = "-".join(map(str, sizes))
    rows = [(f"{a}, forward, W of Eq. 14", of[a]["forward"], "==", W) for a in ALGORITHMS]
    rows += [(f"{a}, backwards, W - N_0 N_1", of[a]["feedback"], "==", backwards) for a in ("bp", "rbp")]
    rows.append(("srbp, backwards, W' of Eq. 15", of["srbp"]["feedback"], "==", skipped_weights(sizes)))
    return checks(f"{name}, {text}: ", rows)


def _draw(counted: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Figure:
    figure = new_figure(7.4, 2.7)
    axes = figure.subplots(1, len(counted))
    for ax, (name, of) in zip(axes, counted.items(), strict=True):
        for place, kind in enumerate(("forward", "feedback")):
            values = [of[a][kind] for a in ALGORITHMS]
            bars = ax.bar(np.arange(3) + (-0.3, 0.15)[place], values, 0.28, color=COLOURS[kind], label=kind)
            if kind == "feedback":
                ax.bar_label(bars, [f"{v:,}" for v in values], fontsize=6, padding=1)
        ax.set_xticks(range(3), [a.upper() for a in ALGORITHMS])
        ax.set(title=name, ylim=(0, 1.2 * max(of["bp"].values())))
        ax.set_xlabel("-".join(map(str, SIZES[name])))
    axes[0].set_ylabel("multiplications")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    letter(axes)
    return figure


EXPERIMENT = Experiment(
    "baldi-cost",
    "Baldi, Sadowski and Lu 2018, Eq. 14-15",
    "The operations that bring errors to the hidden layers are counted.",
    run,
    seeds=0,
    quick_seeds=0,
)
