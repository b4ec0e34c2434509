"""Short-term plasticity: synapses that depress, and synapses that facilitate (Tsodyks, Pawelzik and Markram 1998).

Tsodyks, M., Pawelzik, K., and Markram, H. (1998). Neural networks with dynamic synapses. Neural Computation 10, 821-835.
Markram, H., Wang, Y., and Tsodyks, M. (1998). Differential signaling via the same axon of neocortical pyramidal neurons. PNAS
95, 5323-5328. Abbott, L. F., Varela, J. A., Sen, K., and Nelson, S. B. (1997). Synaptic depression and cortical gain control.
Science 275, 220-224.

    du/dt = -u/tau_facil + U (1 - u) r,   use = u (1 - U) + U      the fraction of what is left that a spike uses
    dx/dt = (1 - x)/tau_rec - use x r                              what is left; without facilitation, use = U
    tau_in dI/dt = use x r - I                                     the current in the post unit, for a weight of 1

What is shown: the same axon has depressing terminals on one unit, and facilitating terminals on another. A run has forty rates
in its forty batch elements. The theory is that of the sources, where the derivatives are zero:

- Depressing terminals bring a current U r/(1 + U tau_rec r), which stays below 1/tau_rec. High rates hardly differ in it. But
  when a rate doubles, the current doubles at first, whatever the rate was: the synapse signals relative changes (Abbott).
- Facilitating terminals answer a spike best at the rate (sqrt(tau_facil (1 - U)/(U tau_rec)) - 1)/tau_facil. For small U this
  is the peak frequency of Markram et al., 1/sqrt(U tau_facil tau_rec).

Euler's method has the fixed points of the equations. So the currents have to agree except for what is left of the approach to
them, 1e-6, and the peak frequency has to be the rate of the grid that is nearest to the theory. The doubled current is measured
after a step of 0.1 ms, in which at most U r dt of it is used up, 0.2%.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

DEPRESSES = dict(U=0.5, recovers=800 * ms)
FACILITATES = dict(U=0.03, recovers=130 * ms, facilitates=530 * ms)
TERMINAL = """
    drive    : 1 (compartment)
    dleft/dt = (1 - left)/recovers - use*left*drive*Hz : 1
    answer   = use*left     : 1
    rate     = answer*drive : 1
"""
DEPRESSING = rc.Neuron(TERMINAL + "use = U : 1", **DEPRESSES)
FACILITATING = rc.Neuron(
    TERMINAL + "use = u*(1 - U) + U : 1\ndu/dt = -u/facilitates + U*(1 - u)*drive*Hz : 1", **FACILITATES
)
CELL = rc.Neuron("basal : 1 (compartment)\ndrate/dt = (basal - rate)/tau : 1", tau=3 * ms)


def one_axon(batch_size: int = 1, dt: float = 1.0) -> rc.Circuit:
    """Return an axon with two kinds of terminals, which each bring a current into a unit of their own; `dt` is in ms."""
    net = rc.Circuit(batch_size=batch_size, dt=dt * ms)
    axon = net.stimulus("axon", 1, every=1 * ms)
    for name, kind in (("depressing", DEPRESSING), ("facilitating", FACILITATING)):
        terminal = net.population(name, 1, kind, initial={"left": 1.0})
        net.connect(axon, terminal, into="drive", weights=1.0)
        net.connect(terminal, net.population(f"{name}_cell", 1, CELL), weights=1.0)
    return net


def steady(rates: NDArray) -> dict[str, NDArray[np.float64]]:
    """Return what there is after 12 s at each rate: both currents, and how facilitating terminals answer a spike."""
    net = one_axon(len(rates))
    net.run({"axon": np.tile(rates[:, None, None], (1, 12000, 1))})
    return {
        name: net[variable][:, 0]
        for name, variable in (
            ("depressing", "depressing_cell.rate"),
            ("facilitating", "facilitating_cell.rate"),
            ("answer", "facilitating.answer"),
        )
    }


def theory(rates: NDArray) -> dict[str, NDArray[np.float64]]:
    """Return the same values where the derivatives of the equations are zero."""
    U, recovers = DEPRESSES["U"], 0.8
    V, soon, facilitates = FACILITATES["U"], 0.13, 0.53
    use = V * (1 + facilitates * rates) / (1 + V * facilitates * rates)
    answer = use / (1 + use * soon * rates)
    return {"depressing": U * rates / (1 + U * recovers * rates), "facilitating": answer * rates, "answer": answer}


def peak() -> float:
    """Return the rate at which facilitating terminals answer a spike best, in Hz."""
    U, recovers, facilitates = FACILITATES["U"], 0.13, 0.53
    return (np.sqrt(facilitates * (1 - U) / (U * recovers)) - 1) / facilitates


def doubled(rates: NDArray) -> NDArray[np.float64]:
    """Return what depressing terminals release from 1 s before to 2 s after the rate doubles, as (steps of 0.1 ms, rates)."""
    shown = np.tile(rates[:, None, None], (1, 6000, 1))
    shown[:, 4000:] *= 2
    trace = one_axon(len(rates), dt=0.1).run({"axon": shown}, record=["depressing.rate"], elements="all")
    return trace["depressing.rate"][30000:, :, 0]


def main(out: Path = Path(".")) -> dict[str, float]:
    """Settle at all rates, double some of them, compare with the theory, and draw both."""
    rates, doubling = np.geomspace(0.5, 100, 40), np.array([5.0, 10.0, 20.0, 40.0])
    found, expected, jumps = steady(rates), theory(rates), doubled(doubling)
    differs = max(float(np.abs(found[name] / expected[name] - 1).max()) for name in expected)
    best = float(rates[found["answer"].argmax()])
    first, last = jumps[10000:10010].max(axis=0) / jumps[9999], jumps[-1] / jumps[9999]
    print(f"currents differ from the theory by {differs:.1e} at most, relative to it")
    print(f"facilitating terminals answer a spike best at {best:.2f} Hz (theory {peak():.2f} Hz)")
    for rate, at_first, at_last in zip(doubling, first, last):
        print(
            f"from {rate:2.0f} to {2 * rate:2.0f} Hz the depressing current is {at_first:.3f} times as large at first"
        )
        print(
            f"    (theory: 2), and in the end {at_last:.3f} times (theory {2 * (1 + 0.4 * rate) / (1 + 0.8 * rate):.3f})"
        )
    draw(rates, found, expected, doubling, jumps).savefig(out / "short_term_plasticity.png")
    assert differs < 1e-6
    assert rates[np.abs(rates - peak()).argmin()] == best
    assert np.abs(first - 2).max() < 0.01
    return {"differs": differs, "peak": best, "first": float(first.min())}


def draw(rates: NDArray, found: dict, expected: dict, doubling: NDArray, jumps: NDArray) -> Figure:
    """Draw currents, answers to a spike, and what follows when the rate doubles."""
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for name in ("depressing", "facilitating"):
        (line,) = left.loglog(rates, found[name], "o", ms=3, label=name)
        left.loglog(rates, expected[name], c=line.get_color())
    left.set(xlabel="rate in Hz", ylabel="current", title="Points: circuit, lines: theory")
    middle.semilogx(rates, found["answer"], "o", ms=3, c="C1")
    middle.semilogx(rates, expected["answer"], c="C1")
    middle.axvline(peak(), c="k", lw=0.8)
    middle.set(xlabel="rate in Hz", ylabel="answer to a spike, facilitating")
    right.plot(
        np.arange(-10000, 20000) / 10000, jumps / jumps[9999], label=[f"from {rate:.0f} Hz" for rate in doubling]
    )
    right.set(xlabel="time after the rate doubles, in s", ylabel="depressing current, relative")
    left.legend(fontsize=8)
    right.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
