"""Models from papers in which something outlives a step: traces, delays, excitability, sleep, proteins; against loops.

They were written from the guides, as a reader would write them.
"""

from __future__ import annotations

import numpy as np
from brian2 import Hz, ms
from networks import distance

import recircuit as rc

EXACT = 1e-12
DT = 1e-3


def sigmoid(v: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-v))


def test_excitability_that_learns() -> None:
    """In Triesch 2005 and Schrauwen et al. 2008 gain and bias of each unit of a reservoir learn until its rates are
    normal.

    They belong to a unit, so that the batch elements share them; the last batch has only two of three elements.
    """
    unit = rc.Neuron(
        """
        drive : 1 (compartment)
        basal : 1 (compartment)
        total = drive + basal       : 1
        y     = tanh(a*total + b)   : 1
        push  = -eta*(-mu/var + y/var*(2*var + 1 - y**2 + mu*y)) : 1
        rate  = y                   : 1 (during listen)
        a     = a + eta/a + push*total : 1 (shared, during listen)
        b     = b + push            : 1 (shared, during listen)
        """,
        eta=0.01, mu=0.1, var=0.16,
    )  # fmt: skip
    rng = np.random.default_rng(3)
    a, b, series = rng.uniform(0.5, 1.5, 5), np.zeros(5), rng.normal(size=(5, 6, 2))
    net = rc.Circuit(batch_size=3, seed=2)
    u, h = net.stimulus("u", 2, every=1 * ms), net.population("h", 5, unit, initial={"a": a})
    net.connect(u, h, into="drive", weights=rc.normal(1.0))
    net.connect(h, h, weights=rc.normal(scaled_by=0.9), autapses=False)
    net.phases("listen", 6 * ms)
    net.run({"u": series})
    x = np.zeros((3, 5))
    for active, rows in ((3, series[:3]), (2, np.concatenate([series[3:], np.zeros((1, 6, 2))]))):
        for row in rows.transpose(1, 0, 2):
            total = x @ net["h_to_h.w"].T + row @ net["u_to_h.w"].T
            x = np.tanh(a * total + b)
            push = -0.01 * (-0.1 / 0.16 + x / 0.16 * (2 * 0.16 + 1 - x**2 + 0.1 * x))
            a, b = a + (0.01 / a + push * total)[:active].mean(axis=0), b + push[:active].mean(axis=0)
    assert max(distance(net["h.a"], a), distance(net["h.b"], b), distance(net["h.rate"], x)) < EXACT


def test_triplets_with_axonal_delays() -> None:
    """In Pfister and Gerstner 2006, in rates, a synapse has a trace of its input, and its unit a fast and a slow trace."""
    cell = rc.Neuron(
        """
        basal     : 1 (compartment)
        drate/dt  = (clip(basal, 0, 100) - rate)/tau : 1
        dfast/dt  = (rate - fast)/tau_fast           : 1
        dslow/dt  = (rate - slow)/tau_slow           : 1
        before    = slow                             : 1 (stored)
        """,
        tau=10 * ms, tau_fast=33 * ms, tau_slow=114 * ms,
    )  # fmt: skip
    triplet = rc.Rule(
        "triplet", source="Pfister and Gerstner 2006", traces=("seen",),
        forward="""
        dseen/dt = (arriving_pre - seen)/tau_seen
        dw/dt = eta*(up*x_post*seen*before_post - down*arriving_pre*fast_post)
        """,
        parameters=dict(tau_seen=17 * ms, eta=5 * Hz, up=0.6, down=0.5),
    ).with_weight_limit(0, 1)  # fmt: skip
    rng = np.random.default_rng(4)
    delays, shown = rng.integers(0, 7, (2, 4)), rng.uniform(0, 2, (2, 40, 4))
    net = rc.Circuit(batch_size=2)
    x, h = net.stimulus("x", 4, every=1 * ms), net.population("h", 2, cell)
    net.connect(x, h, rule=triplet, weights=0.3, delay=delays * ms)
    net.run({"x": shown}, 40 * ms)
    w, seen = np.full((2, 4), 0.3), np.zeros((2, 2, 4))
    rate, fast, slow = np.zeros((3, 2, 2))
    sent = np.concatenate([np.zeros((2, 6, 4)), shown], axis=1)
    for t in range(40):
        arriving = np.array([[rows[t + 6 - delays[i], np.arange(4)] for i in range(2)] for rows in sent])
        before, field = slow, np.sum(w * arriving, axis=2)
        rate, fast, slow = (
            rate + DT * (np.clip(field, 0, 100) - rate) / 0.01, fast + DT * (rate - fast) / 0.033,
            slow + DT * (rate - slow) / 0.114,
        )  # fmt: skip
        seen = seen + DT * (arriving - seen) / 0.017
        change = 0.6 * rate[:, :, None] * seen * before[:, :, None] - 0.5 * arriving * fast[:, :, None]
        w = np.clip(w + DT * 5 * change.mean(axis=0), 0, 1)
    assert max(distance(net["x_to_h.w"], w), distance(net["x_to_h.seen"], seen), distance(net["h.slow"], slow)) < EXACT


def test_wake_and_sleep() -> None:
    """The Helmholtz machine (Hinton et al. 1995) learns awake to generate, asleep to recognise; states are as it drew them."""
    visible = rc.Neuron("""
        data : 1 (compartment)
        made : 1 (compartment)
        guess  = 1/(1 + exp(-made)) : 1
        rate   = in_see*data + in_imagine*int(rand() < guess) : 1 (during see and imagine)
        missed = rate - guess : 1
    """)
    hidden = rc.Neuron("""
        basal : 1 (compartment)
        prior : 1 (compartment)
        guess   = 1/(1 + exp(-basal)) : 1
        dreamed = 1/(1 + exp(-prior)) : 1
        rate    = int(rand() < in_infer*guess + in_dream*dreamed) : 1 (during infer and dream)
        missed  = rate - dreamed : 1
    """)
    generate = rc.Rule("generate", source="Hinton et al. 1995", forward="dw = .1*missed_post*x_pre")
    recognise = rc.Rule("recognise", source="Hinton et al. 1995", forward="dw = .1*(x_post - guess_post)*x_pre")
    net = rc.Circuit(batch_size=2, seed=3)
    v, h, one = net.population("v", 5, visible), net.population("h", 3, hidden), net.constant("one")
    net.connect(net.stimulus("d", 5), v, into="data", weights=1.0, connectivity=rc.OneToOne())
    net.connect(v, h, rule=recognise, weights=rc.normal(0.5), learns="learn_recognition")
    net.connect(h, v, into="made", rule=generate, weights=rc.normal(0.5), learns="learn_generation")
    net.connect(one, h, into="prior", rule=generate, weights=0.0, learns="learn_generation")
    net.phases("see", 1 * ms, "infer", 2 * ms, "learn_generation", 1 * ms, mode="awake")
    net.phases("dream", 1 * ms, "imagine", 2 * ms, "learn_recognition", 1 * ms, mode="asleep")
    r, g, prior, rng = net["v_to_h.w"], net["h_to_v.w"], np.zeros(3), np.random.default_rng(0)
    for _ in range(3):
        images = np.where(rng.random((3, 5)) < 0.4, 1.0, 0.0)
        awake = net.run({"d": images}, mode="awake", record=["h.rate"], elements="all")["h.rate"][3::4]
        asleep = net.run(mode="asleep", presentations=2, record=["h.rate", "v.rate"], elements="all")
        for seen, drawn in ((images[:2], awake[0]), (images[2:], awake[1, :1])):
            g, prior = (
                g + 0.1 * (seen - sigmoid(drawn @ g.T)).T @ drawn / len(seen),
                prior + 0.1 * np.mean(drawn - sigmoid(prior), axis=0),
            )
        for drawn, dreamed in zip(asleep["h.rate"][3::4], asleep["v.rate"][3::4], strict=True):
            r = r + 0.1 * (drawn - sigmoid(dreamed @ r.T)).T @ dreamed / 2
    assert max(distance(net["v_to_h.w"], r), distance(net["h_to_v.w"], g), distance(net["one_to_h.w"].T, prior)) < EXACT


def test_synaptic_tags_and_proteins() -> None:
    """In Frey and Morris 1997, as in Luboeinski and Tetzlaff 2021, a synapse that has changed much is tagged, and its
    change is kept where there are proteins.

    The unit makes proteins where its synapses, taken together, have changed enough. Early changes have bounds, so that several
    batch elements would share them ambiguously, which is refused.
    """
    capture = rc.Rule(
        "capture", source="Luboeinski and Tetzlaff 2021", state=dict(early=0.5, late=0.0, protein=0.0),
        forward="""
        early += .1*(1 - early)*int(x_pre*x_post > high) - .1*early*int(x_pre*x_post < low) + .02*(.5 - early)
        protein += .1*(int(incoming(abs(early - .5)) > need) - protein)
        late += .2*protein*((1 - late)*int(early - .5 > tag) - (late + .5)*int(.5 - early > tag))
        w = early + .5*late
        """,
        parameters=dict(high=0.3, low=0.05, need=0.4, tag=0.08),
    )  # fmt: skip
    shown = np.random.default_rng(5).uniform(size=(40, 6))
    net = rc.Circuit()
    y = net.population("y", 3, rc.Neuron("basal : 1 (compartment)\nrate = basal/3 : 1"))
    net.connect(net.stimulus("x", 6), y, rule=capture, weights=0.5)
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
    net.run(shown)
    early, late, protein, w = np.full((3, 6), 0.5), np.zeros((3, 6)), np.zeros((3, 1)), np.full((3, 6), 0.5)
    for x in shown:
        both = np.outer(w @ x / 3, x)
        early = early + 0.1 * (1 - early) * (both > 0.3) - 0.1 * early * (both < 0.05) + 0.02 * (0.5 - early)
        protein = protein + 0.1 * ((np.abs(early - 0.5).sum(axis=1, keepdims=True) > 0.4) - protein)
        late = late + 0.2 * protein * ((1 - late) * (early - 0.5 > 0.08) - (late + 0.5) * (0.5 - early > 0.08))
        w = early + 0.5 * late
    assert np.abs(late).max() > 0.05 and distance(net["x_to_y.w"], w) < EXACT
    assert distance(net["x_to_y.late"], late) < EXACT and distance(net["x_to_y.protein"][:, :1], protein) < EXACT


def test_plasticity_that_the_network_opens() -> None:
    """With retroactive neuromodulation (Miconi et al. 2019), fast weights take over what a synapse has seen when M says so."""
    retroactive = rc.Rule(
        "retroactive", source="Miconi et al. 2019", state=("fast", "seen", "alpha"), broadcasts=("M",),
        forward="""
        fast = clip(fast + M*seen, -1, 1)
        seen = .7*seen + .3*x_post*arriving_pre
        w = alpha*fast
        """,
    )  # fmt: skip
    unit = rc.Neuron("drive : 1 (compartment)\nbasal : 1 (compartment)\nrate = tanh(drive + basal) : 1 (during living)")
    rng = np.random.default_rng(7)
    alpha, series = rng.normal(size=(4, 4)), rng.normal(size=(1, 25, 2))
    net = rc.Circuit(seed=7)
    u, h = net.stimulus("u", 2, every=1 * ms), net.population("h", 4, unit)
    m = net.population("m", 1, rc.Neuron("basal : 1 (compartment)\nrate = tanh(basal) : 1"))
    net.broadcast(m, "M")
    net.connect(u, h, into="drive", weights=rc.normal(1.0))
    net.connect(h, h, name="slow", weights=rc.normal(scaled_by=0.8))
    net.connect(h, h, name="plastic", weights=0.0, rule=retroactive, learns="living", states={"alpha": alpha})
    net.connect(h, m, weights=rc.normal(1.0))
    net.phases("living", 25 * ms)
    net.run({"u": series})
    x, basal, (fast, seen, w) = np.zeros(4), np.zeros(1), np.zeros((3, 4, 4))
    for row in series[0]:
        modulation, before = np.tanh(basal), x
        basal = net["h_to_m.w"] @ before
        x = np.tanh(net["u_to_h.w"] @ row + net["slow.w"] @ before + w @ before)
        fast, seen = np.clip(fast + modulation * seen, -1, 1), 0.7 * seen + 0.3 * np.outer(x, before)
        w = alpha * fast
    assert np.abs(fast).max() > 0.3 and distance(net["plastic.w"], w) < EXACT and distance(net["h.rate"][0], x) < EXACT
