"""Lillicrap et al. 2016, Note 5: feedback alignment on MNIST, up to ten hidden layers, and with local fields.

Scaling, units and schedule are those of `lillicrap_images`. How many epochs the paper took is not in it, nor is which
rate goes with which network: here each row has the epochs that make the whole a matter of two hours on one core (15 to
30), and 3 seeds where the paper has 5. The width of the hidden layer with dropout is not given either: 1000 here, a half
of the hidden units lost and a fifth of the pixels (Hinton et al. 2012). "Leaky" has dropout too. "Local": the lowest of
three hidden layers is 6 maps of units that see 6x6 pixels each, with weights of their own, 784-3174-1500-1500-10;
"distorted": so too, on images distorted as by Simard, Steinkraus and Platt 2003 (alpha 34, sigma 4), anew in every epoch.
The quick run is on 8x8 digits, with layers of 60 units, five in place of ten, fields of 3x3, and three times the rates.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from .baldi_figure import draw_mean
from .experiment import Check, Experiment, Report, Settings, checks, many
from .lillicrap_images import Course, Plan, last, learn
from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, letter, new_figure

ONE = Plan("frfb", (1000,), epochs=20, rate=0.03)
LOST = ONE.with_(epochs=30, dropout=0.5, input_dropout=0.2)
THREE = Plan("frfb", (1500,) * 3, epochs=15, rate=0.03)
TEN = Plan("frfb", (1000,) * 10, epochs=15, rate=0.03, gain=0.7)
LOCAL = Plan("frfb", (1500, 1500), epochs=20, rate=0.03, local=(6, 6))
PLANS = {
    "FA, 1 hidden layer": ONE, "FA, dropout": LOST, "FA, dropout, leaky": LOST.with_(transfer="leaky", gain=0.1),
    "FA, 3 hidden layers": THREE, "BP, 3 hidden layers": THREE.with_(rule="bp", rate=0.01),
    "FA, 10 hidden layers": TEN, "BP, 10 hidden layers": TEN.with_(rule="bp", rate=0.01),
    "FA, local": LOCAL, "FA, local, distorted": LOCAL.with_(epochs=40, augment="elastic 34 4"),
}  # fmt: skip
#: Test errors of Note 5, in percent.
PAPER = dict(zip(PLANS, (2.1, 1.2, 1.1, 1.32, 1.62, 1.45, 1.65, 0.8, 0.5), strict=True))
COLOURS = dict(zip(PLANS, (ORANGE, GREEN, PURPLE, BLUE, GREY, RED, SKY, "black", "#8c510a"), strict=True))

Courses = dict[str, list[Course]]


def run(settings: Settings) -> Report:
    """Every row from each seed."""
    data = settings.dataset("digits" if settings.quick else "mnist").standardised()
    plans = {name: small(plan) if settings.quick else plan.lasting(settings.epochs) for name, plan in PLANS.items()}
    courses = learn(plans, data, settings, "lillicrap-mnist")
    return Report(_quick_checks(courses) if settings.quick else _checks(courses), _draw(courses))


def small(plan: Plan) -> Plan:
    """The same for 8x8 digits, in seconds."""
    return plan.with_(
        hidden=(60,) * min(len(plan.hidden), 5), epochs=9, columns=20, rate=3 * plan.rate,
        local=(6, 3) if plan.local[0] else (0, 0), augment="elastic 4 2" if plan.augment else "",
    )  # fmt: skip


def _checks(courses: Courses) -> list[Check]:
    rows = [
        (f"{name}, {len(runs[0]['test'])} epochs, {many(runs)}: test error (%) (paper: {PAPER[name]})", last(runs), "<=",
         round(PAPER[name] + 1, 2))
        for name, runs in courses.items()
    ]  # fmt: skip
    return checks("", rows)


def _quick_checks(courses: Courses) -> list[Check]:
    return [Check(f"{name}: test error on digits (%)", last(runs), "<=", 12.0) for name, runs in courses.items()]


def _draw(courses: Courses) -> Figure:
    figure = new_figure(7.2, 3.0)
    axes = figure.subplots(1, 2, sharey=True)
    for ax, part in zip(axes, ("train", "test"), strict=True):
        for name, runs in courses.items():
            draw_mean(ax, [run[part] for run in runs], COLOURS[name], name)
        ax.set(title=f"{part}ing error (%)".replace("testing", "test"), xlabel="epoch", yscale="log", ylim=(0.05, None))
        ax.yaxis.set_major_formatter("{x:g}")
    axes[1].legend(fontsize=6.5)
    letter(axes)
    return figure


EXPERIMENT = Experiment("lillicrap-mnist", "Lillicrap et al. 2016, Note 5", run, shortens=True)
