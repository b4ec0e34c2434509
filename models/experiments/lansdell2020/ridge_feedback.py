"""Feedback weights that come to W^T, or do not: the ridge form of Lansdell, Prakash and Kording 2020 (C.3), W fixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....circuits import Circuit
from ....circuits.inputs import Inputs, as_inputs, dataset_inputs
from ...analysis.weight_alignment import feedback_pairs, forward_matrix, relative_distance, sign_agreement
from ...data import Dataset
from ...networks.node_perturbation import Perturbation, Synapses, node_perturbation
from .feedback_signals import angles

Array = NDArray[np.float64]

#: After so many ``samples``, relative error |B - W^T|/|W| and sign agreement of each layer's feedback weights
#: ("h1_distance", "h1_signs"); at the end the angle of what is fed back to the gradient ("h1_angle", degrees).
LearningCurve = dict[str, Any]

GAMMA = 0.1
LOOKS = 8  # each after twice the samples of the one before


def on_images(data: Dataset, hidden: Sequence[int], c: float, samples: int, seed: int, backend: str) -> LearningCurve:
    """Return a network of logistic units, the output too (C.3), which is shown images at random."""
    net = _ridge(
        (data.n_features, *hidden, data.classes), c, Synapses(fixed=True, gamma=GAMMA), answer="logistic", seed=seed
    )
    return _learn(net, dataset_inputs(net, data, "train"), samples, backend, seed, "logistic")


def on_linear(sizes: Sequence[int], direct: bool, c: float, samples: int, seed: int, backend: str) -> LearningCurve:
    """Return a linear network (Theorem 2; with direct feedback Corollary 1), which is shown normal stimuli.

    Its targets are another linear map of them, twice as large. All of these are orthogonal, as far as their shapes
    allow: the theorem is on any, and shows soonest on such.
    """
    feedback = "direct" if direct else "layers"
    synapses = Synapses(orthogonal, bias=False, fixed=True, gamma=GAMMA)
    net = _ridge(sizes, c, synapses, transfer="linear", target="values", seed=seed, feedback=feedback)
    rng = np.random.default_rng([seed, 1])
    x = rng.normal(size=(min(samples, 20_000), sizes[0]))
    inputs = as_inputs(net, {"x": x, "s": 2 * x @ orthogonal(rng, (sizes[0], sizes[-1]))})
    return _learn(net, inputs, samples, backend, seed, "linear")


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return orthonormal rows or columns, whichever are fewer."""
    q = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))[0]
    return q if shape[0] >= shape[1] else q.T


def _ridge(sizes: Sequence[int], c: float, synapses: Synapses, **options: Any) -> Circuit:
    return node_perturbation(
        sizes,
        "node_perturbation_ridge",
        perturbation=Perturbation(c),
        synapses=synapses,
        precision="float64",
        **options,
    )


def _learn(net: Circuit, inputs: Inputs, samples: int, backend: str, seed: int, transfer: str) -> LearningCurve:
    """Show samples at random, and look at twice as many each time.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed.
    RecircuitError
        If a variable became NaN or infinite.
    """
    program, rng = net.program(backend), np.random.default_rng([seed, 2])
    ends = [samples // 2**k for k in reversed(range(LOOKS))]
    pairs = {h: (f"{r.name}.w", forward_matrix(chain)) for h, (r, chain) in feedback_pairs(net).items()}
    found: LearningCurve = {"samples": ends} | {f"{h}_{what}": [] for h in pairs for what in ("distance", "signs")}
    for begin, end in zip([0, *ends], ends, strict=False):
        inputs.load(program)
        result = program.run(net.timetable("train"), rng.integers(0, inputs.count, (end - begin, 1), dtype=np.int32))
        result.raise_if_diverged()
        for h, (name, wanted) in pairs.items():
            found[f"{h}_distance"].append(relative_distance(net[name], wanted))
            found[f"{h}_signs"].append(sign_agreement(net[name], wanted))
    rows = np.arange(min(500, inputs.count))[:, None]
    measured = angles(net, inputs, rows, dict.fromkeys(pairs, transfer))
    net.close()
    return found | {f"{h}_angle": angle for h, angle in measured.items()}
