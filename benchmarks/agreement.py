"""How far the cuda backend is from numpy, for every rule and structure: `python -m benchmarks.agreement CASE PRECISION`.

A rule is tried on the bench of `recircuit.testing`, where whatever it reads is drawn at random; a structure in a small
network. There are three batch elements, of which the last presentation does not fill all, or one. The first run compiles, so
that each case takes some seconds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from brian2 import Hz, ms

import recircuit as rc
from recircuit.circuits import Blocks, Convolution, Dense, Local, Masked, MaxPool, OneToOne
from recircuit.models.networks.rule_test_circuits import bench, bench_data
from recircuit.plasticity import RULES
from recircuit.testing import distance

BATCH_SIZE, SHOWN = 3, 8
#: The most that a variable may be apart, of the size of its values, after some presentations.
BOUNDS = {"float64": 1e-10, "float32": 1e-4}


def _images(connectivity: type[Local], transposed: bool) -> Callable[..., rc.Circuit]:
    """Return x, an image of 3 maps, and o; feedback goes through the transpose of the weights, or weights of its own."""

    def make(**options: Any) -> rc.Circuit:
        net = rc.Circuit(BATCH_SIZE, **options)
        first, second = connectivity((2, 6, 5), 3, 3, 2), connectivity((3, 3, 3), 4, 2)
        x, o = net.stimulus("x", 60), net.population("o", 3, rc.HingeOutput(M=50))
        h, g = (net.population(n, s, rc.pyramidal("tanh")) for n, s in (("h", 27), ("g", int(np.prod(second.above)))))
        rule = rc.bp if transposed else rc.urfb
        net.connect(x, h, rule=rule.forward, connectivity=first)
        net.connect(h, g, rule=rule.forward, connectivity=second)
        net.connect(g, o, rule=rule.forward)
        net.connect(o, g, into="apical", rule=rule.feedback)
        net.connect(g, h, into="apical", rule=rule.feedback, connectivity=None if transposed else second.T)
        net.phases("feedforward", 3 * ms, "error", 4 * ms, "feedback", 2 * ms, "plasticity", 1 * ms)
        return net

    return make


def _sparse(**options: Any) -> rc.Circuit:
    """Return a circuit with masked and one-to-one projections, with momentum."""
    net = rc.Circuit(BATCH_SIZE, **options)
    rule = rc.urfb.with_momentum(0.5).with_weight_decay(1e-3)
    x, h = net.stimulus("x", 60), net.population("h", 5, rc.pyramidal("tanh"))
    g, o = net.population("g", 5, rc.pyramidal("logistic")), net.population("o", 3, rc.SoftmaxOutput())
    net.connect(x, h, rule=rule, connectivity=Masked(0.5))
    net.connect(h, g, rule=rule, connectivity=OneToOne(), weights=0.7)
    net.connect(g, o, rule=rule)
    net.connect(o, g, into="apical", rule=rule)
    net.connect(g, h, into="apical", rule=rule, connectivity=OneToOne(), weights=0.3)
    net.phases("feedforward", 3 * ms, "error", 1 * ms, "feedback", 2 * ms, "plasticity", 1 * ms)
    return net


def _pooled(**options: Any) -> rc.Circuit:
    """Return x, an image, its pool, and o; what comes back to the image goes to the winners."""
    net = rc.Circuit(BATCH_SIZE, **options)
    first = Convolution((2, 6, 5), 3, 3)
    pool = MaxPool(first.above, 3, 2)
    x, o = net.stimulus("x", 60), net.population("o", 3, rc.HingeOutput(M=50))
    h = net.population("h", int(np.prod(first.above)), rc.pyramidal("tanh"))
    g = net.population("g", int(np.prod(pool.above)), rc.pyramidal("linear"))
    net.connect(x, h, rule=rc.urfb.forward, connectivity=first)
    up = net.connect(h, g, connectivity=pool)
    net.connect(g, o, rule=rc.urfb.forward)
    net.connect(o, g, into="apical", rule=rc.urfb.feedback)
    net.connect(g, h, into="apical", weights=up.T)
    net.phases("feedforward", 3 * ms, "error", 4 * ms, "feedback", 2 * ms, "plasticity", 1 * ms)
    return net


def _large(**options: Any) -> rc.Circuit:
    """Return a circuit whose maps, channels and units take several blocks of threads, tiles of products, and parts of sums."""
    net = rc.Circuit(BATCH_SIZE, **options)
    first = Convolution((2, 12, 12), 18, 5)
    second = Local(first.above, 2, 3, 2)
    x, o = net.stimulus("x", 288), net.population("o", 3, rc.HingeOutput(M=50))
    sizes = {"h": int(np.prod(first.above)), "g": int(np.prod(second.above)), "d": 300, "b": 120}
    h, g, d, b = (net.population(name, size, rc.pyramidal("tanh")) for name, size in sizes.items())
    net.connect(x, h, rule=rc.urfb.forward, connectivity=first)
    net.connect(h, g, rule=rc.urfb.forward, connectivity=second)
    net.connect(g, d, rule=rc.urfb.forward)
    net.connect(d, b, rule=rc.urfb.forward, connectivity=Blocks(4))
    net.connect(b, o, rule=rc.urfb.forward)
    net.connect(o, b, into="apical", rule=rc.urfb.feedback)
    net.connect(b, d, into="apical", rule=rc.urfb.feedback, connectivity=Blocks(4))
    net.connect(d, g, into="apical", rule=rc.urfb.feedback)
    net.connect(g, h, into="apical", rule=rc.urfb.feedback, connectivity=second.T)
    net.phases("feedforward", 5 * ms, "error", 4 * ms, "feedback", 4 * ms, "plasticity", 1 * ms)
    return net


#: An update that does not split into a factor of each unit, and that reads the weight.
FUSED = rc.Rule(
    "fused", source="a test", parameters=dict(eta=30 * Hz, most=0.2),
    forward="dw/dt = eta*(clip(x_pre*rate_post, -most, most) - .01*w*abs(x_pre))",
)  # fmt: skip


def _fused(**options: Any) -> rc.Circuit:
    """Return a circuit with such a rule in every connectivity; shared weights sum over their places, which threads share."""
    net = rc.Circuit(BATCH_SIZE, seed=1, **options)
    x = net.stimulus("x", 60)
    made = {
        "dense": (4, Dense()), "masked": (5, Masked(0.5)), "blocks": (10, Blocks(5)), "alone": (60, OneToOne()),
        "local": (18, Local((2, 6, 5), 2, 3, 2)), "tied": (18, Convolution((2, 6, 5), 2, 3, 2)),
        "outside": (60, Convolution((2, 6, 5), 2, 3, padding=1)),
    }  # fmt: skip
    for name, (size, connectivity) in made.items():
        h = net.population(name, size, rc.pyramidal("tanh"))
        net.connect(x, h, rule=FUSED, connectivity=connectivity, learns="plasticity")
    net.phases("feedforward", 3 * ms, "plasticity", 1 * ms)
    return net


#: Two traces, of which the second reads the first, and an update that reads a broadcast.
TRACED = rc.Rule(
    "traced", source="a test", broadcasts=("surprise",), traces=("fast", "slow"), parameters=dict(eta=30 * Hz, tau=7 * ms),
    forward="""
        dfast/dt = (x_pre*rate_post - fast)/tau
        dslow/dt = (fast - slow)/tau
        dw/dt = eta*clip(slow*(1 + surprise), -1, 1)
    """,
)  # fmt: skip
#: A neuron with a variable that all batch elements share, and a broadcast.
SHARING = rc.Neuron(
    """
    basal : 1 (compartment)
    drive : 1 (compartment)
    surprise : 1 (broadcast)
    drate/dt = (tanh(basal + drive - mean) - rate)/tau : 1 (during free)
    free = rate                                        : 1 (after free)
    mean = mean + .1*(basal - mean)                    : 1 (shared, during free)
    """,
    tau=3 * ms,
)


def _in_time(**options: Any) -> rc.Circuit:
    """Return a circuit with delays of whole projections and of each synapse, traces in every connectivity, some of which
    transmit, variables that are shared, and pathways that are closed.
    """
    net = rc.Circuit(BATCH_SIZE, seed=1, **options)
    x = net.stimulus("x", 60)
    judge = net.population("judge", 1, rc.Neuron("basal : 1 (compartment)\nrate = basal**2 : 1"))
    net.broadcast(judge, "surprise", during="rest", closed="zero")
    made = {
        "dense": (4, Dense()), "masked": (5, Masked(0.5)), "blocks": (10, Blocks(5)), "alone": (60, OneToOne()),
        "local": (18, Local((2, 6, 5), 2, 3, 2)), "tied": (18, Convolution((2, 6, 5), 2, 3, 2)),
    }  # fmt: skip
    for name, (size, connectivity) in made.items():
        h = net.population(name, size, SHARING)
        net.connect(x, h, rule=TRACED, connectivity=connectivity, learns="rest")
    h = net["dense"]
    net.connect(h, judge, weights=0.3)
    delays = np.random.default_rng(1).integers(0, 9, (18, 60)) * ms
    net.connect(x, h, into="drive", delay=delays[:4] % (3 * ms), name="delayed")  # as a product
    net.connect(x, net["tied"], into="drive", connectivity=Masked(0.05), delay=delays, name="few")  # as a sum
    again = net.connect(h, h, into="drive", rule=TRACED, delay=2 * ms, during="free", closed="zero", learns="rest")
    for name, traces in (("by_traces", again.again("fast")), ("by_traces_back", -again.transposed("fast"))):
        net.connect(h, h, name=name, into="drive", weights=traces, during="free", closed="zero")
    net.phases("free", 4 * ms, "rest", 2 * ms)
    return net


#: A unit that approaches what arrives, so that all that it receives changes in every step.
SETTLING = rc.Neuron(
    """
    basal : 1 (compartment)
    apical : 1 (compartment)
    drate/dt = (tanh(basal + apical) - rate)/tau : 1
    error = apical*(1 - rate**2)                 : 1 (stored)
    """,
    tau=3 * ms,
)


def _settling(batch_size: int) -> Callable[..., rc.Circuit]:
    """Return a circuit that settles, learns and settles again, above an image whose pathways are closed meanwhile.

    Weights are read in many steps, and written between some of these: on cuda a walk keeps them in shared memory.
    """

    def make(**options: Any) -> rc.Circuit:
        net = rc.Circuit(batch_size, seed=1, **options)
        tied, local = Convolution((2, 6, 5), 3, 3, 2), Local((2, 6, 5), 2, 3, 2)
        x, s = net.stimulus("x", 60), net.supervisor("s", 3, on=1, off=0)
        sizes = {"h": int(np.prod(tied.above)), "l": int(np.prod(local.above)), "g": 40, "d": 45, "b": 40, "o": 3}
        h, l, g, d, b, o = (net.population(name, size, SETTLING) for name, size in sizes.items())
        urfb, adam, twice = rc.urfb.with_parameters(rate=0.1), RULES["adam"], "plasticity and again"
        momentum = urfb.with_momentum(0.5)
        net.connect(x, h, rule=urfb.forward, connectivity=tied, during="present")
        net.connect(x, l, rule=urfb.forward, connectivity=local, during="present")
        net.connect(h, g, rule=adam.forward)
        net.connect(g, h, into="apical", rule=adam.feedback)  # through the transpose
        net.connect(l, g, rule=momentum.forward)
        net.connect(g, l, into="apical", rule=urfb.feedback, learns=twice)
        net.connect(g, g, delay=2 * ms)
        up = net.connect(g, d, rule=momentum.forward, connectivity=Masked(0.5), learns=twice)
        net.connect(d, g, into="apical", weights=up.T)
        net.connect(d, b, rule=urfb.forward, connectivity=Blocks(5), learns=twice)
        net.connect(b, d, into="apical", rule=urfb.feedback, connectivity=Blocks(5))
        net.connect(b, o, rule=urfb.forward, learns=twice)
        net.connect(o, b, into="apical", rule=urfb.feedback)
        net.connect(s, o, into="apical", weights=1.0, connectivity=OneToOne())
        net.phases("present", 2 * ms, "settle", 4 * ms, "plasticity", 2 * ms, "again", 3 * ms)
        return net

    return make


STRUCTURES: dict[str, Callable[..., rc.Circuit]] = {
    "masked, one to one": _sparse,
    "pooled": _pooled,
    "local": _images(Local, False),
    "local, transposed": _images(Local, True),
    "tied": _images(Convolution, False),
    "tied, transposed": _images(Convolution, True),
    "fused": _fused,
    "in time": _in_time,
    "large": _large,
    "settling": _settling(BATCH_SIZE),
    "settling, one element": _settling(1),
}


def draws(case: str) -> bool:
    """Return whether a rule draws random numbers, which on cuda are other ones: then it is only to run and stay finite."""
    rule = RULES.get(case)
    return rule is not None and (rule.forward.random or rule.feedback.random)


def cases() -> list[str]:
    """Return the names of all cases."""
    return [*RULES, *STRUCTURES]


def circuit(case: str, precision: str) -> rc.Circuit:
    """Return the circuit of a case."""
    if case in STRUCTURES:
        return STRUCTURES[case](precision=precision)
    rule = RULES[case]
    return bench(rule.forward, rule.feedback, seed=0, batch_size=BATCH_SIZE, precision=precision)


def after(case: str, precision: str, backend: str) -> dict[str, np.ndarray]:
    """Return all variables after some presentations."""
    net = circuit(case, precision)
    if case in STRUCTURES:
        rng = np.random.default_rng(0)
        data = {"x": rng.normal(size=(SHOWN, net.populations["x"].size))}
        data |= {"s": rng.integers(0, 3, SHOWN)} if "s" in net.populations else {}
    else:
        data = bench_data(net, SHOWN, 0, {})
    order = np.array([[0, 1, 2], [3, 4, 5], [0, 2, 4], [6, 7, -1]])
    net.run(data, order=order[:, : net.batch_size], backend=backend)
    state = net.state()
    net.close()
    return state


def largest_difference(case: str, precision: str) -> tuple[float, str]:
    """Return the variable that is the furthest apart on the two backends."""
    left, right = (after(case, precision, backend) for backend in ("numpy", "cuda"))
    assert left.keys() == right.keys()
    if draws(case):
        left = right
    return max((distance(left[key], right[key]), key) for key in left)


if __name__ == "__main__":
    value, key = largest_difference(*sys.argv[1:])
    print(json.dumps({"apart": value, "variable": key}))
