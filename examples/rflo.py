"""RFLO, random feedback local online learning: a recurrent network learns in time by local rules (Murray 2019).

Murray, J. M. (2019). Local online learning in recurrent networks with random feedback. eLife 8, e43299.

    h(t+1) = h(t) + (phi(u) - h(t))/tau,   u = W h(t),   y = W_out h,   error = wanted - y
    p_ab(t+1) = (1 - 1/tau) p_ab(t) + phi'(u_a) h_b(t)/tau                     an eligibility in each synapse
    dW_ab = rate (B error)_a p_ab,   dW_out = rate error h                     B: random, and does not learn

Weights change after each trial, by the sum of these changes, or in every step. The author's program has both, and by default
the first.

What is shown: a network without input, which begins each trial in the same state, comes to follow a given function of time, a
sum of three sines. Numbers of units, steps and trials, rates and weights are those of the author's program, whose one recorded
run ends with an error of 0.0005 of the mean square of the function. Here five seeds, `rflo(seed=0)` to
`rflo(seed=4)`, end with 0.0007 to 0.0095. In the control only the readout learns, and the error is larger.

The paper's loop lets an error act in the step in which it arises. Here signals take their time: the field of a unit is that of
the rates one step ago, and the error reaches the recurrent units one step later. So that each error still meets the
eligibility of the rates that caused it, the synapse keeps the eligibility of the step before (`late`), and the units their
rate (`before`). A trial ends with one step more (`rest`), in which the last error arrives.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

TAU, RATE = 10.0, 3e-4
ELIGIBILITY = f"\nlate = going_post*p\np = going_post*(p + (slope_post*before_pre - p)/{TAU})"


def rule(name: str, forward: str, *traces: str) -> rc.Rule:
    """Return a rule of the source, with its rate."""
    return rc.Rule(name, source="Murray 2019", forward=forward, traces=traces, parameters=dict(rate=RATE))


SUM = "dw = in_rest*rate*(total + credit_post*late)\ntotal = going_post*(total + credit_post*late)"
#: Rules of the recurrent weights and of the readout, whose changes come after each trial, or in every step.
AFTER_TRIAL = (
    rule("rflo", SUM + ELIGIBILITY, "total", "late", "p"),
    rule("readout", "dw = in_rest*rate*total\ntotal = in_trial*(total + error_post*before_pre)", "total"),
)
EVERY_STEP = (
    rule("rflo", "dw = rate*going_post*credit_post*late" + ELIGIBILITY, "late", "p"),
    rule("readout", "dw = rate*in_trial*error_post*before_pre"),
)
UNIT = rc.Neuron(
    """
    basal  : 1 (compartment)
    credit : 1 (compartment)
    first  : 1
    rate   = in_trial*(rate + (tanh(basal) - rate)/tau) + (1 - in_trial)*first : 1 (during begin and trial)
    before = rate                : 1 (during begin and trial)
    slope  = 1 - tanh(basal)**2  : 1
    going  = in_trial            : 1 (during begin and trial)
    """,
    tau=TAU,
)
OUTPUT = rc.Neuron("""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate  = basal : 1
    error = teacher - basal : 1
""")


def rflo(
    units: int = 50,
    steps: int = 100,
    rules: tuple[rc.Rule | None, rc.Rule] = AFTER_TRIAL,
    outputs: int = 1,
    rest: int = 1,
    seed: int = 0,
    batch_size: int = 1,
) -> rc.Circuit:
    """Return a recurrent network with a linear readout; without a rule for the recurrent weights they stay as they are."""
    net, random = rc.Circuit(batch_size=batch_size, seed=seed), np.random.default_rng(seed)
    wanted = net.target("wanted", outputs, every=1 * ms, during="trial")
    h = net.population("h", units, UNIT, first=0.1)
    y = net.population("y", outputs, OUTPUT)
    always, end = ("begin and trial and rest", ("rest", rest * ms)) if rest else ("begin and trial", ())
    weights = random.normal(0, 1.5 / np.sqrt(units), (units, units))
    net.connect(h, h, rule=rules[0], weights=weights, during=always, learns=always)
    out = random.uniform(-0.1, 0.1, (outputs, units)) / np.sqrt(units)
    net.connect(h, y, rule=rules[1], weights=out, during=always, learns=always)
    net.connect(wanted, y, into="teacher", weights=1.0, connectivity=rc.OneToOne(), during="trial")
    back = random.normal(0, 1 / np.sqrt(outputs), (units, outputs))
    net.connect(y, h, name="B", into="credit", sends="error", weights=back, during=always)
    net.phases("begin", 2 * ms, "trial", steps * ms, *end)
    return net


def sines(steps: int) -> NDArray[np.float64]:
    """Return what is wanted in a trial, (1, steps, 1): three sines, each with half the amplitude of the one before."""
    time = 2 * np.pi * np.arange(steps) / steps
    return sum(0.5**k * np.sin(2**k * time) for k in range(3))[None, :, None]


def learn(net: rc.Circuit, wanted: NDArray, trials: int, block: int = 100) -> tuple[NDArray, NDArray]:
    """Return the error of each trial (mean square, relative to the target's), and the last answer, with fixed weights."""
    steps, errors, size = wanted.shape[1], [], np.mean(wanted**2)
    for _ in range(0, trials, block):
        trace = net.run({"wanted": wanted}, block, backend="auto", record=["y.error"])
        error = trace["y.error"].reshape(block, steps + 3, -1)[:, 2:-1]
        errors.extend(np.mean(error**2, axis=(1, 2)) / size)
    return np.array(errors), net.run(presentations=1, record=["y.rate"], learn=False)["y.rate"][2:-1, 0]


def main(out: Path = Path("."), trials: int = 10_000, steps: int = 100) -> dict[str, float]:
    """Train with RFLO in both forms, and the readout alone; print the errors, and draw errors and answers."""
    wanted = sines(steps)
    forms = {
        "RFLO, after each trial": AFTER_TRIAL,
        "RFLO, in every step": EVERY_STEP,
        "readout alone": (None, AFTER_TRIAL[1]),
    }
    learned = {name: learn(rflo(steps=steps, rules=rules), wanted, trials) for name, rules in forms.items()}
    last = {name: float(errors[-100:].mean()) for name, (errors, _) in learned.items()}
    for name, error in last.items():
        print(f"{name:23} error {error:.5f} of a silent readout's, in the mean of the last 100 of {trials} trials")
    draw(learned, wanted).savefig(out / "rflo.png")
    assert last["RFLO, after each trial"] < min(0.02, last["readout alone"] / 2)
    return last


def draw(learned: dict[str, tuple[NDArray, NDArray]], wanted: NDArray) -> Figure:
    """Draw errors over trials, and a trial with fixed weights."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    right.plot(wanted[0, :, 0], c="k", label="wanted")
    for name, (errors, answer) in learned.items():
        left.loglog(np.arange(1, len(errors) + 1), errors, lw=0.8, label=name)
        right.plot(answer, label=name)
    left.set(xlabel="trial, while weights change", ylabel="error, relative to a silent readout")
    right.set(xlabel="step", ylabel="readout y", title="After learning, with fixed weights")
    right.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
