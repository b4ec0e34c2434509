"""Baldi, Sadowski and Lu 2018, Fig. 5 and 6: random backpropagation in a convolutional network, on CIFAR-10.

The network has three layers of 64 tanh maps of 5x5, each with max pooling, 1024 tanh units, and a softmax. It learns in
minibatches of 128 with momentum .9, at the rate .01 that decays by 1e-5 an update, from images that are moved by up to 10%
and mirrored (section 4.3); weights begin as N(0, 2/(n_pre + n_post)). SRBP sends the error from the output straight to each
layer that learns; SBP passes it down by the transposes, past all f' but that of the layer itself (without f' it is BP
without f'). SBP has curves in the paper, and no value in its Table 1.
"""

from __future__ import annotations

from dataclasses import replace

from ..framework.claims import margin, met
from ..framework.error_curves import draw_errors, titled
from ..framework.experiment import Check, Experiment, Report, Settings, many
from ..framework.image_training import QUICK_LINE, Method, Protocol, Runs, error, learn

RBP = Method("rbp", "softmax", normal=True, momentum=0.9, rate_decay=1e-5)
BP, SRBP = replace(RBP, rule="bp"), replace(RBP, direct=True)
SBP = replace(BP, skipped=True)
NO = " (no f')"
TOP = "top layer only"
METHODS = {
    "BP": BP, "SBP": SBP, "RBP": RBP, "SRBP": SRBP,
    "BP" + NO: replace(BP, gated=False), "RBP" + NO: replace(RBP, gated=False), "SRBP" + NO: replace(SRBP, gated=False),
    TOP: replace(RBP, frozen=("conv1", "conv2", "conv3", "full1")),
    **{f"RBP, sparse-{n}": replace(RBP, sparse=n) for n in (8, 2, 1)},
    **{f"SRBP, sparse-{n}": replace(SRBP, sparse=n) for n in (8, 2, 1)},
}  # fmt: skip
#: Test accuracy in percent, its standard deviation over five runs, and whether it is meant to be bad.
TABLE = {
    "BP": (83.4, 0.2, False), "RBP": (70.2, 1.1, False), "SRBP": (72.7, 0.8, False),
    "BP" + NO: (54.8, 3.6, True), "RBP" + NO: (32.7, 6.2, True), "SRBP" + NO: (39.9, 3.9, True),
    TOP: (47.9, 0.4, True),
    "RBP, sparse-8": (46.3, 4.3, False), "RBP, sparse-2": (62.9, 0.9, False), "RBP, sparse-1": (56.7, 2.6, False),
    "SRBP, sparse-8": (70.9, 0.7, False), "SRBP, sparse-2": (65.7, 1.9, False), "SRBP, sparse-1": (62.6, 1.8, False),
}  # fmt: skip
FULL = Protocol("baldi_cifar", "cifar10", 100, 128, 0.01, "shift .1, flip .5")
QUICK = Protocol(QUICK_LINE.replace("drop .2; ", "").replace("drop .1; ", ""), "digits", 5, 20, 0.01, "shift .1")


def run(settings: Settings) -> Report:
    """Run all methods from each seed."""
    methods = dict(METHODS)
    if settings.quick:
        methods = {"BP": BP, "SBP": SBP, "RBP": RBP, "SRBP": SRBP, TOP: replace(RBP, frozen=("conv1", "full1"))}
    runs = learn(methods, settings, FULL, QUICK)
    paper = {} if settings.quick else {name: 1 - value[0] / 100 for name, value in TABLE.items()}
    return Report(_checks(runs, settings), draw_errors(runs, titled("CIFAR-10", settings), None, METHODS, paper))


def _checks(runs: Runs, settings: Settings) -> list[Check]:
    if settings.quick:
        above = {name: round(100 * (error(runs[TOP]) - error(runs[name])), 2) for name in ("BP", "SBP", "RBP", "SRBP")}
        return [Check(f"{TOP}: points of test error above {name}", points, ">=", 2.0) for name, points in above.items()]
    accuracy = {name: round(100 * (1 - error(found)), 2) for name, found in runs.items()}
    checks = []
    for name in [name for name in TABLE if name in runs]:
        mean, sd, bad = TABLE[name]
        what = f"{name}: test accuracy after {len(runs[name][0]['test'])} of {FULL.epochs} epochs, {many(runs[name])}"
        checks.append(met(what, accuracy[name], mean, margin(sd), "higher", bad=bad))
    if {"RBP", "SRBP"} <= set(runs):
        ahead = round(accuracy["SRBP"] - accuracy["RBP"], 2)
        checks.append(met("SRBP: points of test accuracy above RBP", ahead, 2.5, 2.2, "higher"))
    return checks


EXPERIMENT = Experiment(
    "baldi-cifar",
    "Baldi, Sadowski and Lu 2018, Fig. 5 and 6",
    "Random backpropagation trains a convolutional network on CIFAR-10.",
    run,
    seeds=5,
    shortens=True,
    paper_epochs=100,
    methods=tuple(METHODS),
    data=("cifar10",),
    keeps=True,
)
