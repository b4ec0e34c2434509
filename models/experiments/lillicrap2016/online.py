"""Lillicrap et al. 2016, Notes 1, 2 and 5: five statements about how many samples, modulators and weights learning needs.

1. Single samples and minibatches of 100 end alike under feedback alignment (Note 2). 2. One modulatory neuron for many hidden
units works as well as one for each (Supp. Fig. 3). 3. With three hidden layers, FA comes to the final error of BP in fewer
minibatches (Note 5). 4. Small initial weights stall BP, and not FA (Note 5). 5. Learning from a global reward becomes slower as
the network grows, and FA does not (Supp. Fig. 1).

The result here differs: on the teacher's task single samples still learn where the run ends, and their error is then larger
by 29%; and in statement 3 FA needs more minibatches than BP, not fewer. Note 2 speaks of the long run: after ten times as
many samples of both (300,000 single ones, in the 3 seeds) the error of single samples is larger by 22 to 24%, and no longer
falls much. That is within the limit of the check, which stays with the length that was chosen before the first run.

The supplement gives no numbers for these statements, so that the limits are ours; they were written down before the first
full run. Networks learn the teacher's function of `teacher_task` and the 8x8 digits that come with scikit-learn. For
statement 3 they learn MNIST: 784-200-200-200-10, 6 epochs, where the paper's layers have 1500 units. Single samples have a
tenth of the rate. Rates were chosen on training samples that were held out, from seeds that are not used here: with three
hidden layers the better one of .03 and .1 for each method. For statement 5, networks of n-n-n linear units learn a linear
function in minibatches of 100, and each has the best of nine rates by runs from three other seeds. A quick run is shorter,
and on digits alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from math import sqrt

import numpy as np

from ....circuits import glorot
from ...data import Dataset
from ...networks.feedback_alignment import Synapses
from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks
from ..framework.saved_runs import at_end, each
from ..framework.training_runs import trained
from .image_training import Plan
from .online_figure import draw
from .online_runs import Found, StudentNetwork, late, needed

ONE = StudentNetwork("frfb", (30, 40, 10))
WIDE = StudentNetwork("frfb", (30, 200, 10), minibatches=1500)
DEEP = StudentNetwork("frfb", (30, 40, 20, 10), minibatches=2000, part=50)
LINEAR = StudentNetwork("frfb", (), transfer="linear", minibatches=400, part=4)
TEACHER = {
    "minibatches of 100": ONE,
    "single samples": ONE.with_(rate=0.005, minibatches=30_000, batch_size=1, part=1000),
    "one modulator for each unit": WIDE,
    "one modulator for 10 units": WIDE.with_(served=10),
    **{
        f"{method}, {size} weights": DEEP.with_(rule=rule, spread=spread)
        for method, rule in (("BP", "bp"), ("FA", "frfb"))
        for size, spread in (("usual", 1.0), ("small", 0.01))
    },
}
UNITS = (5, 20, 80)
GROWING = {
    f"{method}, {n} units": LINEAR.with_(rule=rule, sizes=(n, n, n), teacher=(n, n))
    for method, rule in (("reward", "reward"), ("FA", "frfb"))
    for n in UNITS
}
SHALLOW = Plan("frfb", (100,), epochs=200, rate=0.2)
THREE = Plan("frfb", (200, 200, 200), epochs=6, rate=0.1)
DIGITS = {
    "digits, minibatches of 100": SHALLOW,
    "digits, single samples": SHALLOW.with_(batch_size=1, rate=0.02, epochs=20),
    "digits, one modulator for 10 units": SHALLOW,
}
DEEP_ONES = {"3 hidden layers, BP": THREE.with_(rule="bp", rate=0.03), "3 hidden layers, FA": THREE}
#: Modulators that serve 10 units each; B is as wide as that of the network with a modulator for each of 100 units.
SERVING = Synapses(glorot(counting="possible"), glorot(sqrt((10 + 10) / (100 + 10)), counting="possible"), served=10)
RATES = tuple(0.2 / 2**k for k in range(8, -1, -1))
CHOSEN_FROM = (1000, 1001, 1002)  # the seeds from which rates are chosen
HALF = 0.5


def run(settings: Settings) -> Report:
    """Run every network from each seed."""
    data = settings.dataset("digits").standardised()
    students = {name: _length(student, settings.quick) for name, student in {**TEACHER, **GROWING}.items()}
    deep = data if settings.quick else settings.dataset("mnist").standardised()
    plans = {name: _plan(name, plan, settings.quick) for name, plan in {**DIGITS, **DEEP_ONES}.items()}
    shown = f"{data.fingerprint()} {deep.fingerprint()}"

    @cache
    def rate_of(name: str) -> float:
        return _best_rate(students[name], settings)

    def one(name: str, what: StudentNetwork | Plan, seed: int) -> dict[str, list[float]]:
        settings.show_progress(f"lillicrap-online: {name}, seed {seed}")
        if isinstance(what, Plan):
            return _image_errors(name, what, deep if name in DEEP_ONES else data, seed, settings)
        rate = rate_of(name) if name in GROWING else what.rate
        return {"nse": what.with_(rate=rate).errors(seed, settings), "rate": [rate]}

    found = each(settings, {**students, **plans}, lambda what: dict(asdict(what), data=shown), one)
    return Report(_checks(found, students, settings.quick), draw(found, students, UNITS, HALF))


def _best_rate(student: StudentNetwork, settings: Settings) -> float:
    """Return the rate that needs the fewest minibatches to an NSE of .5, and is below it at the end, the mean over
    other seeds.
    """
    rates = RATES[::2] if settings.quick else RATES
    scores = []
    for rate in rates:
        runs = [student.with_(rate=rate).errors(seed, settings) for seed in CHOSEN_FROM]
        scores.append(np.mean([_score(run, student.part) for run in runs]))
    return rates[int(np.argmin(scores))]


def _score(errors: Sequence[float], part: int) -> float:
    return needed(errors, HALF, part) if errors[-1] < HALF else float("inf")


def _length(student: StudentNetwork, quick: bool) -> StudentNetwork:
    """Shorten a quick run to a fifth of the minibatches on the teacher's task."""
    shorter = quick and student.transfer == "tanh"
    return student.with_(minibatches=student.minibatches // 5 // student.part * student.part) if shorter else student


def _plan(name: str, plan: Plan, quick: bool) -> Plan:
    """Shorten a quick run to fewer epochs, on digits alone."""
    if not quick:
        return plan
    if name in DEEP_ONES:
        return plan.with_(epochs=5, hidden=(60, 60, 60), batch_size=20)
    return plan.with_(epochs=8 if plan.batch_size == 1 else 60)


def _image_errors(name: str, plan: Plan, data: Dataset, seed: int, settings: Settings) -> dict[str, list[float]]:
    """Return errors by epoch, in percent."""
    net = plan.circuit(data, seed, **({"synapses": SERVING} if "10 units" in name else {}))
    history = trained(settings, net, data, plan.epochs, label=f"lillicrap-online: {name}, seed {seed}")
    net.close()
    return {part: (100 * history[f"{part}_error"]).round(4).tolist() for part in ("train", "test")}


def _checks(found: Found, students: Mapping[str, StudentNetwork], quick: bool) -> list[Check]:
    nse = {name: float(np.mean([late(run["nse"]) for run in found[name]])) for name in students}
    test = {name: at_end(found[name]) for name in DIGITS}
    rows: list[Row] = []
    for one, other, says, limits in (
        ("single samples", "minibatches of 100", "no significant difference", (0.67, 1.5) if quick else (0.8, 1.25)),
        ("one modulator for 10 units", "one modulator for each unit", "just as well", (0.0, 1.25)),
    ):
        ratio = of_learned(nse[one] / nse[other] if nse[other] else float("nan"), nse[one], nse[other])
        pair = test[f"digits, {one}"], test["digits, minibatches of 100"]
        points = of_learned(pair[0] - pair[1], *(error / 90 for error in pair))
        low = -1.0 if limits[0] else -90.0
        rows += [
            (f"{one}: NSE at the end, over that with {other}", ratio, "within", limits, says),
            (f"digits, {one}: points of test error more than with {other}", points, "within", (low, 1.0), says),
        ]
    return checks(
        "",
        [*rows, *([] if quick else _fewer(found)), *_small_weights(found, students), *_large_networks(found, students)],
    )


def _fewer(found: Found) -> list[Row]:
    """Check statement 3: epochs until the training error is that of BP after the last epoch."""
    fa, bp = ([run["train"] for run in found[f"3 hidden layers, {method}"]] for method in ("FA", "BP"))
    shares = [needed(a, b[-1], 1) / needed(b, b[-1], 1) for a, b in zip(fa, bp, strict=True)]
    what = "3 hidden layers: minibatches until FA has the final training error of BP, over those of BP"
    return [(what, float(np.mean(shares)), "<", 1.0, "converged in fewer minibatches")]


def _small_weights(found: Found, students: Mapping[str, StudentNetwork]) -> list[Row]:
    """Check statement 4: how much longer it takes to an NSE of .5 from small weights."""
    slower = {}
    for method in ("BP", "FA"):
        small, usual = (_time(found, students, f"{method}, {size} weights") for size in ("small", "usual"))
        slower[method] = small / usual
    fa = _if_reached(slower["FA"], found["FA, small weights"])
    what = "small initial weights, {}: minibatches to an NSE of .5, over those from the usual weights"
    return [
        (what.format("BP"), slower["BP"], ">=", 3.0, "very small gradients and slow learning"),
        (what.format("FA"), fa, "<=", 1.5, "can still make quick progress"),
    ]


def _large_networks(found: Found, students: Mapping[str, StudentNetwork]) -> list[Row]:
    """Check statement 5: how much longer it takes to an NSE of .5 in the largest network than in the smallest."""
    small, large = UNITS[0], UNITS[-1]
    slower = {
        method: _time(found, students, f"{method}, {large} units") / _time(found, students, f"{method}, {small} units")
        for method in ("reward", "FA")
    }
    fa = _if_reached(slower["FA"], found[f"FA, {large} units"])
    what = f"{{}}: minibatches to an NSE of .5 with {large} units in each layer, over those with {small}"
    return [
        (what.format("global reward"), slower["reward"], ">=", 3.0, "slows dramatically"),
        (what.format("FA"), fa, "<=", 1.5),
    ]


def _if_reached(ratio: float, runs: list[dict[str, list[float]]]) -> float:
    """Return a ratio of times, or NaN if the error was not reached: two networks that never reach it take equally long."""
    return ratio if all(late(run["nse"]) < HALF for run in runs) else float("nan")


def _time(found: Found, students: Mapping[str, StudentNetwork], name: str) -> float:
    """Return minibatches to an NSE of .5, the mean over seeds."""
    return float(np.mean([needed(run["nse"], HALF, students[name].part) for run in found[name]]))


EXPERIMENT = Experiment(
    "lillicrap-online",
    "Lillicrap et al. 2016, Supp. Fig. 1 and 3, Notes 2 and 5",
    "Feedback alignment learns from single samples, with few modulators, from small weights, and in large networks.",
    run,
    data=("mnist",),
    keeps=True,
)
