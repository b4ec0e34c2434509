"""Models from papers as a reader of the guides would write them, each against a loop that was written from its equations."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Hz, ms
from networks import distance

import recircuit as rc

EXACT = 1e-12


def rule(name: str, forward: str, feedback: str | None = None, **options: Any) -> rc.Rule:
    return rc.Rule(name, source="a paper", forward=forward, feedback=feedback, **options)


def mean_outer(post: np.ndarray, pre: np.ndarray) -> np.ndarray:
    return np.mean(post[:, :, None] * pre[:, None, :], axis=0)


def test_soft_winner_take_all() -> None:
    """In SoftHebb (Moraitis et al. 2022) y is the softmax of u = W x, and dW = eta y (x - u W)."""
    unit = rc.Neuron(
        "basal : 1 (compartment)\ntotal : 1 (broadcast)\ngrown = exp(basal) : 1\nrate = grown/total : 1 (during share)"
    )
    net = rc.Circuit(batch_size=2)
    x, h = net.stimulus("x", 5), net.population("h", 4, unit)
    whole = net.population("whole", 1, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1"))
    net.connect(x, h, rule=rule("soft", "dw = .1*x_post*(x_pre - basal_post*w)"))
    net.connect(h, whole, sends="grown", weights=1.0, during="add")
    net.broadcast(whole, "total", during="share")
    net.phases("feedforward", 1 * ms, "add", 1 * ms, "share", 1 * ms, "plasticity", 1 * ms)
    shown, w = np.random.default_rng(0).normal(size=(20, 5)), net["x_to_h.w"].copy()
    net.run(shown)
    for rows in shown.reshape(-1, 2, 5):
        u = rows @ w.T
        y = np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)
        w = w + 0.1 * np.mean(y[:, :, None] * (rows[:, None] - u[:, :, None] * w), axis=0)
    assert distance(net["x_to_h.w"], w) < EXACT


def test_forward_forward() -> None:
    """In Hinton 2022 layers tell real data from others by the sum of squares of their rates, and send on rates of length 1."""
    unit = rc.Neuron("""
        basal : 1 (compartment)
        good  : 1 (compartment)
        rate   = relu(basal)             : 1 (during go)
        square = rate**2                 : 1
        normed = rate/(sqrt(good) + 1e-8) : 1
    """)
    net, sizes = rc.Circuit(batch_size=2), (5, 4, 3)
    below, real = net.stimulus("x", 5, rc.Neuron("rate : 1\nnormed = rate : 1")), net.stimulus("realness", 1)
    net.broadcast(real, "real")
    learn = rule(
        "layer", "dw = .1*(real - 1/(1 + exp(1 - good_post)))*2*x_post*normed_pre", broadcasts=("real",)
    )  # fmt: skip
    for k in (1, 2):
        h = net.population(f"h{k}", sizes[k], unit)
        goodness = net.population(f"g{k}", 1, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1"))
        net.connect(below, h, rule=learn, sends="normed", name=f"w{k}")
        net.connect(h, goodness, sends="square", weights=1.0)
        net.connect(goodness, h, into="good", weights=1.0)
        below = h
    net.phases("go", 10 * ms, "plasticity", 1 * ms)
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(20, 5)), random.integers(2, size=(20, 1)).astype(float)
    weights = [net["w1.w"].copy(), net["w2.w"].copy()]
    net.run({"x": x, "realness": labels})
    for rows, wanted in zip(x.reshape(-1, 2, 5), labels.reshape(-1, 2, 1)):
        sent, new = rows, []
        for w in weights:
            y = np.maximum(sent @ w.T, 0)
            good = (y**2).sum(axis=1, keepdims=True)
            new.append(w + 0.1 * mean_outer((wanted - 1 / (1 + np.exp(1 - good))) * 2 * y, sent))
            sent = y / (np.sqrt(good) + 1e-8)
        weights = new
    assert max(distance(net[f"w{k}.w"], weights[k - 1]) for k in (1, 2)) < EXACT


def test_latent_equilibrium() -> None:
    """In Haider et al. 2021 units look ahead, u + tau du/dt, so that errors are right while all still settles."""
    lines = """
        basal : 1 (compartment)
        {into} : 1 (compartment)
        ahead = u + tau*slope             : 1
        slope = (basal + {error} - u)/tau : Hz (stored)
        du/dt = (basal + {error} - u)/tau : 1
        rate  = {rate}                    : 1
        error = ahead - basal             : 1
    """
    hidden = lines.format(into="apical", error="apical*(1 - tanh(ahead)**2)", rate="tanh(ahead)")
    output = lines.format(into="wanted", error=".1*(wanted - ahead)", rate="ahead")
    learn = rule("ahead", "dw/dt = eta*error_post*x_pre", "dw/dt = eta*error_pre*x_post", parameters=dict(eta=5 * Hz))
    net = rc.Circuit(dt=0.5 * ms, batch_size=2)
    x, y = net.stimulus("x", 3, every=5 * ms), net.target("y", 2, every=5 * ms)
    a, b = (net.population(n, s, rc.Neuron(t, tau=10 * ms)) for n, s, t in (("a", 4, hidden), ("b", 2, output)))
    net.connect(x, a, rule=learn)
    net.connect(a, b, rule=learn)
    net.connect(b, a, into="apical", rule=learn)
    net.connect(y, b, into="wanted", weights=1.0, connectivity=rc.OneToOne())
    random = np.random.default_rng(2)
    rows, wanted = random.normal(size=(2, 10, 3)), random.normal(size=(2, 10, 2))
    up, out, back = (net[f"{name}.w"].copy() for name in ("x_to_a", "a_to_b", "b_to_a"))
    net.run({"x": rows, "y": wanted}, 50 * ms)
    u, v, slope_u, slope_v, arrived = np.zeros((2, 4)), np.zeros((2, 2)), np.zeros((2, 4)), np.zeros((2, 2)), 0.0
    for step in range(100):
        ahead_u, ahead_v, shown = u + slope_u, v + slope_v, rows[:, step // 10]  # as they were before the step
        basal, apical, arrived = shown @ up.T, (ahead_v - arrived) @ back.T, np.tanh(ahead_u) @ out.T
        slope_u = basal + apical * (1 - np.tanh(ahead_u) ** 2) - u
        slope_v = arrived + 0.1 * (wanted[:, step // 10] - ahead_v) - v
        u, v = u + 0.05 * slope_u, v + 0.05 * slope_v
        errors, rate = (u + slope_u - basal, v + slope_v - arrived), np.tanh(u + slope_u)
        up = up + 0.0025 * mean_outer(errors[0], shown)
        out, back = out + 0.0025 * mean_outer(errors[1], rate), back + 0.0025 * mean_outer(rate, errors[1])
    for name, w in (("x_to_a", up), ("a_to_b", out), ("b_to_a", back)):
        assert distance(net[f"{name}.w"], w) < EXACT, name


def test_voltage_based_plasticity() -> None:
    """Clopath et al. 2010 in rates: input depresses, scaled by the unit's mean activity, and its trace potentiates."""
    unit = rc.Neuron(
        "basal : 1 (compartment)\ndslow/dt = (basal - slow)/(10*ms) : 1\nrate = basal : 1\n"
        "dmean/dt = (basal**2 - mean)/(100*ms) : 1 (shared)"
    )
    learn = rule(
        "voltage",
        "dxb/dt = (x_pre - xb)/taux\n"
        "dw/dt = -ad*mean_post*x_pre*relu_post + ap*xb*high_post*relu_post".replace("relu_post", "clip(slow_post - .1, 0, 100)")
        .replace("high_post", "clip(basal_post - .4, 0, 100)"),
        traces=("xb",), parameters=dict(taux=15 * ms, ad=2 * Hz, ap=4 * Hz),
    ).with_weight_limit(0, 3)  # fmt: skip
    net = rc.Circuit(batch_size=2)
    net.connect(net.stimulus("x", 4, every=2 * ms), net.population("h", 3, unit), rule=learn, weights=0.5)
    rows = np.random.default_rng(3).random((2, 30, 4))
    net.run({"x": rows}, 60 * ms)
    w, slow, mean, trace = np.full((3, 4), 0.5), np.zeros((2, 3)), np.zeros(3), np.zeros((2, 4))
    for step in range(60):
        x = rows[:, step // 2]
        u = x @ w.T
        slow, mean = slow + 0.1 * (u - slow), mean + 0.01 * (np.mean(u**2, axis=0) - mean)
        trace = trace + (x - trace) / 15
        low, high = np.clip(slow - 0.1, 0, 100), np.clip(u - 0.4, 0, 100)
        w = np.clip(w + 1e-3 * (4 * mean_outer(high * low, trace) - 2 * mean_outer(mean * low, x)), 0, 3)
    assert distance(net["x_to_h.w"], w) < EXACT and distance(net["h.mean"], mean) < EXACT


def test_associative_reward_penalty() -> None:
    """The rule is that of Mazzoni, Andersen and Jordan 1991: stochastic units in two layers all receive one reward."""
    line = "rate = int(rand() < p) : 1 (after {})\nbasal : 1 (compartment)\np = 1/(1 + exp(-basal)) : 1\n"
    learn = rule(
        "penalty", "dw = .5*(r*(x_post - p_post) + .01*(1 - r)*(1 - x_post - p_post))*x_pre", broadcasts=("r",)
    )  # fmt: skip
    net = rc.Circuit(batch_size=2, seed=3)
    x, s, h = net.stimulus("x", 4), net.target("s", 1), net.population("h", 6, rc.Neuron(line.format("act")))
    rewarded = line.format("choose") + "wanted : 1 (compartment)\nright = 1 - abs(rate - wanted) : 1"
    o, reward = (
        net.population("o", 1, rc.Neuron(rewarded)),
        net.population("reward", 1, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1")),
    )
    net.broadcast(reward, "r")
    net.connect(x, h, rule=learn)
    net.connect(h, o, rule=learn)
    net.connect(s, o, into="wanted", weights=1.0)
    net.connect(o, reward, sends="right", weights=1.0, during="tell")
    net.phases("act", 1 * ms, "choose", 1 * ms, "tell", 2 * ms, "plasticity", 1 * ms)
    random = np.random.default_rng(4)
    shown, wanted = random.random((20, 4)), random.integers(2, size=(20, 1)).astype(float)
    first, second = net["x_to_h.w"].copy(), net["h_to_o.w"].copy()
    trace = net.run({"x": shown, "s": wanted}, record=["h.rate", "o.rate"], elements="all")
    for k, (rows, right) in enumerate(zip(shown.reshape(-1, 2, 4), wanted.reshape(-1, 2, 1))):
        hidden, out = trace["h.rate"][5 * k + 4], trace["o.rate"][5 * k + 4]
        r, chances = 1 - np.abs(out - right), [1 / (1 + np.exp(-rows @ first.T)), 1 / (1 + np.exp(-hidden @ second.T))]
        change = [
            0.5 * (r * (a - p) + 0.01 * (1 - r) * (1 - a - p)) for a, p in zip((hidden, out), chances, strict=True)
        ]
        first, second = first + mean_outer(change[0], rows), second + mean_outer(change[1], hidden)
    assert distance(net["x_to_h.w"], first) < EXACT and distance(net["h_to_o.w"], second) < EXACT


def test_reward_modulated_noise_in_a_recurrent_network() -> None:
    """In Hoerzer, Legenstein and Maass 2014 a readout explores, and keeps what made it better than its recent mean."""
    readout = rc.Neuron("""
        basal  : 1 (compartment)
        wanted : 1 (compartment)
        rate   = basal + .1*randn()     : 1 (stored)
        mean   = .8*mean + .2*rate      : 1 (stored)
        perf   = -(rate - wanted)**2    : 1
        usual  = .8*usual + .2*perf     : 1 (stored)
        better = int(perf > usual)      : 1
    """)
    network = rc.Neuron(
        "rec : 1 (compartment)\nback : 1 (compartment)\ndv/dt = (rec + back - v)/(10*ms) : 1\nrate = tanh(v) : 1"
    )
    learn = rule("explore", "dw = .01*(rate_post - mean_post)*M*rate_pre", broadcasts=("M",))
    net = rc.Circuit(seed=2)
    y, o = net.stimulus("y", 1, every=1 * ms), net.population("o", 1, readout)
    r = net.population("r", 20, network, initial={"v": rc.normal(1.0)})
    judge = net.population("judge", 1, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1"))
    net.broadcast(judge, "M")
    net.connect(o, judge, sends="better", weights=1.0)
    net.connect(r, r, into="rec", weights=rc.normal(scaled_by=1.5))
    net.connect(r, o, rule=learn, weights=0.0)
    net.connect(o, r, into="back")
    net.connect(y, o, into="wanted", weights=1.0)
    target = np.sin(np.arange(50) / 5)
    inner, back, v = net["r_to_r.w"].copy(), net["o_to_r.w"][:, 0].copy(), net["r.v"][0].copy()
    drawn = net.run({"y": target[:, None]}, 50 * ms, record=["o.rate"])["o.rate"][:, 0]
    w, z, mean, usual, wanted, rewarded = np.zeros(20), 0.0, 0.0, 0.0, 0.0, 0.0
    for step in range(50):
        modulation, rewarded = rewarded, float(-((z - wanted) ** 2) > usual)  # the judge speaks one step later
        v, wanted = v + 0.1 * (inner @ np.tanh(v) + back * z - v), target[step]
        usual, mean, z = 0.8 * usual - 0.2 * (z - wanted) ** 2, 0.8 * mean + 0.2 * z, drawn[step]
        w = w + 0.01 * (z - mean) * modulation * np.tanh(v)
    assert distance(net["r_to_o.w"][0], w) < EXACT and np.abs(w).max() > 1e-4
