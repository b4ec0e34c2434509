"""What Amit 2019, section 4, shares: the methods of Tables 1 to 3, their values, and how they are checked and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..framework.error_curves import draw_errors, titled
from ..framework.experiment import Check, Report, Settings
from ..framework.image_training import QUICK_LINE, Method, Protocol, Runs, error_gaps, learn, printed

#: Weights are clipped at 1.5 times Glorot's limit after each update, W and R alike. The text has no limit; of the versions of
#: the author's public code one, of 4 January 2019, has this limit, and most have none. See `simpnet` on what else differs.
URFB = Method("urfb", clipped=1.5)
BP, FRFB = replace(URFB, rule="bp"), replace(URFB, rule="frfb")
#: The rows of the tables. Softmax and backpropagation are controls; tied convolutions too.
METHODS = {
    "BP softmax": replace(BP, loss="softmax"),
    "BP hinge": BP,
    "URFB": URFB,
    "FRFB": FRFB,
    "URFB 50%": replace(URFB, connectivity=0.5),
    "FRFB 50%": replace(FRFB, connectivity=0.5),
    "URFB, untied": replace(URFB, tied=False),
    "FRFB, untied": replace(FRFB, tied=False),
    "URFB 50%, untied": replace(URFB, connectivity=0.5, tied=False),
}
#: Not in the paper: tied for a third of the epochs, at the same rate, and then untied.
LATE = "URFB, untied late"
#: Which methods the paper compares: (worse, better).
ORDER = [
    ("URFB", "BP hinge"),
    ("FRFB", "URFB"),
    ("URFB, untied", "URFB"),
    ("FRFB, untied", "URFB, untied"),
    ("FRFB 50%", "URFB 50%"),
    ("FRFB 50%", "FRFB"),
]
#: One epoch: 1,437 digits, shown many times by a small network, in seconds.
QUICK = Protocol(QUICK_LINE, "digits", 7, 20, 0.3)


def protocol(model: str, data: str = "cifar10", *, epochs: int = 1000) -> Protocol:
    """Return the protocol: batches of 500, and a fixed rate of .1 (section 4)."""
    return Protocol(model, data, epochs, 500, 0.1)


def table(
    settings: Settings,
    full: Protocol,
    values: Mapping[str, float],
    *,
    quick: Protocol = QUICK,
    bad: tuple[str, ...] = (),
    more: Mapping[str, Method] | None = None,
) -> tuple[Runs, list[Check]]:
    """Train the methods that a table has, and ``more`` that it has not, and check them.

    The paper's values are checked, and the differences between its methods, after however few epochs; of a quick run, that
    has none of ``more``, that all learn.
    """
    more = {} if settings.quick or more is None else more
    runs = learn({name: METHODS[name] for name in values} | dict(more), settings, full, quick)
    if settings.quick:
        return runs, [_learned(name, runs) for name in runs]
    made = [printed(n, runs[n], values[n], full.epochs, bad=n in bad) for n in values if n in runs]
    if LATE in runs:
        made.append(printed(LATE, runs[LATE], values["URFB, untied"], full.epochs))
    return runs, [*made, *error_gaps(runs, values, ORDER)]


def _learned(name: str, runs: Runs) -> Check:
    tests = [run["test"] for run in runs[name]]
    what = f"{name}: test error on digits after {len(tests[0])} epochs"
    return Check(what, round(float(np.mean([t[-1] for t in tests])), 4), "<=", 0.2)


def report(settings: Settings, runs: Runs, checks: list[Check], title: str, values: Mapping[str, float]) -> Report:
    """Return the checks, with the errors per epoch (Fig. 5): training and test."""
    return Report(
        checks, draw_errors(runs, titled(title, settings), None, (*METHODS, LATE), {} if settings.quick else values)
    )
