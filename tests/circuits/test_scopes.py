"""Where a variable lives: shared unit variables, traces, and sums over a unit's synapses, beside plain NumPy loops.

One law: what the batch elements share is the mean, over the elements that show something, of what each would make of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.lowering.memory import Need
from recircuit.testing import RuleFails, check_rule

B, PACE = 3, 0.2
TRACED = rc.Rule(
    "traced",
    source="test",
    forward="""
        fast = keep*fast + x_pre*y_post
        slow += .1*(fast - slow)
        g = r_post*slow
        v = .9*v + .1*g
        dw = rate*(v + x_pre*slow) - .01*w
    """,
    traces=("fast", "slow"),
    state=dict(v=0.1),
    parameters=dict(keep=0.5, rate=0.3),
)
SCALED = rc.Rule(
    "scaled",
    source="test",
    forward="""
        dw = rate*x_pre*y_post
        w = w*(1 + rate*(theta - incoming(w**2)))
        dw = -rate*incoming(w*x_pre)*x_pre
        w = w/(2 + incoming(abs(w)))
    """,
    parameters=dict(rate=0.1, theta=1.0),
)
CONNECTIVITIES: dict[str, Any] = {
    "dense": rc.Dense(),
    "masked": rc.Masked(0.6),
    "sparse": rc.Masked(0.1),
    "blocks": rc.Blocks(2),
    "one_to_one": rc.OneToOne(),
    "local": rc.Local((1, 4, 4), maps=1, kernel=3, padding=1),
    "tied": rc.Convolution((1, 4, 4), maps=2, kernel=3, padding=1),
}
UNITS = dict.fromkeys(CONNECTIVITIES, 16) | {"dense": 3, "tied": 32}
#: The neurons y and r are set by stimuli; what the synapses bring in goes nowhere.
TEACHED = """
    y_in : 1 (compartment)
    r_in : 1 (compartment)
    ignored : 1 (compartment)
    y = y_in : 1
    r = r_in : 1
    rate = y_in : 1
"""
HOMEOSTATIC = """
    basal : 1 (compartment)
    total : 1 (weights into basal)
    rate  = basal/total                 : 1 (during show)
    seen  = seen + rate*mean            : 1 (shared, during show)
    mean  = mean + pace*(basal - mean)  : 1 (shared, during show)
    dslow/dt = (rate**2 - slow)/tau     : 1 (shared, during show)
"""


def everything(batch_size: int = B, **options: Any) -> rc.Circuit:
    """Return projections of all connectivities that learn by traces, one that reads sums, and units with shared variables."""
    net = rc.Circuit(batch_size=batch_size, seed=2, **options)
    x = net.stimulus("x", 16)
    for kind, connectivity in CONNECTIVITIES.items():
        post = _taught(net, kind, UNITS[kind])
        net.connect(
            x,
            post,
            into="ignored",
            rule=TRACED,
            connectivity=connectivity,
            weights=rc.uniform(0.1, 1),
            name=f"p_{kind}",
        )
    scaled = _taught(net, "scaled", 3)
    net.connect(x, scaled, into="ignored", rule=SCALED, connectivity=rc.Masked(0.7), weights=0.5, name="p_scaled")
    h = net.population("h", 3, rc.Neuron(HOMEOSTATIC, pace=PACE, tau=5 * ms))
    net.connect(x, h, weights=rc.uniform(0.1, 1), during="show", rule=_threshold())
    net.phases("show", 2 * ms, "plasticity", 1 * ms)
    return net


def _taught(net: rc.Circuit, name: str, size: int) -> rc.Population:
    post = net.population(name, size, rc.Neuron(TEACHED))
    for what in ("y", "r"):
        source = net.stimulus(f"{what}_{name}", size)
        net.connect(source, post, into=f"{what}_in", weights=1.0, connectivity=rc.OneToOne(), during="show")
    return post


def _threshold() -> rc.Rule:
    """Return a circuit with the BCM rule: the threshold is the unit's own, and one in all batch elements."""
    return rc.Rule("bcm", source="test", forward="dw = .05*rate_post*(rate_post - slow_post)*rate_pre")


def rows(net: rc.Circuit, count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {n: rng.normal(size=(count, p.size)) for n, p in net.populations.items() if p.clamp is not None}


def expected(net: rc.Circuit, data: dict[str, np.ndarray], batch_size: int) -> dict[str, np.ndarray]:
    """Return what is left after all rows, by loops over batches, elements and synapses."""
    found: dict[str, np.ndarray] = {}
    for kind in CONNECTIVITIES:
        found |= _traced(net, kind, data, batch_size)
    return found | _scaled(net, data, batch_size) | _homeostatic(net, data, batch_size)


def _batches(data: dict[str, np.ndarray], batch_size: int) -> list[range]:
    count = len(data["x"])
    return [range(first, min(first + batch_size, count)) for first in range(0, count, batch_size)]


def _traced(net: rc.Circuit, kind: str, data: dict[str, np.ndarray], batch_size: int) -> dict[str, np.ndarray]:
    p = net.projections[f"p_{kind}"]
    w = net[f"{p.name}.w"].copy()
    shape, there = w.shape, (w != 0).ravel()
    w, v = w.ravel(), 0.1 * there
    fast, slow = np.zeros((2, batch_size, w.size))
    pre, post, weight = p.connectivity.indices(16, p.post.size)
    exists = there[weight]
    pre, post, weight = pre[exists], post[exists], weight[exists]

    def summed(values: np.ndarray) -> np.ndarray:
        return np.bincount(weight, values, w.size)

    for batch in _batches(data, batch_size):
        g, change = np.zeros((2, w.size))
        for b, row in enumerate(batch):
            x, y, r = (data[k][row] for k in ("x", f"y_{kind}", f"r_{kind}"))
            fast[b] = 0.5 * fast[b] + summed(x[pre] * y[post])
            slow[b] += 0.1 * (fast[b] - slow[b])
            g += summed(r[post] * slow[b][weight]) / len(batch)
            change += summed(x[pre] * slow[b][weight]) / len(batch)
        v = 0.9 * v + 0.1 * g
        w = w + 0.3 * (v + change) - 0.01 * w
    left = {"w": w.reshape(shape), "v": v.reshape(shape)}
    left |= {"fast": fast.reshape(-1, *shape), "slow": slow.reshape(-1, *shape)}
    return {f"{p.name}.{k}": value for k, value in left.items()}


def _scaled(net: rc.Circuit, data: dict[str, np.ndarray], batch_size: int) -> dict[str, np.ndarray]:
    w = net["p_scaled.w"].copy()
    there = w != 0
    for batch in _batches(data, batch_size):
        x, y = data["x"][batch], data["y_scaled"][batch]
        w = (w + 0.1 * y.T @ x / len(batch)) * there
        w = w * (1 + 0.1 * (1 - (w**2).sum(1, keepdims=True)))
        w = (w - 0.1 * (x @ w.T).T @ x / len(batch)) * there
        w = w / (2 + abs(w).sum(1, keepdims=True))
    return {"p_scaled.w": w}


def _homeostatic(net: rc.Circuit, data: dict[str, np.ndarray], batch_size: int) -> dict[str, np.ndarray]:
    w = net["x_to_h.w"].copy()
    seen, mean, slow = np.zeros((3, 3))
    rate = np.zeros((batch_size, 3))
    for batch in _batches(data, batch_size):
        shown = data["x"][batch]
        for _ in range(2):
            basal, old = shown @ w.T, rate[: len(batch)]  # all equations read the state before the step
            seen, mean, slow = (
                (seen + old * mean).mean(0),
                (mean + PACE * (basal - mean)).mean(0),
                (slow + (old**2 - slow) / 5).mean(0),
            )
            rate[: len(batch)] = basal / w.sum(1)
        post = rate[: len(batch)]
        w = w + 0.05 * (post * (post - slow)).T @ shown / len(batch)
    return {"x_to_h.w": w, "h.seen": seen, "h.mean": mean, "h.slow": slow}


def worst(net: rc.Circuit, wanted: dict[str, np.ndarray]) -> dict[str, float]:
    """Return which variables differ from those that are wanted, and by how much."""
    for key, value in wanted.items():
        assert net[key].shape == value.shape, key
    differences = {key: float(np.abs(net[key] - value).max()) for key, value in wanted.items()}
    return {key: value for key, value in differences.items() if not value < 1e-12}


@pytest.mark.parametrize("backend", ["numpy", "interpreter", "cpp"])
def test_every_scope_is_as_in_a_loop(backend: str) -> None:
    """The last batch is not full: there are 8 rows in batches of 3."""
    net = everything()
    data = rows(net, 8)
    wanted = expected(net, data, B)
    net.run(data, backend=backend)
    assert worst(net, wanted) == {}


def test_the_reference_form_and_one_element_are_the_same() -> None:
    one, reference = everything(1), everything(1, lowering="reference")
    data = rows(one, 4)
    wanted = expected(one, data, 1)
    one.run(data)
    reference.run(data)
    assert worst(one, wanted) == {}
    assert worst(reference, wanted) == {}


@pytest.mark.parametrize("forward", ["dw = .1*th_post*x_pre", "dw = .1*x_post*th_pre/(1 + x_pre)"])
@pytest.mark.parametrize("batch_size", [1, 2])
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_a_shared_variable_is_sent_and_learned_from(backend: str, batch_size: int, forward: str) -> None:
    """The threshold of one unit is its input at once: with x = 2 it is 2, and the weight 1 grows by what the rule says."""
    unit = rc.Neuron("basal : 1 (compartment)\nrate = basal : 1 (during show)\nth = basal : 1 (shared, during show)")
    net = rc.Circuit(batch_size=batch_size)
    g, h = net.population("g", 1, unit), net.population("h", 1, unit)
    net.connect(net.stimulus("x", 1), g, weights=1.0)
    net.connect(g, h, weights=1.0, sends="th", rule=rc.Rule("r", source="test", forward=forward))
    net.phases("show", 2 * ms, "plasticity", 1 * ms)
    net.run(np.full((batch_size, 1), 2.0), backend=backend)
    assert net["h.rate"].tolist() == [[2.0]] * batch_size
    assert net["g_to_h.w"] == pytest.approx(1 + (0.1 * 2 * 2 if "th_post" in forward else 0.1 * 2 * 2 / 3))


def reinforced(batch_size: int, *, kept: str, **options: Any) -> rc.Circuit:
    """Return a circuit of two units, with the rule of the eligibility as a trace or as a state."""
    rule = rc.Rule("el", source="test", forward="el = x_pre*y_post\ndw = r_post*el", **{kept: ("el",)})
    net = rc.Circuit(batch_size=batch_size, **options)
    net.connect(net.stimulus("x", 1), _taught(net, "h", 1), into="ignored", weights=0.0, rule=rule)
    net.phases("show", 1 * ms, "plasticity", 1 * ms)
    return net


REWARDED = {"x": np.array([[1.0], [3]]), "y_h": np.array([[1.0], [3]]), "r_h": np.array([[1.0], [-1]])}


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_each_element_is_rewarded_for_what_it_did(backend: str) -> None:
    net = reinforced(2, kept="traces")
    net.run(REWARDED, backend=backend)
    assert net["x_to_h.w"] == [[-4]]
    assert net["x_to_h.el"].tolist() == [[[1]], [[9]]]


def test_what_is_ambiguous_is_refused() -> None:
    with pytest.raises(rc.RecircuitError, match=r"traces=\('el',\).*el = \.\.\. : 1 \(shared\)"):
        reinforced(2, kept="state")
    net = reinforced(1, kept="state")
    net.run(REWARDED)
    assert net["x_to_h.w"] == [[-8]]  # one element is one circuit: 1 - 9


@pytest.mark.parametrize(
    ("forward", "state"),
    [
        ("s = x_pre*y_post; dw = y_post*s", ("s",)),
        ("s += .2*(x_pre*y_post - s); dw = loss*s", ("s",)),
        ("s += x_pre; u += s; dw = y_post*u", ("s", "u")),
        ("s += x_pre; dw = tanh(s + y_post)", ("s",)),
        ("s = s*x_pre + y_post; dw = s", ("s",)),
        ("g = x_pre*y_post; dw = y_post*g", ()),
        ("s += incoming(w*x_pre); dw = y_post*s", ("s",)),
    ],
)
def test_a_pair_with_a_mean_cannot_pass_check_rule(forward: str, state: tuple[str, ...]) -> None:
    broadcasts = ("loss",) if "loss" in forward else ()
    rule = rc.Rule("pair", source="test", forward=forward, state=state, broadcasts=broadcasts)
    with pytest.raises(RuleFails, match="would not be the mean of 3 circuits"):
        check_rule(rule)


@pytest.mark.parametrize(
    ("forward", "state"),
    [
        ("m = .9*m + x_pre*y_post; dw = .1*m", ("m",)),
        ("g = x_pre*y_post; v = .9*v + .1*g**2; dw = .1*g/(sqrt(v) + .1)", ("v",)),
        ("v += .1*(x_pre*y_post - v); dw = .1*(v + x_pre*y_post) - .1*w*y_post**2", ("v",)),
        ("dw = scale*x_pre*y_post", ("scale",)),
    ],
)
def test_a_mean_that_is_only_added_is_allowed(forward: str, state: tuple[str, ...]) -> None:
    rule = rc.Rule("sum", source="test", forward=forward, state=dict.fromkeys(state, 0.5))
    net = rc.Circuit(batch_size=4)
    net.connect(net.stimulus("x", 2), _taught(net, "h", 2), into="ignored", rule=rule)


def test_a_rule_with_traces_passes_check_rule() -> None:
    rule = rc.Rule(
        "eligibility", source="test", forward="el += .2*(x_pre*x_post - el); dw = .1*reward*el", traces=("el",),
        broadcasts=("reward",),
    )  # fmt: skip
    assert check_rule(rule).ok


def rflo(batch_size: int) -> rc.Circuit:
    """Return a circuit for RFLO (Murray 2019): a recurrent layer whose eligibility is low-pass filtered."""
    neuron = rc.Neuron(
        """
        basal  : 1 (compartment)
        error  : 1 (compartment)
        slope  = 1 - tanh(v)**2         : 1
        dv/dt  = (basal - v)/tau        : 1
        rate   = tanh(v)                : 1
        """,
        tau=4 * ms,
    )
    rule = rc.Rule(
        "rflo", source="Murray 2019", forward="p += .25*(slope_post*rate_pre - p); dw = .1*error_post*p", traces=("p",)
    )
    net = rc.Circuit(batch_size=batch_size, seed=1)
    x, h, e = net.stimulus("x", 3), net.population("h", 5, neuron), net.stimulus("e", 2)
    net.connect(x, h, during="run", rule=rule, learns="run")
    net.connect(h, h, during="run", rule=rule, learns="run", weights=rc.normal(0.5))
    net.connect(e, h, into="error", during="run")
    net.phases("run", 6 * ms)
    return net


def test_rflo_in_eight_elements_is_the_mean_of_eight_circuits() -> None:
    many = rflo(8)
    rng = np.random.default_rng(3)
    data = {"x": rng.normal(size=(8, 3)), "e": rng.normal(size=(8, 2))}
    first = many.state()
    many.run(data, 1)
    w = {k: first[k].copy() for k in ("x_to_h.w", "h_to_h.w")}
    feedback, v = first["e_to_h.w"], np.zeros((8, 5))
    traces = {"x_to_h.w": np.zeros((8, 5, 3)), "h_to_h.w": np.zeros((8, 5, 5))}
    for _ in range(6):
        sent = np.tanh(v)
        v = v + (data["x"] @ w["x_to_h.w"].T + sent @ w["h_to_h.w"].T - v) / 4
        slope, error = 1 - np.tanh(v) ** 2, data["e"] @ feedback.T
        for key, pre in (("x_to_h.w", data["x"]), ("h_to_h.w", np.tanh(v))):
            circuits = []
            for b in range(8):
                traces[key][b] += 0.25 * (np.outer(slope[b], pre[b]) - traces[key][b])
                circuits.append(w[key] + 0.1 * error[b][:, None] * traces[key][b])
            w[key] = np.mean(circuits, axis=0)
    assert {k: np.abs(many[k] - w[k]).max() for k in w if not np.abs(many[k] - w[k]).max() < 1e-12} == {}
    assert np.abs(many["h_to_h.p"] - traces["h_to_h.w"]).max() < 1e-12


def test_a_threshold_of_twenty_elements_is_one_for_each_unit() -> None:
    neuron = rc.Neuron(
        "basal : 1 (compartment)\nrate = basal : 1 (during show)\n"
        "theta = theta + .1*(basal**2 - theta) : 1 (shared, during show)"
    )
    rule = rc.Rule("bcm", source="test", forward="dw = .01*rate_post*(rate_post - theta_post)*rate_pre")
    net = rc.Circuit(batch_size=20)
    net.connect(net.stimulus("x", 6), net.population("h", 4, neuron), rule=rule, during="show")
    net.phases("show", 1 * ms, "plasticity", 1 * ms)
    x = np.random.default_rng(0).normal(size=(20, 6))
    w = net["x_to_h.w"]
    trace = net.run(x, record=["h.theta"])
    y = x @ w.T
    theta = 0.1 * (y**2).mean(axis=0)
    assert net["h.theta"].shape == (4,) and trace["h.theta"].shape == (2, 4)
    assert np.abs(net["h.theta"] - theta).max() < 1e-12
    assert np.abs(net["x_to_h.w"] - w - 0.01 * (y * (y - theta)).T @ x / 20).max() < 1e-12
    net["h.theta"] = [1, 2, 3, 4]
    assert net["h.theta"].tolist() == [1, 2, 3, 4]
    assert "h.theta" in net.state()


def test_an_element_that_shows_nothing_moves_nothing_that_is_shared() -> None:
    """With 5 rows in batches of 3 each trace counts its own element's presentations, 5 in all; the mean counts batches."""
    rule = rc.Rule("count", source="test", forward="n += 1; dw = 0*n", traces=("n",))
    neuron = rc.Neuron("basal : 1 (compartment)\nsize = size + basal : 1 (shared, during show)\nrate = 0.0 : 1")
    net = rc.Circuit(batch_size=3)
    net.connect(net.stimulus("x", 1), net.population("h", 1, neuron), weights=1.0, rule=rule, during="show")
    net.phases("show", 1 * ms, "plasticity", 1 * ms)
    net.run(np.array([[1.0], [2], [6], [4], [8]]))
    assert net["x_to_h.n"].sum() == 5
    assert net["h.size"] == [3 + 6]


@pytest.mark.parametrize("options", [{}, {"optimise": False, "precision": "float32"}], ids=str)
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_what_a_unit_remembers_stays_in_an_element_that_shows_nothing(backend: str, options: dict[str, Any]) -> None:
    """With 5 rows in batches of 3 a unit that counts presentations counts 5. Its rate, and its membrane, go on."""
    lines = """
        basal : 1 (compartment)
        n     = n + 1                          : 1 (during count)
        mean  = mean + .5*(square - mean)      : 1 (after count)
        square = basal**2 + 1                  : 1
        dv/dt = -v/tau                         : 1
        rate  = rate + 1                       : 1 (during count)
        """
    net = rc.Circuit(batch_size=3, **options)
    h = net.population("h", 2, rc.Neuron(lines, tau=10 * ms), initial={"v": 1})
    net.connect(net.stimulus("x", 1), h, weights=1.0)
    net.phases("wait", 1 * ms, "count", 1 * ms)
    net.run(np.arange(5.0)[:, None], backend=backend)
    assert net["h.n"].sum(axis=0).tolist() == [5, 5]
    assert net["h.mean"][:, 0].tolist() == [0.5 * (0.5 * 1) + 0.5 * 10, 0.5 * (0.5 * 2) + 0.5 * 17, 0.5 * 5]
    assert net["h.rate"][:, 0].tolist() == [2, 2, 2] and np.allclose(net["h.v"], 0.9**4)


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_states_that_remember_through_each_other_stay_in_an_element_that_shows_nothing(backend: str) -> None:
    """5 rows in batches of 3 are compared with rows in 3 circuits: a pair, a pair through an expression, a ring of phases."""
    lines = """
        basal : 1 (compartment)
        rate  = basal     : 1
        a     = b         : 1 (stored)
        b     = a + basal : 1 (stored)
        c     = twice + 1 : 1 (during one)
        twice = 2*d       : 1
        d     = c         : 1 (after two)
        seen  = d + basal : 1 (stored)
        """

    def run(batch_size: int, rows: list[float]) -> rc.Circuit:
        net = rc.Circuit(batch_size=batch_size)
        net.connect(net.stimulus("x", 1), net.population("h", 1, rc.Neuron(lines)), weights=1.0)
        net.phases("one", 1 * ms, "two", 1 * ms, "three", 1 * ms)
        net.run(np.array(rows)[:, None], backend=backend)
        return net

    together, alone = run(3, [1, 2, 3, 4, 5]), [run(1, rows) for rows in ([1, 4], [2, 5], [3])]
    for variable in "abcd":
        assert together[f"h.{variable}"][:, 0].tolist() == [net[f"h.{variable}"].item() for net in alone]


def test_memory_counts_a_value_for_each_element() -> None:
    def bytes_of(batch_size: int, **kept: Any) -> int:
        rule = rc.Rule("r", source="test", forward="el += x_pre; dw = el", **kept)
        net = rc.Circuit(batch_size=batch_size)
        net.connect(net.stimulus("x", 10), _taught(net, "h", 7), into="ignored", rule=rule, name="p")
        return Need.of(net).parts["p"]

    count = 8  # of updates, which the rule keeps
    assert bytes_of(5, traces=("el",)) == 8 * 70 * (1 + 5) + count
    assert bytes_of(5, state=("el",)) == 8 * 70 * (1 + 1) + count
    with pytest.raises(rc.RecircuitError, match="GiB"):
        net = rc.Circuit(batch_size=10_000)
        net.connect(net.stimulus("x", 10_000), _taught(net, "h", 10_000), into="ignored", rule=TRACED)
        net.phases("show", 1 * ms)
        net.lowered()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: rc.Neuron("each_a : 1\na = a + 1 : 1 (shared)"), "each_a"),
        (lambda: rc.Neuron("a : 1 (shared)"), "flags"),
        (lambda: rc.Neuron("total : 1 (weights into basal)"), "is not a compartment"),
        (lambda: rc.Rule("r", source="t", forward="dw = el", traces=("el",), state=("el",)), "declared as a state"),
        (lambda: rc.Rule("r", source="t", forward="dw = incoming(x_post)"), "incoming"),
        (lambda: rc.Rule("r", source="t", forward="dw = incoming(tanh(w*x_pre))"), "sum of products"),
        (lambda: rc.Rule("r", source="t", forward="dw = incoming(w, 2)"), "must sum one expression"),
    ],
)
def test_impossible_declarations_are_refused(make: Any, says: str) -> None:
    with pytest.raises(rc.RecircuitError, match=says):
        make()


def test_sums_over_synapses_that_many_units_share_are_refused() -> None:
    net = rc.Circuit()
    with pytest.raises(rc.RecircuitError, match="many units share each weight"):
        net.connect(
            net.stimulus("x", 16),
            _taught(net, "h", 32),
            into="ignored",
            rule=SCALED,
            connectivity=CONNECTIVITIES["tied"],
        )


def test_scopes_are_shown() -> None:
    text = str(everything())
    assert "shared by the batch elements: seen, mean, slow" in text
    assert "each batch element has its own: fast, slow" in text
    assert "average_h_mean" in everything().explain()
