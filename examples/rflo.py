"""RFLO, random feedback local online learning: a recurrent network learns in time by local rules (Murray 2019).

Murray, J. M. (2019). Local online learning in recurrent networks with random feedback. eLife 8, e43299.

    h(t+1) = h(t) + (phi(u) - h(t))/tau,   u = W h(t),   y = W_out h,   error = wanted - y
    p_ab(t+1) = (1 - 1/tau) p_ab(t) + phi'(u_a) h_b(t)/tau                     an eligibility in each synapse
    dW_ab = rate (B error)_a p_ab,   dW_out = rate_out error h                 B: random, and does not learn

What is shown: a network without input, which begins each trial in the same state, comes to follow a given function of time, a
sum of sines, as in figure 2 of the paper. As a control, the same network with only the readout learning ends with a larger
error. With one weight change in every step, the error of RFLO rises and falls again from time to time, so that it is
averaged over trials.

The paper's loop lets an error act in the step in which it arises. Here signals take their time: the field of a unit is that of
the rates one step ago, and the error reaches the recurrent units one step later. So that each error still meets the
eligibility of the rates that caused it, the synapse keeps the eligibility of the step before (`late`), and the units their
rate (`before`); all that is left is that dW comes one step later.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

TAU = 10.0
RECURRENT = rc.Rule(
    "rflo",
    source="Murray 2019",
    forward="""
        dw = rate*going_post*credit_post*late
        late = going_post*p
        p = going_post*(p + (slope_post*before_pre - p)/tau)
    """,
    traces=("p", "late"),
    parameters=dict(rate=0.002, tau=TAU),
)
READOUT = rc.Rule(
    "readout", source="Murray 2019", forward="dw = rate*error_post*before_pre", parameters=dict(rate=0.0002)
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
    steps: int = 200,
    recurrent: rc.Rule | None = RECURRENT,
    readout: rc.Rule = READOUT,
    outputs: int = 1,
    seed: int = 0,
    batch_size: int = 1,
) -> rc.Circuit:
    """Return a recurrent network with a linear readout; without a rule for the recurrent weights they stay as they are."""
    net, random = rc.Circuit(batch_size=batch_size, seed=seed), np.random.default_rng(seed)
    wanted = net.target("wanted", outputs, every=1 * ms, during="trial")
    h = net.population("h", units, UNIT, first=random.uniform(-1, 1, units))
    y = net.population("y", outputs, OUTPUT)
    always, learns = "begin and trial", "begin and trial"
    weights = random.normal(0, 1.5 / np.sqrt(units), (units, units))
    net.connect(h, h, rule=recurrent, weights=weights, during=always, learns=learns)
    out = random.uniform(-1, 1, (outputs, units)) / np.sqrt(units)
    net.connect(h, y, rule=readout, weights=out, during=always, learns="trial")
    net.connect(wanted, y, into="teacher", weights=1.0, connectivity=rc.OneToOne(), during="trial")
    back = random.uniform(-1, 1, (units, outputs)) / np.sqrt(outputs)
    net.connect(y, h, name="B", into="credit", sends="error", weights=back, during=always)
    net.phases("begin", 2 * ms, "trial", steps * ms)
    return net


def sines(steps: int) -> NDArray[np.float64]:
    """Return what is wanted in a trial, (1, steps, 1): four sines, each with half the amplitude of the one before."""
    time = 2 * np.pi * np.arange(steps) / steps
    return sum(0.5**k * np.sin(2**k * time) for k in range(4))[None, :, None]


def learn(net: rc.Circuit, wanted: NDArray, trials: int, block: int = 25) -> tuple[NDArray, NDArray, float]:
    """Return the error of each trial (mean square, relative to the target's), then answer and error with fixed weights."""
    steps, errors, size = wanted.shape[1], [], np.mean(wanted**2)
    for _ in range(0, trials, block):
        trace = net.run({"wanted": wanted}, block, record=["y.error"])
        error = trace["y.error"].reshape(block, steps + 2, -1)[:, 2:]
        errors.extend(np.mean(error**2, axis=(1, 2)) / size)
    answer = net.run(presentations=1, record=["y.rate"], learn=False)["y.rate"][2:]
    return np.array(errors), answer[:, 0], float(np.mean((answer - wanted[0]) ** 2) / size)


def main(out: Path = Path("."), trials: int = 800, steps: int = 200) -> dict[str, float]:
    """Train with RFLO and with the readout alone, print the errors, and draw errors and answers."""
    wanted = sines(steps)
    learned = {
        "RFLO": learn(rflo(steps=steps), wanted, trials),
        "readout alone": learn(rflo(steps=steps, recurrent=None), wanted, trials),
    }
    mean = {name: float(errors[trials // 4 :].mean()) for name, (errors, _, _) in learned.items()}
    for name, (_, _, error) in learned.items():
        print(
            f"{name:14} error, relative to a silent readout: {mean[name]:.3f} in the mean of the last three quarters of the"
        )
        print(f"{'':14} trials, {error:.3f} in one trial with fixed weights after the last")
    draw(learned, wanted).savefig(out / "rflo.png")
    assert mean["RFLO"] < 0.2 and mean["RFLO"] < 0.6 * mean["readout alone"]
    return mean


def draw(learned: dict[str, tuple[NDArray, NDArray, float]], wanted: NDArray) -> Figure:
    """Draw errors over trials, and a trial with fixed weights."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    right.plot(wanted[0, :, 0], c="k", label="wanted")
    for name, (errors, answer, _) in learned.items():
        left.semilogy(errors, label=name)
        right.plot(answer, label=name)
    left.set(xlabel="trial, while weights change", ylabel="error, relative to a silent readout")
    right.set(xlabel="step", ylabel="readout y", title="After learning, with fixed weights")
    right.legend(fontsize=8)
    left.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
