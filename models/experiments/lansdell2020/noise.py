"""Lansdell, Prakash and Kording 2020, sections 2.4, 4.1, 5 and B: which noise, which baseline, and feedback from what.

The result here differs from the paper: the lowest noise is as good as any, and feedback linear in a layer's own activations
does not come to align with the gradient, though the best linear function of them is much nearer.

Networks of 64-50-20-10 units learn the 8x8 digits, at ten times the rates of Fig. 2, for 80 epochs. They show the error of
B against the level of noise, of which the paper says that one is best; what happens if the loss of the clean window is
replaced by a running mean of the loss, or by nothing (section 5: the expected value of the estimate stays, its variance
does not); and feedback that a layer makes of its own activations (section 2.4; here linear in them). With W fixed and the
ridge form, networks of 784-50-20-10 and 784-N-50-10 units on MNIST, with a million samples, show angles (Fig. 4 B), signs
(C), and angles against the width (E). Panels A and D, and longer runs, are in `lansdell-estimator`. The paper's numbers for
these are in figures alone. The limits of the checks were written down before the first full run. The quick run is on digits
alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ....circuits.inputs import dataset_inputs
from ...data import Dataset
from ..framework.claims import of_learned
from ..framework.experiment import Experiment, Report, Row, Settings, checks
from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, letter, new_figure, plain_decades
from ..framework.saved_runs import each
from ..framework.training_runs import or_guess, trained
from .feedback_signals import angles
from .noise_circuits import BASELINES, BATCH_SIZE, estimates, learner
from .ridge_feedback import on_images

HIDDEN = (50, 20)
LEVELS = (0.001, 0.01, 0.1, 1.0)
WIDTHS = (50, 100, 200)
QUICK_WIDTHS = (10, 20, 50, 100)
NOISY = "c = {:g}"
TRAINED: dict[str, dict[str, Any]] = {
    **{NOISY.format(c): {"c": c} for c in LEVELS},
    "running mean": {"c": 0.1, "baseline": "mean"},
    "no baseline": {"c": 0.1, "baseline": "nothing"},
    "own activations": {"c": 0.01, "own": True},
}
FIXED_NOISY, FIXED_WIDE = "W fixed, c = {:g}", "W fixed, N = {:g}"
LAYERS: tuple[str, ...] = ("h2", "h1")

Found = Mapping[str, list[dict[str, Any]]]


def run(settings: Settings) -> Report:
    """Run every network from each seed, and what the estimates are on average."""
    data, epochs = settings.dataset("digits"), 25 if settings.quick else 80
    images, samples = (data, 2000) if settings.quick else (settings.dataset("mnist"), 1_000_000)
    widths = QUICK_WIDTHS if settings.quick else WIDTHS
    fixed = _fixed(widths)

    def about(how: Any) -> dict[str, Any]:
        if how in fixed.values():
            return {"how": how, "data": images.fingerprint(), "samples": samples}
        return {"how": how, "data": data.fingerprint(), "epochs": epochs}

    def one(name: str, how: Any, seed: int) -> dict[str, Any]:
        settings.show_progress(f"lansdell-noise: {name}, seed {seed}")
        if name in fixed:
            return dict(on_images(images, how[0], how[1], samples, seed, settings.backend))
        return _trained(name, how, data, epochs, seed, settings)

    found = each(settings, {**TRAINED, **fixed}, about, one)
    draws = 50_000 if settings.quick else 200_000
    mean = {baseline: estimates(baseline, draws, settings.backend) for baseline in BASELINES}
    rows = [*_check_baselines(mean, found), *_check_activations(found, settings.quick)]
    rows += _check_fixed_weights(found, widths, settings.quick)
    rows += [] if settings.quick else _check_levels(found)
    return Report(checks("", rows), _draw(found, widths))


def _fixed(widths: Sequence[int]) -> dict[str, tuple[tuple[int, ...], float]]:
    """Return hidden layers and noise of the networks whose W is fixed, by name."""
    return {
        **{FIXED_NOISY.format(c): (HIDDEN, c) for c in LEVELS},
        **{FIXED_WIDE.format(n): ((n, 50), 0.01) for n in widths},
    }


def _trained(
    name: str, how: Mapping[str, Any], data: Dataset, epochs: int, seed: int, settings: Settings
) -> dict[str, Any]:
    """Test errors and relative errors of B by epoch, and the angles of what is fed back, in degrees, before and after."""
    net = learner((data.n_features, *HIDDEN, data.classes), times=10.0, seed=seed, **how)
    rows = np.arange(10 * BATCH_SIZE).reshape(-1, BATCH_SIZE)
    shown, logistic = dataset_inputs(net, data, "test"), dict.fromkeys(LAYERS, "logistic")
    net.program(settings.backend)
    begin = angles(net, shown, rows, logistic)
    label = f"lansdell-noise: {name}, seed {seed}"
    metrics, diverged = or_guess(lambda: trained(settings, net, data, epochs, label=label), epochs, data.classes)
    end = dict.fromkeys(LAYERS, 90.0) if diverged else angles(net, shown, rows, logistic)
    net.close()
    found: dict[str, Any] = {"error": [round(row["test_error"], 6) for row in metrics]}
    for h in LAYERS:
        found[f"{h}_angle"] = [round(angle, 4) if np.isfinite(angle) else 90.0 for angle in (begin[h], end[h])]
        found[f"{h}_distance"] = [round(row.get(f"{h}_distance", float("inf")), 6) for row in metrics]
    return found


# ---- checks --------------------------------------------------------------------------------------------------------


def _end(found: Found, name: str, what: str) -> float:
    values = [run[what] for run in found[name]]
    return float(np.mean([v[-1] if isinstance(v, list) else v for v in values]))


def _check_levels(found: Found) -> list[Row]:
    """Check section 4.1: neither the lowest nor the highest level has the lowest error of B."""
    rows: list[Row] = []
    for h in LAYERS:
        ends = [_end(found, NOISY.format(c), f"{h}_distance") for c in LEVELS]
        learned = [_end(found, NOISY.format(c), "error") / 0.9 for c in LEVELS]
        for place, name in ((0, "lowest"), (-1, "highest")):
            ratio = of_learned(ends[place] / min(ends[1:-1]), *learned)
            rows.append(
                (f"{h}, |B - W^T|/|W| at the {name} noise, over the least at those between", ratio, ">=", 1.02,
                 "there is an optimal noise level")
            )  # fmt: skip
    return rows


def _check_baselines(mean: Mapping[str, Mapping[str, float]], found: Found) -> list[Row]:
    """Check section 5: the expected value stays, the variance does not."""
    rows: list[Row] = []
    for name, what in (("mean", "a running mean"), ("nothing", "nothing")):
        bars = mean[name]["gap"] / mean[name]["bar"]
        label = f"estimate, {what} as the baseline: distance of its mean from the gradient, in error bars"
        rows.append((label, bars, "<=", 2.0, "does not affect the expected value"))
    spread = mean["nothing"]["variance"] / mean["clean"]["variance"]
    rows.append(
        ("estimate, variance without a baseline, over that with it", spread, ">=", 3.0, "to reduce the variance")
    )
    for name, other in (("no baseline", NOISY.format(0.1)), ("running mean", "no baseline")):
        far = [_end(found, one, "h2_distance") for one in (name, other)]
        learned = [_end(found, one, "error") / 0.9 for one in (name, other)]
        relation, says = (
            (">", "to reduce the variance") if name == "no baseline" else ("<", "replaced with an approximation")
        )
        what = (
            f"{name}: |B - W^T|/|W| of h2 after learning, over that with {other.replace('c = 0.1', 'the clean loss')}"
        )
        rows.append((what, of_learned(far[0] / far[1], *learned), relation, 1.0, says))
    return rows


def _check_activations(found: Found, quick: bool) -> list[Row]:
    """Check section 2.4: the gradient can be expressed, which takes longer than a quick run, and from errors it is simpler."""
    own, errors = (_end(found, name, "h2_angle") for name in ("own activations", NOISY.format(0.01)))
    made: list[Row] = [
        ("from errors: angle of h2 to the gradient, over that from activations", errors / own, "<", 1.0, "simpler")
    ]
    if quick:
        return made
    return [
        *made,
        ("own activations: angle of h2 to the gradient (degrees)", own, "<=", 80.0, "sufficient parameterization"),
        ("own activations: test error", _end(found, "own activations", "error"), "<=", 0.3),
    ]


def _check_fixed_weights(found: Found, widths: Sequence[int], quick: bool) -> list[Row]:
    """Check Fig. 4 B, C, E, at the levels of noise whose estimates are equally accurate, and at every width."""
    small = [FIXED_NOISY.format(c) for c in LEVELS if c <= 0.1]
    least, largest = (1.0, 85.0) if quick else (1.1, 45.0)
    rows: list[Row] = []
    for h in LAYERS:
        angle, signs = ([_end(found, name, f"{h}_{what}") for name in small] for what in ("angle", "signs"))
        wide = [_end(found, FIXED_WIDE.format(n), f"{h}_angle") for n in widths]
        ratio = max(wide) / min(wide)
        rows += [
            (f"Fig. 4 B, W fixed: angle of {h} to the gradient (degrees), the largest of c <= .1", max(angle), "<=",
             75.0 if quick else 20.0, "very close to zero"),
            (f"Fig. 4 C, W fixed: signs of {h} that agree, the smallest share of c <= .1", min(signs), ">=",
             0.52 if quick else 0.6, "significant sign congruence"),
            (f"Fig. 4 E, W fixed: angle of {h}, the largest over the smallest of all widths", ratio, ">=", least,
             "the number of neurons has an effect"),
            (f"Fig. 4 E, W fixed: angle of {h} (degrees), the largest of all widths", max(wide), "<=", largest,
             "useful error signals"),
        ]  # fmt: skip
    return rows


# ---- the figure ----------------------------------------------------------------------------------------------------


def _draw(found: Found, widths: Sequence[int]) -> Figure:
    figure = new_figure(8.4, 4.6)
    grid = figure.subplots(2, 3)
    colours = dict(zip(TRAINED, (SKY, BLUE, GREEN, PURPLE, ORANGE, "black", GREY), strict=True))
    for name, colour in colours.items():
        errors = 100 * np.array([run["error"] for run in found[name]])
        x = np.arange(1, errors.shape[1] + 1)
        grid[0, 1].plot(x, errors.mean(axis=0), color=colour, label=name, linewidth=1)
        if name != "own activations":
            far = np.array([run["h2_distance"] for run in found[name]])
            grid[0, 0].plot(x, far.mean(axis=0), color=colour, linewidth=1)
    grid[0, 0].set(title="|B − Wᵀ|/|W|, o to h2", xlabel="epoch", yscale="log")
    plain_decades(grid[0, 0])
    grid[0, 1].set(title="test error (%)", xlabel="epoch", ylim=(0, None))
    grid[0, 2].axis("off")
    grid[0, 2].legend(*grid[0, 1].get_legend_handles_labels(), loc="upper left")
    _panel(grid[1, 0], found, FIXED_NOISY, LEVELS, "angle", "Fig. 4 B: angle to gradient (°)", "noise c")
    _panel(grid[1, 1], found, FIXED_NOISY, LEVELS, "signs", "Fig. 4 C: signs that agree (%)", "noise c")
    _panel(grid[1, 2], found, FIXED_WIDE, widths, "angle", "Fig. 4 E: angle to gradient (°)", "width N")
    letter([*grid[0, :2], *grid[1]])
    return figure


def _panel(ax: Axes, found: Found, name: str, values: Sequence[float], what: str, title: str, x: str) -> None:
    for h, colour in (("h2", BLUE), ("h1", ORANGE)):
        factor = 100 if what == "signs" else 1
        ends = [factor * _end(found, name.format(value), f"{h}_{what}") for value in values]
        ax.plot(values, ends, "o-", color=colour, markersize=4, label={"h2": "top layer", "h1": "lower layer"}[h])
    ax.set(title=title, xlabel=x, xscale="log", ylim=(0, None))
    ax.set_xticks(values, [f"{value:g}" for value in values])
    ax.minorticks_off()
    ax.legend()


EXPERIMENT = Experiment(
    "lansdell-noise",
    "Lansdell, Prakash and Kording 2020, sections 2.4, 4.1 and 5, Fig. 4 B, C, E",
    "The level of noise, the baseline of the loss, and what feedback is made of change how well feedback weights learn.",
    run,
    data=("mnist",),
    keeps=True,
)
