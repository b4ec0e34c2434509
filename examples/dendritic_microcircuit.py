"""Dendritic microcircuit: interneurons that predict the layer above leave an error in the dendrite (Sacramento et al. 2018).

Sacramento, J., Costa, R. P., Bengio, Y. and Senn, W. (2018). Dendritic cortical microcircuits approximate the backpropagation
algorithm. NeurIPS 31.

    pyramidal    du/dt = -g_lk u + g_B (v_B - u) + g_A (v_A - u),   v_B = W x,   v_A = R f(u_above) + Q f(u_inter)
    output       du/dt = -g_lk u + g_B (v_B - u) + g_som (target - u) where there is a teacher
    interneuron  du/dt = -g_lk u + g_D (v_D - u) + g_som (u_above - u),   v_D = V f(u)
    dW = rate (f(u) - f(v_B')) f(below)^T      v_B' = g_B v_B/(g_lk + g_B + g_A), without g_A at the output: as W alone drives
    dV = rate (f(u_inter) - f(v_D')) f(u)^T    v_D' = g_D v_D/(g_lk + g_D)
    dQ = -rate v_A f(u_inter)^T                the apical dendrite is brought to rest, 0;   R is random and does not learn

Weights change when u has settled: W and W_out with a teacher, Q without one, V in both; in the source at all times, slowly.
What is shown, with another, random network as the teacher, as in the source: first, without it, the circuit comes to predict
itself: interneurons do what the outputs do, and cancel them. The theory has one such state, V = W_out and Q = -R, in which the
apical dendrites are silent. Then, with the teacher, what is not cancelled is the error, and the circuit learns; the control is
the same circuit with a fixed hidden layer. Digits are learned from the self-predicting state. The source learns a task of the
first kind, and reports 1.96% on MNIST with two hidden layers of 500 units (8.4% without).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

LEAK, BASAL, APICAL, SOMATIC = 0.1, 1.0, 0.8, 0.8
PREDICT, QUIET = (
    rc.Rule(name, source="Sacramento et al. 2018", forward=f"dw = rate*{error}*x_pre", parameters=dict(rate=0.1))
    for name, error in (("dendritic-prediction", "missed_post"), ("dendritic-quiet", "(-apical_post)"))
)
UNIT = """
    basal  : 1 (compartment)
    {other} : 1 (compartment)
    u      = u + step*(-leak*u + g_basal*(basal - u) + {drive}) : 1 (during free and taught)
    rate   = 1/(1 + exp(-u)) : 1
    missed = rate - 1/(1 + exp(-g_basal*basal/(leak + g_basal + {apart}))) : 1
"""
SHARED = dict(step=0.2, leak=LEAK, g_basal=BASAL)
PYRAMIDAL = rc.Neuron(UNIT.format(other="apical", drive=f"{APICAL}*(apical - u)", apart=APICAL), **SHARED)
OUTPUT = rc.Neuron(UNIT.format(other="teacher", drive=f"in_taught*{SOMATIC}*(teacher - u)", apart=0), **SHARED)
INTERNEURON = rc.Neuron(UNIT.format(other="above", drive=f"{SOMATIC}*(above - u)", apart=0), **SHARED)


def network(
    sizes: tuple[int, int, int] = (30, 20, 10),
    rates: tuple[float, ...] = (0.0, 0.0, 1.5, 0.5),
    settling: int = 40,
    batch_size: int = 10,
    seed: int = 0,
    classes: bool = False,
) -> rc.Circuit:
    """Return a network with one hidden layer; the rates are those of W, W_out, V and Q; with classes it predicts itself."""
    net, n = rc.Circuit(batch_size=batch_size, seed=seed), np.random.default_rng(seed)
    always, one, first, last = "free and taught", rc.OneToOne(), "free_end", "taught_end"
    x, p = net.stimulus("x", sizes[0]), net.population("p", sizes[1], PYRAMIDAL)
    o, i = net.population("o", sizes[2], OUTPUT), net.population("i", sizes[2], INTERNEURON)
    learned = {
        "W": (x, p, "basal", PREDICT, last), "W_out": (p, o, "basal", PREDICT, last),
        "V": (p, i, "basal", PREDICT, f"{first} and {last}"), "Q": (i, p, "apical", QUIET, first),
    }  # fmt: skip
    w = {name: n.uniform(-1, 1, (post.size, pre.size)) for name, (pre, post, *_) in learned.items()}
    w["R"] = n.uniform(-1, 1, (p.size, o.size))
    if classes:
        w |= {name: w[name] * np.sqrt(3 / w[name].shape[1]) for name in ("W", "W_out")}
        w["V"], w["Q"] = w["W_out"].copy(), -w["R"]
        y = net.supervisor("y", sizes[2], on=2, off=-2, during="taught")
        net.phases("free", settling * ms, first, 1 * ms, "taught", settling * ms, last, 1 * ms, evaluation="free")
    else:
        y = net.target("y", sizes[2], during="taught")
        net.phases("free", settling * ms, first, 1 * ms, mode="self_prediction")
        net.phases("taught", settling * ms, last, 1 * ms, mode="learning")
    for (name, (pre, post, into, rule, learns)), rate in zip(learned.items(), rates, strict=True):
        learning = rule.with_parameters(rate=rate).forward
        net.connect(pre, post, name=name, into=into, rule=learning, weights=w[name], during=always, learns=learns)
    net.connect(o, p, name="R", into="apical", sends="rate", weights=w["R"], during=always)
    net.connect(o, i, into="above", sends="u", weights=1.0, connectivity=one, during=always)
    net.connect(y, o, into="teacher", weights=1.0, connectivity=one, during="taught")
    return net


def classifier(sizes: tuple = (64, 100, 10), rate: float = 5.0, batch_size: int = 20, seed: int = 0) -> rc.Circuit:
    """Return the circuit for digits; `rate` is that of the hidden layer."""
    return network(sizes, (rate, 0.5, 0.5, 0.1), 30, batch_size, seed, classes=True)


def teacher(x: NDArray, hidden: int, outputs: int) -> NDArray[np.float64]:
    """Return what a random network with one hidden layer makes of the inputs."""
    n = np.random.default_rng(7)
    first, second = n.uniform(-1, 1, (hidden, x.shape[1])), n.uniform(-1, 1, (outputs, hidden))
    return 3 * (1 / (1 + np.exp(-1.5 * x @ first.T)) - 0.5) @ second.T


def test_error(net: rc.Circuit, x: NDArray, wanted: NDArray) -> float:
    """Return the mean square of the error of the outputs without a teacher, relative to the variance of what is wanted."""
    trace = net.run({"x": x}, mode="self_prediction", learn=False, record=["o.u"], elements="all")
    found = trace["o.u"].reshape(len(x) // net.batch_size, -1, net.batch_size, wanted.shape[1])[:, -1]
    return float(np.mean((found.reshape(wanted.shape) - wanted) ** 2) / np.mean((wanted - wanted.mean(axis=0)) ** 2))


def main(out: Path = Path("."), sizes: tuple[int, int, int] = (30, 20, 10), epochs: int = 30) -> dict[str, float]:
    """Let the circuit come to predict itself, then teach it; print what remains in the dendrites, and the errors."""
    n, net, apical, apart = np.random.default_rng(1), network(sizes), [], []
    for _ in range(40):
        net.run({"x": n.uniform(-1, 1, (1500, sizes[0]))}, mode="self_prediction")
        apical.append(float(np.abs(net["p.apical"]).mean()))
        apart.append([float(np.abs(net["V.w"] - net["W_out.w"]).max()), float(np.abs(net["Q.w"] + net["R.w"]).max())])
    print(f"mean apical input {apical[0]:.3f} after 1500 stimuli, {apical[-1]:.4f} in the end (theory: 0)")
    print("largest differences of V and W_out, and of Q and -R (theory: 0):", *apart[-1])
    held = {name: net[f"{name}.w"].copy() for name in ("W", "W_out", "V", "Q", "R")}
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    left.semilogy(1500 * np.arange(1, 41), apical, label="mean apical input")
    left.semilogy(1500 * np.arange(1, 41), apart, label=["V less W_out", "Q plus R"])
    result, x, digits = {"apical": apical[-1]}, n.uniform(-1, 1, (400, sizes[0])), rc.load("digits")
    for name, rate in (("all layers", 5.0), ("output alone", 0.0)):
        net = network(sizes, (rate, 0.5, 1.5, 0.5))
        for weights, value in held.items():
            net[f"{weights}.w"] = value
        errors = [test_error(net, x, teacher(x, 20, sizes[2]))]
        for _ in range(40):
            shown = n.uniform(-1, 1, (500, sizes[0]))
            net.run({"x": shown, "y": teacher(shown, 20, sizes[2])}, mode="learning")
            errors.append(test_error(net, x, teacher(x, 20, sizes[2])))
        middle.semilogy(500 * np.arange(41), errors, label=name)
        history = rc.train(classifier(rate=rate), digits, epochs, output="o", backend="numpy", progress=False)
        right.plot(np.arange(1, epochs + 1), 100 * np.array(history["test_error"]), label=name)
        result |= {name: errors[-1], f"{name}, digits": history.test_error}
        print(f"{name:12} relative error {errors[-1]:.3f}; test error {history.test_error:.1%} on digits")
    left.set(xlabel="stimuli", ylabel="mean size of the input; largest difference", title="without a teacher")
    middle.set(xlabel="stimuli", ylabel="relative error", title="with a network as the teacher")
    right.set(xlabel="epoch", ylabel="test error (%)", ylim=(0, 100), title="digits")
    for ax in (left, middle, right):
        ax.legend()
    figure.savefig(out / "dendritic_microcircuit.png")
    assert result["apical"] < 0.02 and result["all layers"] < 0.7 * result["output alone"]
    assert result["all layers, digits"] < 0.08 < result["output alone, digits"]
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)
