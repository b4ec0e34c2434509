"""Dale's law: an excitatory-inhibitory network learns a perceptual decision by a local rule (Song, Yang and Wang 2016).

Song, H. F., Yang, G. R., and Wang, X.-J. (2016). Training excitatory-inhibitory recurrent neural networks for cognitive tasks:
a simple and flexible framework. PLoS Comput. Biol. 12, e1004792. Murray, J. M. (2019). eLife 8, e43299 (the rule).

    v(t) = v(t-1) + alpha (W r(t-1) + W_in u(t) - v(t-1)) + sigma sqrt(2 alpha) noise,   r = max(0, v),   z = W_out r
    dW_ab = rate (B error)_a [v_a > 0] low_b,   low(t) = low(t-1) + alpha (r(t-1) - low(t-1))       B: random
    dW_out = rate_out error r;    every weight that would change its sign becomes 0

What is shown: Dale's law. 80% of the units are excitatory; every column of W has one sign, before and after learning; input is
excitatory, and only excitatory units are read out. B has the sign of the unit that it reaches. The task is that of the source:
two inputs differ by a coherence, and after the stimulus one of two outputs has to be high (1), and the other low (0.2). The
source learns by backpropagation through time, and its program stops at 85% of right decisions. Here RFLO learns. Since the leak
comes before the nonlinearity, its eligibility is a product of what two units hold, and synapses need no memory.

Bounds, from the source: after learning, more than 85% of the decisions are right on average over its coherences, and the share
of right ones rises with coherence to more than 95% (each is known to 2%). In the control only the readout learns.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

ALPHA, SIGMA, COHERENCES = 0.2, 0.15, np.array([-16, -8, -4, -2, -1, 1, 2, 4, 8, 16])
STEPS = {"begin": 1, "fixation": 5, "onset": 1, "stimulus": 39, "decision": 15, "rest": 2}
ALWAYS, LEARNS = " and ".join(STEPS), "fixation and onset and decision and rest"
#: Rates fall to a tenth after three fifths of the updates, since outputs otherwise follow the last trials.
FALLS = 36000
RECURRENT, OUT = "dw = rate*credit_post*above_2_post*low_2_pre", "dw = rate*error_post*arriving_pre"
RFLO = rc.Rule("rflo", source="Murray 2019", forward=RECURRENT, parameters=dict(rate=0.002)).with_signs()
READOUT = rc.Rule("readout", source="Murray 2019", forward=OUT, parameters=dict(rate=0.003)).with_signs()
RFLO, READOUT = RFLO.with_rate_steps(FALLS), READOUT.with_rate_steps(FALLS)
#: Low-pass filtered rate and slope, as they were two steps ago: this is when the rates were that an error judges.
HELD = f"low_1 = low : 1 (during {ALWAYS})\nlow_2 = low_1 : 1 (during {ALWAYS})"
INPUT = rc.Neuron(f"""
    now : 1
    rate = now                                       : 1
    low  = (1 - in_begin)*(low + {ALPHA}*(now - low)) : 1 (during {ALWAYS})
    {HELD}
""")
UNIT = rc.Neuron(
    f"""
    basal  : 1 (compartment)
    credit : 1 (compartment)
    v    = (1 - in_begin)*(v + {ALPHA}*(basal - v) + sigma*sqrt(2*{ALPHA})*randn()) : 1 (during {ALWAYS})
    low  = (1 - in_begin)*(low + {ALPHA}*(rate - low))                             : 1 (during {ALWAYS})
    rate = clip(v, 0, inf)   : 1
    above_1 = int(v > 0)     : 1 (during {ALWAYS})
    above_2 = above_1        : 1 (during {ALWAYS})
    {HELD}
    """,
    sigma=SIGMA,
)
OUTPUT = rc.Neuron(f"""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate  = basal                                         : 1
    error = (in_fixation + in_decision)*(teacher - basal) : 1 (during {ALWAYS})
""")


def decision(
    units: int = 100, rule: rc.Rule | None = RFLO, sigma: float = SIGMA, batch_size: int = 20, seed: int = 0
) -> rc.Circuit:
    """Return a circuit of excitatory and inhibitory units, two inputs of evidence, a constant one, and two outputs."""
    net, random = rc.Circuit(batch_size=batch_size, seed=seed), np.random.default_rng(seed)
    u, wanted = net.stimulus("u", 3, INPUT, clamps="now", every=1 * ms), net.target("wanted", 2, every=1 * ms)
    h, z = net.population("h", units, UNIT, sigma=sigma), net.population("z", 2, OUTPUT)
    signs = np.where(excitatory := np.arange(units) < 0.8 * units, 1, -1)
    net.connect(u, h, weights=random.gamma(2, 0.2, (units, 3)), rule=rule, during=ALWAYS, learns=LEARNS)
    weights = random.gamma(2, 1, (units, units)) * np.where(excitatory, 1, -4) * (1 - np.eye(units))
    weights /= np.abs(np.linalg.eigvals(weights)).max()
    states = {"polarity": signs} if rule else None
    net.connect(h, h, weights=weights, rule=rule, states=states, autapses=False, during=ALWAYS, learns=LEARNS)
    out, there = random.uniform(0, 0.5 / np.sqrt(units), (2, units)) * excitatory, np.tile(excitatory, (2, 1))
    net.connect(h, z, weights=out, connectivity=there, rule=READOUT, during=ALWAYS, learns=LEARNS)
    net.connect(wanted, z, into="teacher", weights=1.0, connectivity=rc.OneToOne(), during=ALWAYS)
    back = signs[:, None] * random.uniform(0, 1, (units, 2))
    net.connect(z, h, name="B", into="credit", sends="error", weights=back, during=ALWAYS)
    net.phases(*(part for name, steps in STEPS.items() for part in (name, steps * ms)))
    return net


def trials(coherences: NDArray, seed: int) -> tuple[NDArray, NDArray]:
    """Return inputs, (trials, steps, 3), and wanted outputs, (trials, steps, 2): positive coherence wants the first."""
    random, starts = np.random.default_rng(seed), np.cumsum([0, *STEPS.values()])
    shown, wanted = np.zeros((len(coherences), starts[-1], 3)), np.full((len(coherences), starts[-1], 2), 0.2)
    evidence = (1 + 3.2 * np.stack([coherences, -coherences], axis=1) / 100) / 2
    noise = random.normal(size=(len(coherences), starts[4] - starts[2], 2))
    shown[:, starts[2] : starts[4], :2] = evidence[:, None] + 0.01 * np.sqrt(2 / ALPHA) * noise
    shown[:, :, 2] = 1
    high = np.stack([coherences > 0, coherences <= 0], axis=1)
    wanted[:, starts[4] : starts[5]] = np.where(high, 1.0, 0.2)[:, None]
    return shown, wanted


def decide(net: rc.Circuit, coherences: NDArray, seed: int, learn: bool = True) -> NDArray[np.bool_]:
    """Return for each trial whether the first output is above the second one in the last step of the decision."""
    shown, wanted = trials(coherences, seed)
    trace = net.run({"u": shown, "wanted": wanted}, record=["z.rate"], elements="all", learn=learn)
    last = trace["z.rate"].reshape(-1, shown.shape[1], net.batch_size, 2)[:, -3].reshape(-1, 2)
    return last[:, 0] > last[:, 1]


def learn(net: rc.Circuit, blocks: int) -> NDArray[np.float64]:
    """Return the share of right decisions in each block of 400 trials."""
    shown = [np.random.default_rng(seed).permutation(np.tile(COHERENCES, 40)) for seed in range(blocks)]
    return np.array([np.mean(decide(net, c, seed) == (c > 0)) for seed, c in enumerate(shown)])


def main(out: Path = Path("."), blocks: int = 125, units: int = 100) -> dict[str, float]:
    """Learn with all weights and with the readout alone; test with fixed weights, and draw."""
    nets = {"RFLO": decision(units), "readout alone": decision(units, rule=None)}
    learned, tested = {name: learn(net, blocks) for name, net in nets.items()}, {}
    coherences = np.repeat(COHERENCES, 200)
    for name, net in nets.items():
        first = decide(net, coherences, seed=1000, learn=False)
        of_side = np.mean((first == (coherences > 0)).reshape(2, 5, 200), axis=2)
        tested[name] = (of_side[1] + of_side[0, ::-1]) / 2
        by = ", ".join(f"{100 * share:.1f}% at {c}" for share, c in zip(tested[name], COHERENCES[5:]))
        print(f"{name:14} {100 * of_side.mean():.1f}% of 2,000 decisions are right: {by}")
    w, signs = nets["RFLO"]["h_to_h.w"], np.where(np.arange(units) < 0.8 * units, 1, -1)
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, shares in learned.items():
        left.plot(0.4 * np.arange(1, len(shares) + 1), 100 * shares)
        right.semilogx(COHERENCES[5:], 100 * tested[name], "o-", base=2, label=name)
    left.axhline(85, c="k", lw=0.8)
    left.set(xlabel="trials / 1000", ylabel="right decisions in %", title="Line: where the source stops")
    right.set(xlabel="coherence in %", ylabel="right decisions in %", title="After learning")
    right.legend(fontsize=8)
    figure.savefig(out / "dale_decision.png")
    mean = {name: float(shares.mean()) for name, shares in tested.items()}
    assert np.all(w * signs >= 0) and mean["RFLO"] > max(0.85, mean["readout alone"] + 0.1)
    assert tested["RFLO"][-1] > 0.95 and np.diff(tested["RFLO"]).min() > -0.04
    return mean


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
