"""Amit 2019, section 4.1: Table 3 (deepernet_s on CIFAR-10, tied and untied) and Fig. 6 (filters of an untied simpnet).

The tied deepernet_s is trained for 100 epochs; its first layer is kept and frozen, and the others are trained again,
untied. For Fig. 6, simpnet is trained for one epoch, tied, at the rate .01, and then untied; though no two places share a
weight any more, their filters stay alike. Their similarity is the mean correlation of a filter at two places
(`recircuit.models.analysis.filters.likeness`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ....circuits import Circuit
from ...analysis.filters import draw_tiles, same_filter
from ..framework.error_curves import draw_errors, titled
from ..framework.experiment import Check, Experiment, Report, Settings
from ..framework.figure_style import new_figure
from ..framework.image_training import Method, Protocol, Runs, error, error_gaps, learn, printed
from ..framework.saved_runs import at_end
from .image_methods import METHODS, ORDER, QUICK, protocol

#: Test errors.
TABLE = {
    "BP softmax": 0.21, "BP hinge": 0.22, "URFB": 0.23, "FRFB": 0.56, "URFB, untied": 0.29, "FRFB, untied": 0.75,
}  # fmt: skip
#: Test error of simpnet, untied, with URFB (Table 1).
UNTIED = 0.33
BAD = ("FRFB", "FRFB, untied")
QUICK_LINE = "conv 6 3x3; conv 6 3x3; SUM; maxpool 2, stride 2; conv 8 2x2; maxpool 2, stride 2; full conn. 30; output"
FIGURE_6 = "Fig. 6"


def run(settings: Settings) -> Report:
    """Make Table 3, and then Fig. 6."""
    full, quick = protocol("deepernet_s", epochs=200), QUICK.with_(model=QUICK_LINE, epochs=10, rate=0.2)
    how = quick if settings.quick else full.with_(epochs=settings.epochs or full.epochs)
    names = [name for name in TABLE if not settings.quick or name in ("BP hinge", "URFB, untied")]
    runs = learn({name: _method(name, how) for name in names}, settings, full, quick)
    wanted = settings.chosen({FIGURE_6: METHODS["URFB, untied"]})
    untied = learn(wanted, settings, protocol("simpnet"), QUICK.with_(epochs=4), _filters)
    unchecked = [] if untied or settings.methods else ["Fig. 6, corresponding filters stay alike: the run is not kept"]
    return Report(
        [*_checks(runs, settings), *_check_filters(untied, settings)], _draw(runs, untied, settings), unchecked
    )


def _filters(net: Circuit) -> dict[str, Any]:
    """Return the same filters at some places."""
    return {"filters": [tiles.round(4).tolist() for tiles in same_filter(net.projections["x_to_conv1"])]}


def _method(name: str, how: Protocol) -> Method:
    """Train the untied network: half of the epochs it is tied, at the same rate; then the first layer is frozen."""
    method = METHODS[name]
    if method.tied:
        return method
    return replace(method, tied_epochs=max(1, how.epochs // 2), tied_rate=how.rate, frozen=("conv1",))


def _checks(runs: Runs, settings: Settings) -> list[Check]:
    if settings.quick:
        return [Check(f"{name}: test error on digits", error(found), "<=", 0.2) for name, found in runs.items()]
    of = protocol("deepernet_s", epochs=200).epochs
    table = [printed(name, found, TABLE[name], of, bad=name in BAD) for name, found in runs.items()]
    return [*table, *error_gaps(runs, TABLE, ORDER)]


def _check_filters(untied: Runs, settings: Settings) -> list[Check]:
    """Check that filters stay alike when they learn untied; filters that were tied and have not moved are alike too."""
    shown, made = titled("simpnet", settings), []
    for found in untied.values():
        what = f"{shown}, untied for {len(found[0]['likeness'])} epochs: correlation of a filter at two places"
        made.append(Check(what, round(at_end(found, "likeness"), 3), ">=", 0.5, "corresponding filters stay alike"))
        if not settings.quick:
            made.append(printed(f"{shown}, untied", found, UNTIED, protocol("simpnet").epochs))
    return made


def _draw(runs: Runs, untied: Runs, settings: Settings) -> Figure:
    """Draw the errors, and below them the filters; one alone where the other is not wanted."""
    heights = [3.0] * bool(runs) + [2.6] * bool(untied)
    figure = new_figure(6.6, sum(heights))
    parts: Any = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    if runs:
        draw_errors(runs, titled("deepernet_s", settings), parts[0], TABLE, {} if settings.quick else TABLE)
    for found in untied.values():
        title = f"{titled('simpnet', settings)}, untied: filters of four maps (rows) at four places"
        filters = [np.array(tiles) for tiles in found[0]["filters"]]
        draw_tiles(parts[-1], filters, f"{title}; likeness {at_end(found, 'likeness'):.2f}")
    return figure


EXPERIMENT = Experiment(
    "amit-untied",
    "Amit 2019, section 4.1, Table 3 and Fig. 6",
    "Tied and untied networks are compared on CIFAR-10, and the filters of an untied one are shown.",
    run,
    shortens=True,
    paper_epochs=200,
    methods=(*TABLE, FIGURE_6),
    data=("cifar10",),
    keeps=True,
)
