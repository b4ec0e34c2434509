"""Lansdell, Prakash and Kording 2020, Fig. 4, Theorems 1 and 2, Corollary 1: do the feedback weights come to W^T?

W is fixed and B is, at every sample, the ridge solution for all samples so far (C.3, gamma = .1): recursive least
squares, one column. 784-50-20-10 on MNIST for several noises c, and 784-N-50-10; logistic, output included (C.3).
The quick run is on 8x8 digits, with fewer samples.

Theorem 2 is on linear networks. Its assumption A3 (errors of full rank) fails where layers narrow towards the output:
there B of the lower layers does not come to W^T, in 30-20-15-10, and it does in 30-10-15-20. With direct feedback
(Corollary 1) only the output's error counts, and the same narrow network is no obstacle.

The bias of the estimate itself (Eq. 11) is O(c), and for Gaussian noise O(c^2), as its third moment is 0; its variance is
N + 1 times the squared gradient, N the number of all noisy units: what reinforcement alone has to live with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...circuits import Circuit
from ...circuits.inputs import Inputs, as_inputs, dataset_inputs
from ..data import Dataset, load
from ..metrics import relative_distance, sign_agreement
from ..node_perturbation import node_perturbation
from .experiment import Check, Experiment, Report, Settings, many
from .lansdell import angles, hidden_layers, signals, without_learning
from .lansdell_estimator_figure import draw

Array = NDArray[np.float64]

GAMMA, PAPER = 0.1, 0.01
NOISES = {"Gaussian": "randn()", "skewed": "(int(rand() < 0.2) - 0.2)/0.4"}
SCALES = (0.05, 0.1, 0.2, 0.4)
LINEAR = {"widening": (30, 10, 15, 20), "narrowing": (30, 20, 15, 10)}
SMALL = {"widening": (10, 4, 6, 8), "narrowing": (10, 8, 6, 4)}


@dataclass(frozen=True)
class Scale:
    """How much is run: samples of the long runs, of the others, and for linear networks; draws for bias and variance."""

    data: Dataset
    hidden: tuple[int, int]
    long: int
    short: int
    widths: tuple[int, ...]
    noises: tuple[float, ...]
    draws: int
    linear: int

    @property
    def quick(self) -> bool:
        """On digits, for seconds."""
        return self.data.name == "digits"

    @property
    def linear_sizes(self) -> dict[str, tuple[int, ...]]:
        """Of the linear networks."""
        return SMALL if self.quick else LINEAR


@dataclass
class Course:
    """B against W^T after so many samples, by layer: relative error, sign agreement; the angle to the gradient at the end."""

    samples: Array
    distance: dict[str, Array]
    signs: dict[str, Array]
    angle: dict[str, float]


@dataclass
class Found:
    """All runs, by seed where there are several."""

    long: list[Course]
    noises: dict[float, Course]
    widths: dict[int, Course]
    linear: dict[str, list[Course]]
    bias: dict[str, tuple[Array, Array]]
    variance: dict[int, tuple[float, float]]


def run(settings: Settings) -> Report:
    """The long runs, each noise, each width, the linear networks, bias and variance."""
    scale = _scale(settings)
    found = Found(
        [_on_images(scale, settings, scale.long, seed) for seed in settings.seeds],
        {c: _on_images(scale, settings, scale.short, 0, c=c) for c in scale.noises},
        {n: _on_images(scale, settings, scale.short, 0, hidden=(n, scale.hidden[0])) for n in scale.widths},
        {name: [_on_linear(name, scale, settings, seed) for seed in settings.seeds] for name in (*LINEAR, "direct")},
        {name: _biases(name, scale, settings) for name in NOISES},
        {n: _variance(n, scale, settings) for n in (10, 30, 100, 300)},
    )
    return Report(_checks(found, scale), draw(found, SCALES, scale.linear_sizes))


def _scale(settings: Settings) -> Scale:
    if settings.quick:
        return Scale(load("digits"), (20, 15), 8000, 1000, (10, 40), (0.001, 0.01, 0.1), 100_000, 4000)
    data = settings.dataset("mnist")
    return Scale(data, (50, 20), 10_000_000, 1_000_000, (50, 100, 200, 500), (0.001, 0.01, 0.1, 1.0), 4_000_000, 500_000)


# ---- feedback weights ----------------------------------------------------------------------------------------------


def _on_images(
    scale: Scale, settings: Settings, samples: int, seed: int, *, c: float = PAPER, hidden: Sequence[int] = ()
) -> Course:
    sizes = (scale.data.n_features, *(hidden or scale.hidden), 10)
    settings.tell(f"lansdell-estimator: {'-'.join(map(str, sizes))}, c = {c}, seed {seed}")
    net = _ridge(sizes, c=c, answer="logistic", seed=seed)
    return _learn(net, dataset_inputs(net, scale.data, "train"), samples, settings.backend, seed, "logistic")


def _on_linear(name: str, scale: Scale, settings: Settings, seed: int) -> Course:
    """A linear network, normal stimuli, and for targets another linear map of them, twice as large.

    All of them are orthogonal, as far as their shapes allow: the theorem is on any, and these show it soonest.
    """
    sizes = scale.linear_sizes["narrowing" if name == "direct" else name]
    settings.tell(f"lansdell-estimator: linear, {name}, seed {seed}")
    feedback = "direct" if name == "direct" else "layers"
    net = _ridge(
        sizes, c=PAPER, transfer="linear", target="values", bias=False, seed=seed, feedback=feedback,
        weights=_orthogonal,
    )  # fmt: skip
    rng = np.random.default_rng([seed, 1])
    x = rng.normal(size=(min(scale.linear, 20_000), sizes[0]))
    teacher = 2 * _orthogonal(rng, (sizes[0], sizes[-1]))
    inputs = as_inputs(net, {"x": x, "s": x @ teacher})
    return _learn(net, inputs, scale.linear, settings.backend, seed, "linear", anew=feedback == "layers")


def _orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Orthonormal rows or columns, whichever are fewer."""
    q = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))[0]
    return q if shape[0] >= shape[1] else q.T


def _ridge(sizes: Sequence[int], **options: Any) -> Circuit:
    return node_perturbation(sizes, "node_perturbation_ridge", fixed=True, gamma=GAMMA, precision="float64", **options)


def _learn(
    net: Circuit, inputs: Inputs, samples: int, backend: str, seed: int, transfer: str, *, anew: bool = False
) -> Course:
    """Show samples at random, and measure at twice as many each time; ``anew``: see ``_begin_anew``.

    Raises KeyboardInterrupt: Ctrl-C; RecircuitError: something diverged.
    """
    program, rng = net.program(backend), np.random.default_rng([seed, 2])
    ends = [samples // 2**k for k in range(8)][::-1]
    pairs = _pairs(net)
    distance: dict[str, list[float]] = {h: [] for h in pairs}
    signs: dict[str, list[float]] = {h: [] for h in pairs}
    for begin, end in zip([0, *ends], ends, strict=False):
        if anew:
            _begin_anew(net)
        inputs.load(program)
        result = program.run(net.timetable("train"), rng.integers(0, inputs.count, (end - begin, 1)))
        result.raise_if_diverged()
        if result.interrupted:
            raise KeyboardInterrupt
        for h, (name, wanted) in pairs.items():
            distance[h].append(relative_distance(net[name], wanted))
            signs[h].append(sign_agreement(net[name], wanted))
    rows = np.arange(min(500, inputs.count))[:, None]
    angle = angles(net, inputs, rows, dict.fromkeys(pairs, transfer))
    net.close()
    return Course(np.array(ends, dtype=float), _arrays(distance), _arrays(signs), angle)


def _begin_anew(net: Circuit) -> None:
    """Let the lower layers forget: B = 0, P = 1/gamma.

    Theorem 2 has the errors of all samples come through the B above as it is in the end. Online, those of the first
    come through one that is far off, and outweigh the later ones for long.
    """
    for name, projection in net.projections.items():
        if projection.into == "apical" and projection.pre.name != "o":
            net[f"{name}.w"] = 0.0
            net[f"{projection.pre.name}_inverse.w"] = np.eye(projection.pre.size) / GAMMA


def _pairs(net: Circuit) -> dict[str, tuple[str, Array]]:
    """For each hidden layer its feedback weights, and the forward weights (or product of them) that they stand for."""
    pairs: dict[str, tuple[str, Array]] = {}
    layers, path = [*hidden_layers(net), "o"], np.eye(net.populations["o"].size)
    for lower, upper in zip(layers[-2::-1], layers[:0:-1], strict=True):
        step = net[f"{lower}_to_{upper}.w"]
        path = path @ step
        direct = upper != "o" and f"o_to_{lower}" in net.projections
        pairs[lower] = (f"o_to_{lower}.w", path) if direct else (f"{upper}_to_{lower}.w", step)
    return pairs


def _arrays(lists: dict[str, list[float]]) -> dict[str, Array]:
    return {name: np.array(values) for name, values in lists.items()}


# ---- the estimate itself -------------------------------------------------------------------------------------------


def _sampled(sizes: Sequence[int], noise: str, scales: Sequence[float], draws: int, backend: str) -> list[tuple[Array, ...]]:
    """For each c: estimates and xi of all hidden units (draws, units) of one stimulus, and minus the exact gradient."""
    columns = 1000
    net = node_perturbation(
        sizes, "node_perturbation", noise=noise, columns=columns, precision="float64", target="values"
    )
    rng = np.random.default_rng(3)
    inputs = as_inputs(net, {"x": rng.normal(size=(1, sizes[0])), "s": rng.normal(size=(1, sizes[-1]))})
    program, layers = net.program(backend), hidden_layers(net)
    rows = np.zeros((draws // columns, columns), dtype=np.int32)
    exact = signals(net, inputs, rows[:1], dict.fromkeys(layers, "logistic"))
    gradient = np.concatenate([true[0] for _, true in exact.values()])
    table = without_learning(net)
    keys = dict.fromkeys(["compare.rate", *(f"{h}.noise" for h in layers)], table.steps[-1])
    found = []
    for c in scales:
        for h in layers:
            net[f"{h}.c"] = c
        program.seed(0)
        seen = program.run(table, rows, collect=keys).collected
        noises = np.concatenate([seen[f"{h}.noise"].reshape(rows.size, -1) for h in layers], axis=1)
        found.append((-seen["compare.rate"].reshape(-1, 1) * noises / c**2, noises / c, gradient))
    net.close()
    return found


def _biases(noise: str, scale: Scale, settings: Settings) -> tuple[Array, Array]:
    """|mean of the estimate - gradient|/|gradient| for each c, and its error bar.

    The linear part of the loss has the gradient as its mean exactly, and nearly all of the variance: it is taken off
    the draws. The square of what is left has the error bars' squares in it, which are taken off too (NaN: no more
    than those).
    """
    settings.tell(f"lansdell-estimator: bias, {noise} noise")
    sizes, values, bars = (6, 5, 4, 3), [], []
    for estimate, xi, gradient in _sampled(sizes, NOISES[noise], SCALES, scale.draws, settings.backend):
        rest = estimate - xi * (xi @ gradient)[:, None]
        mean, variance = rest.mean(axis=0), rest.var(axis=0) / len(rest)
        square = np.sum(mean**2) - np.sum(variance)
        values.append((np.sqrt(square) if square > 0 else np.nan) / np.linalg.norm(gradient))
        bars.append(np.sqrt(np.max(variance)) / np.linalg.norm(gradient))
    return np.array(values), np.array(bars)


def _variance(width: int, scale: Scale, settings: Settings) -> tuple[float, float]:
    """E|estimate - gradient|^2/|gradient|^2 of a hidden layer, and its error bar."""
    settings.tell(f"lansdell-estimator: variance, {width} units")
    draws = min(scale.draws // 10, 100_000)
    ((estimate, _, gradient),) = _sampled((6, width, 3), "randn()", (1e-3,), draws, settings.backend)
    squares = np.sum((estimate - gradient) ** 2, axis=1) / np.sum(gradient**2)
    return float(squares.mean()), float(squares.std() / np.sqrt(len(squares)))


# ---- checks --------------------------------------------------------------------------------------------------------


def _slope(x: Array, y: Array) -> float:
    """Of log y against log x."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def _falls(course: Course, layer: str) -> float:
    """The slope of the relative error over the last 8-fold of samples."""
    return _slope(course.samples[-4:], course.distance[layer][-4:])


def _ends(courses: Sequence[Course], layer: str) -> float:
    return float(np.mean([course.distance[layer][-1] for course in courses]))


def _checks(found: Found, scale: Scale) -> list[Check]:
    return [*_on_w(found, scale), *_theorem_2(found, scale), *_estimate(found)]


def _on_w(found: Found, scale: Scale) -> list[Check]:
    long = found.long
    sizes = "-".join(map(str, (scale.data.n_features, *scale.hidden, 10)))
    about = f"{sizes}, ridge, {scale.long:,} samples, {many(long)}: "
    falls = float(np.mean([_falls(c, "h2") for c in long]))
    top, low = _ends(long, "h2"), _ends(long, "h1")
    apart = [c.distance["h2"][-1] for name, c in found.noises.items() if name <= 0.1]
    worst = {h: max(c.angle[h] for c in long) for h in ("h2", "h1")}
    quick = scale.quick
    checks = [
        Check(f"{about}top matrix, log relative error against log samples, slope over the last 8-fold", falls, "within", (-0.65, -0.35)),
        Check(f"{about}top matrix, relative error", top, "<=", 0.3 if quick else 0.008),
        Check(f"{about}top layer, angle to the gradient (degrees), the worst run", worst["h2"], "<=", 15 if quick else 5),
        Check(f"{about}lower layer, angle to the gradient (degrees), the worst run", worst["h1"], "<=", 45 if quick else 5),
        Check(f"{about}lower matrix, relative error: stays large, as a multiple of the top's", low / top, ">=", 3),
        Check(f"{scale.short:,} samples: top matrix, relative error, largest over smallest for c <= .1", max(apart) / min(apart), "<=", 1.2),
    ]  # fmt: skip
    if not quick:
        reached = scale.long * (top / 0.008) ** 2
        checks.append(Check(f"{about}samples for the paper's .8%, by the square root", reached, "<=", 1e7))
        checks += [
            Check(f"784-{n}-50-10, {scale.short:,} samples: lower layer, angle to the gradient (degrees)", c.angle["h1"], "<=", 20)
            for n, c in found.widths.items()
        ]  # fmt: skip
    return checks


def _theorem_2(found: Found, scale: Scale) -> list[Check]:
    """The lower matrix of each linear network."""
    sizes = {name: "-".join(map(str, n)) for name, n in scale.linear_sizes.items()}
    slopes = {name: float(np.mean([_falls(c, "h1") for c in courses])) for name, courses in found.linear.items()}
    about = f"linear, {scale.linear:,} samples, {many(found.long)}: "
    what = "lower matrix, slope of log relative error against log samples, over the last 8-fold"
    stays = _ends(found.linear["narrowing"], "h1")
    return [
        Check(f"{about}{sizes['widening']}, {what}", slopes["widening"], "<=", -0.35),
        Check(f"{about}{sizes['narrowing']} (A3 fails), {what}", slopes["narrowing"], ">=", -0.15),
        Check(f"{about}{sizes['narrowing']} (A3 fails), lower matrix, relative error", stays, ">=", 0.5),
        Check(f"{about}{sizes['narrowing']}, direct feedback, {what}", slopes["direct"], "<=", -0.35),
    ]


def _estimate(found: Found) -> list[Check]:
    scales = np.array(SCALES)
    gaussian, skewed = (found.bias[name][0] for name in NOISES)
    relative = [value / (n + 1) for n, (value, _) in found.variance.items()]
    off = max(abs(value - n - 1) / bar for n, (value, bar) in found.variance.items())
    return [
        Check("bias, Gaussian noise, c = .1 to .4: slope of log bias against log c", _slope(scales[1:], gaussian[1:]), "within", (1.7, 2.3)),
        Check("bias, skewed noise, c = .05 to .4: slope of log bias against log c", _slope(scales, skewed), "within", (0.9, 1.1)),
        Check("bias, Gaussian noise, c = .1, as a share of the gradient", gaussian[1], "<=", 0.01),
        Check("variance of the estimate / ((N + 1)|gradient|^2), N = 10 to 300: the furthest from 1, in error bars", off, "<=", 4.0),
        Check("the same: largest over smallest", max(relative) / min(relative), "<=", 1.1),
    ]  # fmt: skip


EXPERIMENT = Experiment(
    "lansdell-estimator", "Lansdell, Prakash and Kording 2020, Fig. 4, Theorems 1 and 2", run, seeds=3
)
