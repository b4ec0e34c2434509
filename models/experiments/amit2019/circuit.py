"""Amit 2019, Fig. 1-2, section 2.3, Eq. 8-9: the circuit of o, t and s that computes the hinge's error.

The circuit has two output units, one that is to be on (s = +1) and one that is not (s = -1). A stimulus shows their fields
h, one to one. In step-by-step mode the four cases are compared with section 2.3 step by step, and the error that o holds at
the end of a cycle is compared with Eq. 4 and 5 over a grid of h. With time constants (tau > dt) the printed circuit never
shuts off. Two repairs are drawn beside it. The hysteresis is the one that was chosen, since it visits 0, and its mean is
that of step-by-step mode, for every tau/dt and both signs.

There are two misprints: the branches of Eq. 9 overlap at +-M, so that |h| < M is meant; and the second case of Eq. 5, and
the text before Eq. 8, mean h >= -S.
"""

from __future__ import annotations

import numpy as np

from ..framework.experiment import Check, Experiment, Report, Settings, checks
from .circuit_figure import draw
from .hinge_units import MU, PEAK, Array, E, Grid, M, Run, S, expected, from_rest, read_out, sigma_t

CASES = (
    (+1, True, "s = +1, h <= S"),
    (+1, False, "s = +1, h > S"),
    (-1, True, "s = -1, h >= -S"),
    (-1, False, "s = -1, h < -S"),
)
REPAIRS = {"printed": "", "hysteresis": "hysteresis", "delay": "delay"}
FIELD = 5.0  # beyond the threshold, for the runs with time constants
SHOWN = 10  # tau/dt of the traces that are drawn


def run(settings: Settings) -> Report:
    """Run the four cases, the grid of h, and the circuits with time constants."""
    ratios = (1, 2, 4, 10, 20) if settings.quick else (1, 2, 3, 4, 6, 10, 20, 40, 100)
    cases = {h: from_rest((h, -h), 2 * 4, 1, "", settings.backend) for h in (0.5, S, 1.5, FIELD)}
    beyond = {h: from_rest((h, -h), 2 * 4, 1, "", settings.backend) for h in (M, 1.5 * M, -1.5 * M)}
    settings.show_progress("amit-circuit: the grid of h")
    grid = read_out(_fields(settings.quick), settings.backend)
    timed: dict[str, dict[int, Run]] = {}
    for name, repair in REPAIRS.items():
        timed[name] = {}
        for ratio in ratios:
            settings.show_progress(f"amit-circuit: {name}, tau/dt = {ratio}")
            steps = (120 if repair == "delay" else 60) * ratio
            timed[name][ratio] = from_rest((FIELD, -FIELD), steps, ratio, repair, settings.backend)
    far = read_out(np.array([FIELD, 2.5 * M, FIELD, FIELD, 0.5, FIELD]), settings.backend)
    settled = {h: from_rest((h, -h), 8 * SHOWN, SHOWN, "hysteresis", settings.backend) for h in cases}
    found = [*_step_by_step(cases), *_read_out(grid), *_outside(beyond, grid, far), *_timed(timed), *_settled(settled)]
    return Report(found, draw(cases, grid, timed, SHOWN))


def _fields(quick: bool) -> Array:
    """Return fields within +-M and beyond, up to 2M+S, with the thresholds and what lies beside them: as far as the
    field H = h + 2M s - 2M t, in which h is rounded like 2M+S, can tell it from them.
    """
    near = 1e-12
    edges = [x + d for x in (-S, S) for d in (-near, 0, near)] + [near - M, M - near, 0.0]
    inner = np.linspace(-9.9, 9.9, 61 if quick else 397)
    outer = np.array([-20, -12, -M, M, 12, 20])
    return np.unique(np.concatenate([inner, edges, outer]))


# ---- what is checked -----------------------------------------------------------------------------------------------


def _step_by_step(cases: dict[float, Run]) -> list[Check]:
    """Compare the circuits with section 2.3, step by step."""
    rows = []
    for sign, learns, where in CASES:
        unit = 0 if sign > 0 else 1
        runs = [(h, r) for h, r in cases.items() if (h <= S) == learns]
        gap = max(float(np.abs(r.o[1:, unit] - np.tile(expected(sign * h, sign), 2)).max()) for h, r in runs)
        rows.append((f"{where}: o's largest distance from section 2.3 over two cycles", gap, "==", 0.0))
    late = sum(int((r.t[1:] != sigma_t(r.o[:-1])).sum()) for r in cases.values())
    rows.append(("steps at which t is not sigma_t of o one step before", late, "==", 0))
    for unit, (sign, peak) in enumerate(PEAK.items()):
        mean = float(cases[FIELD].o[1:5, unit].mean())
        what = f"s = {sign:+d}, shut off: distance of o's mean over a cycle from {peak / 2:g}"
        rows.append((what, abs(mean - peak / 2), "<=", 1e-15))
    return checks("step-by-step mode, ", rows)


def _read_out(grid: Grid) -> list[Check]:
    """Compare what is read out with Eq. 4 and 5, field by field."""
    inside, h = grid.inside, grid.h[grid.inside]
    ends, held = grid.steps[inside][:, [2, 3, 6, 7]], grid.held[inside]
    eq5, eq4 = grid.eq5()[inside], grid.eq4()[inside]
    threshold = np.stack([h == S, h == -S], axis=1)
    return checks(
        "read-out, |h| < M: ",
        [
            ("fields that were shown to both units", len(h), ">=", 50),
            ("o at steps 3 and 4 of both cycles, values unlike Eq. 5", _count(ends != eq5[:, None]), "==", 0),
            ("o as it is held for plasticity, values unlike Eq. 5", _count(held != eq5), "==", 0),
            (
                "o as it is held for plasticity, values unlike Eq. 4, except at the thresholds",
                _count((held != eq4)[~threshold]),
                "==",
                0,
            ),
            (
                "o as it is held for plasticity, values unlike Eq. 4 at h = S and h = -S, where Eq. 4 is strict",
                _count((held != eq4)[threshold]),
                "==",
                2,
            ),
        ],
    )


def _outside(runs: dict[float, Run], grid: Grid, far: Grid) -> list[Check]:
    """Run the circuit outside of what it was made for. Above 2M+S, o and t stay on; the phase feedforward, in which
    neither is driven, lets them rest, so that the presentations that follow are read out as they should be.
    """
    stuck = float(np.abs(runs[-1.5 * M].o).max())
    ends = max(float(np.abs(runs[h].o[[3, 4, 7, 8]] - [1.0, -MU]).max()) for h in (M, 1.5 * M))
    wrong = far.held[:, 0] != far.eq5()[:, 0]
    met, late, other = _count(~grid.inside), _count(wrong[2:4]), _count(wrong[[0, 4, 5]])
    return checks(
        "outside, |h| >= M: ",
        [
            ("s = +1, h < -M, and mirrored: largest |o|, which sticks at 0 where 1 is wanted", stuck, "==", 0.0),
            ("s = +1, h >= M, and mirrored: distance of o at steps 3, 4 from 1, where 0 is wanted", ends, "==", 0.0),
            (
                "after an h > 2M+S, and rest in the phase feedforward: wrong read-outs of the next 2 presentations",
                late,
                "==",
                0,
            ),
            (
                "after an h > 2M+S, and rest in the phase feedforward: wrong read-outs of the presentation before "
                "it, and of the third and fourth after it",
                other,
                "==",
                0,
            ),
            ("o.beyond, s = +1: presentations counted", int(grid.beyond[0]), "==", met),
            ("o.beyond, s = -1: presentations counted", int(grid.beyond[1]), "==", met),
        ],
    )


def _timed(timed: dict[str, dict[int, Run]]) -> list[Check]:
    """Time constants: the printed circuit hovers, the repaired ones visit 0."""
    cycles = {
        name: {(ratio, s): c for ratio, r in runs.items() if ratio > 1 for s, c in r.cycles.items()}
        for name, runs in timed.items()
    }
    low = {name: [c.low for c in found.values()] for name, found in cycles.items()}
    largest = max(timed["printed"])
    mean, hovers = cycles["printed"][largest, +1].mean * (1 + E), cycles["printed"][SHOWN, +1].low
    off_half = max(abs(c.mean - 0.5) for c in cycles["hysteresis"].values())
    periods = [c.period for c in cycles["hysteresis"].values()]
    slower = cycles["delay"][SHOWN, +1].period / cycles["hysteresis"][SHOWN, +1].period
    at = f"tau/dt = {SHOWN}"
    return checks(
        "time constants, ",
        [
            ("printed, every tau/dt: closest o comes to 0, share of its peak", min(low["printed"]), ">=", 0.1),
            (
                f"printed, {at}, s = +1: closest o comes to 0, share of its peak (section 2.3: it visits 0)",
                hovers,
                ">=",
                0.5,
            ),
            (f"printed, tau/dt = {largest}, s = +1: mean of o, which tends to 1", mean, ">=", 0.97),
            ("hysteresis, every tau/dt: closest o comes to 0, share of its peak", max(low["hysteresis"]), "<=", 0.05),
            ("hysteresis, every tau/dt: distance of o's mean from half its peak, relative", off_half, "<=", 1e-9),
            ("hysteresis, every tau/dt: shortest period over longest", min(periods) / max(periods), ">=", 0.9),
            ("hysteresis, tau/dt = 1: values unlike the printed circuit", _differences(timed), "==", 0),
            ("delay, every tau/dt: closest o comes to 0, share of its peak", max(low["delay"]), "<=", 0.01),
            (f"delay, {at}: the period of o over its period with the hysteresis", slower, ">=", 2.0),
        ],
    )


def _settled(runs: dict[float, Run]) -> list[Check]:
    """Return the error as it is read out with time constants: where the circuit with hysteresis first visits 0 from
    rest.
    """
    shut = runs[FIELD].o[:, 0]
    top = int(shut.argmax())
    step = top + int(shut[top : top + 4 * SHOWN].argmin())
    wanted = {h: np.array([h <= S, -MU * (-h >= -S)]) for h in runs}
    gap = max(float(np.abs((r.o[step] - wanted[h]) / [PEAK[+1], PEAK[-1]]).max()) for h, r in runs.items())
    what = f"o after {step / SHOWN:g} tau from rest, distance from Eq. 5, share of the peak"
    return checks(f"hysteresis, tau/dt = {SHOWN}: ", [(what, gap, "<=", 0.05)])


def _differences(timed: dict[str, dict[int, Run]]) -> int:
    one, other = timed["hysteresis"][1], timed["printed"][1]
    return _count(one.o != other.o) + _count(one.t != other.t)


def _count(wrong: np.ndarray) -> int:
    return int(np.sum(wrong))


EXPERIMENT = Experiment(
    "amit-circuit",
    "Amit 2019, Fig. 1-2, section 2.3, Eq. 8-9",
    "The circuit of o, t and s computes the error of the hinge loss.",
    run,
    seeds=0,
    quick_seeds=0,
)
