"""Node perturbation, its controls and its theorems (Lansdell, Prakash and Kording 2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import distance, grouped
from reference.lansdell import Adam, Network, Ridge
from scipy.stats import chi2

import recircuit as rc
from recircuit.circuits.inputs import as_inputs
from recircuit.models.networks.node_perturbation import Perturbation, Synapses, node_perturbation
from recircuit.plasticity import find

EXACT = 1e-12
SIZES = (6, 5, 4, 3)
C = 0.1
RULES = ["node_perturbation", "node_perturbation_ridge", "reinforcement", "matching", "adam", "frfb", "bp"]


def by_group(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of `node_perturbation`, with those of its noise and of its weights by their own names."""
    return grouped(options, perturbation=Perturbation, synapses=Synapses)


def circuit(rule: Any = "node_perturbation", sizes: Sequence[int] = SIZES, **options: Any) -> rc.Circuit:
    """Return a circuit in double precision, with noise that is not small."""
    rule = find(rule) if isinstance(rule, str) else rule
    fast = {k: v for k, v in dict(rate=0.1, feedback_rate=0.2).items() if k in rule.parameters}
    options = dict(precision="float64", c=C) | options
    return node_perturbation(sizes, rule.with_parameters(**fast), **by_group(options))


def stimuli(sizes: Sequence[int] = SIZES, count: int = 12, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"x": rng.normal(size=(count, sizes[0])), "s": rng.integers(0, sizes[-1], count)}


def hidden(net: rc.Circuit) -> list[str]:
    return [n for n in net.populations if n[0] == "h" and n[1:].isdigit()]


def show(
    net: rc.Circuit, data: dict[str, np.ndarray], keys: Sequence[str], order: np.ndarray | None = None, **options: Any
) -> dict[str, np.ndarray]:
    """Present the data; each key as it was when the synapses learned, (presentations, batch, units)."""
    program = net.program(**options)
    inputs = as_inputs(net, data)
    inputs.load(program)
    assert net.schedule is not None
    rows = inputs.order(None, net.batch_size) if order is None else order
    result = program.run(net.timetable("train"), rows, collect=dict.fromkeys(keys, net.schedule.steps - 1))
    result.raise_if_diverged()
    return result.collected


def as_network(net: rc.Circuit, direct: bool = False) -> Network:
    """Return a network of NumPy with copies of the circuit's weights."""
    layers = ["x", *hidden(net), "o"]
    pairs = list(zip(layers, layers[1:]))
    W = [net[f"{a}_to_{b}.w"] for a, b in pairs]
    b = [
        net[f"one_to_{b}.w"][:, 0] if "one" in net.populations else np.zeros(net.populations[b].size) for _, b in pairs
    ]
    senders = ["o"] * len(hidden(net)) if direct else layers[2:]
    names = [f"{upper}_to_{lower}.w" for upper, lower in zip(senders, hidden(net))]
    B = [net[n] for n in names if n in net.lowered().variables]
    f = ["logistic"] * len(hidden(net)) + ["linear"]
    return Network(W, b, f, B, direct)


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(classes)[labels]


def distance_between(net: rc.Circuit, reference: Network) -> float:
    """Return the largest difference between any weights."""
    mine = as_network(net, reference.direct)
    pairs = [*zip(mine.W, reference.W), *zip(mine.b, reference.b), *zip(mine.B, reference.B)]
    return max(distance(a, b) for a, b in pairs)


# ---- the same, in other ways ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_dense_equals_plain_brian2(rule: str) -> None:
    nets = [circuit(rule, lowering=lowering) for lowering in ("dense", "reference")]
    for net in nets:
        net.run(stimuli())
    dense, plain = (net.state() for net in nets)
    assert max(distance(dense[k], plain[k]) for k in plain) < EXACT


@pytest.mark.parametrize("rule", ["node_perturbation", "node_perturbation_ridge", "frfb"])
def test_direct_feedback_dense_equals_plain(rule: str) -> None:
    nets = [circuit(rule, feedback="direct", lowering=lowering) for lowering in ("dense", "reference")]
    for net in nets:
        net.run(stimuli())
    dense, plain = (net.state() for net in nets)
    assert max(distance(dense[k], plain[k]) for k in plain) < EXACT


@pytest.mark.parametrize("feedback", ["layers", "direct"])
def test_windows_in_turn_equal_circuits_side_by_side(feedback: str) -> None:
    nets = [circuit(batch_size=3, feedback=feedback, windows=w) for w in ("in turn", "side by side")]
    for net in nets:
        net.run(stimuli())
    assert distance_between(nets[0], as_network(nets[1], feedback == "direct")) < EXACT
    twin = nets[1]
    for name in ("x_to_h1", "h1_to_h2", "h2_to_o"):
        pre, post = name.split("_to_")
        same = f"{pre if pre == 'x' else pre + '_twin'}_to_{post}_twin"
        assert distance(twin[f"{name}.w"], twin[f"{same}.w"]) < EXACT


@pytest.mark.parametrize("feedback", ["layers", "direct"])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_node_perturbation_equals_numpy(batch_size: int, feedback: str) -> None:
    net = circuit(batch_size=batch_size, feedback=feedback)
    reference, data = as_network(net, feedback == "direct"), stimuli()
    noise = show(net, data, [f"{h}.noise" for h in hidden(net)])
    for k in range(len(data["s"]) // batch_size):
        rows = slice(k * batch_size, (k + 1) * batch_size)
        drawn = [n[k] for n in noise.values()]
        reference.perturb(data["x"][rows], one_hot(data["s"][rows], 3), drawn, C, rate=0.1, feedback_rate=0.2)
    assert distance_between(net, reference) < EXACT


def test_reinforcement_equals_numpy() -> None:
    net, data = circuit("reinforcement", batch_size=3), stimuli()
    reference = as_network(net)
    noise = show(net, data, ["h1.noise", "h2.noise", "o.noise"])
    for k in range(4):
        rows = slice(3 * k, 3 * k + 3)
        drawn = [n[k] for n in noise.values()]
        reference.reinforce(data["x"][rows], one_hot(data["s"][rows], 3), drawn, C, rate=0.1)
    assert distance_between(net, reference) < EXACT


def test_feedback_alignment_and_matching_equal_numpy() -> None:
    for rule in ("frfb", "matching"):
        net, data = circuit(rule, batch_size=3), stimuli()
        reference = as_network(net)
        for k in range(4):
            rows = slice(3 * k, 3 * k + 3)
            step = reference.match if rule == "matching" else reference.align
            step(data["x"][rows], one_hot(data["s"][rows], 3), rate=0.1)
        net.run(data)
        assert distance_between(net, reference) < EXACT


def test_adam_equals_numpy() -> None:
    net, data = circuit("adam", batch_size=3), stimuli()
    reference = as_network(net)
    arrays = [*reference.W, *reference.b]
    steps = [Adam(a.shape, rate=0.1) for a in arrays]
    net.run(data)
    for k in range(4):
        x, target = data["x"][3 * k : 3 * k + 3], one_hot(data["s"][3 * k : 3 * k + 3], 3)
        reference.B = [w.T for w in reference.W[1:]]
        errors, rates = reference.errors(x, target)[0], reference.forward(x)[1]
        gradients = [e.T @ r / 3 for e, r in zip(errors, rates)] + [e.mean(axis=0) for e in errors]
        for array, step, g in zip(arrays, steps, gradients):
            array += step.step(g)
    assert distance_between(net, reference) < EXACT


@pytest.mark.parametrize("feedback", ["layers", "direct"])
def test_the_ridge_circuit_gives_the_exact_ridge_solution(feedback: str) -> None:
    """Lateral synapses and recursion (Eq. 18) are compared with the normal equations."""
    net = circuit("node_perturbation_ridge", feedback=feedback, fixed=True, gamma=0.1)
    data, count = stimuli(count=60), 60
    senders = ["o", "o"] if feedback == "direct" else ["h2", "o"]
    pairs = list(zip(senders, ("h1", "h2")))
    keys = [*(f"{u}_to_{l}.w" for u, l in pairs), "h1.noise", "h2.noise", "h2.error", "o.error", "compare.rate"]
    seen = show(net, data, keys)
    for upper, lower in pairs:
        ridge = Ridge(net.populations[upper].size, net.populations[lower].size, gamma=0.1)
        wanted = np.zeros(0)
        for k in range(count):
            estimate = -seen["compare.rate"][k, 0] * seen[f"{lower}.noise"][k, 0] / C**2
            wanted = ridge.see(estimate, seen[f"{upper}.error"][k, 0])
        found = net[f"{upper}_to_{lower}.w"]
        assert distance(found, wanted) < 1e-9  # after 60 updates of P, whose condition is about 1e3
        held = net[f"{upper}_inverse.w"]
        assert distance(held, np.linalg.inv(ridge.correlation)) < 1e-9


# ---- the circuit in time -------------------------------------------------------------------------------------------


def test_noise_enters_all_layers_at_once_and_only_in_its_window() -> None:
    net, data = circuit(), stimuli(count=3)
    names = [f"{h}.{v}" for h in hidden(net) for v in ("rate", "noise")]
    trace = net.run(data, presentations=3, record=[*names, "loss.rate", "compare.rate", "o.rate"])
    reference = as_network(circuit())
    assert net.schedule is not None
    steps, windows = net.schedule.steps, net.schedule.windows
    noise = [trace[f"{h}.noise"][windows["draw"][0]] for h in hidden(net)]
    x, target = data["x"][:1], one_hot(data["s"][:1], 3)
    noisy, clean = reference.forward(x, noise)[1], reference.forward(x)[1]
    for i, h in enumerate(hidden(net), 1):
        held = trace[f"{h}.noise"][windows["draw"][0] : steps]
        assert (held == held[0]).all(), "drawn once, then kept"
        assert distance(trace[f"{h}.rate"][windows["perturbed"][1] - 1], noisy[i][0]) < EXACT
        assert distance(trace[f"{h}.rate"][steps - 1], clean[i][0]) < EXACT
    assert distance(trace["loss.rate"][windows["perturbed"][1] - 1], reference.loss(x, target, noise)) < EXACT
    assert distance(trace["loss.rate"][steps - 1], reference.loss(x, target)) < EXACT
    raised = reference.loss(x, target, noise) - reference.loss(x, target)
    assert distance(trace["compare.rate"][steps - 1], raised) < EXACT


def test_each_presentation_column_and_layer_has_noise_of_its_own() -> None:
    net = circuit(batch_size=50, sizes=(6, 20, 20, 3))
    seen = show(net, stimuli(count=1000), ["h1.noise", "h2.noise"])
    draws = np.concatenate([seen[k].reshape(1000, 20) for k in ("h1.noise", "h2.noise")], axis=1) / C
    correlation = np.corrcoef(draws.T) - np.eye(40)
    z = correlation[np.triu_indices(40, 1)] * np.sqrt(1000)
    assert abs(draws.std() - 1) < 5 / np.sqrt(2 * draws.size)
    assert np.sum(z**2) < chi2.isf(1e-6, len(z))


def test_an_evaluation_has_no_noise() -> None:
    for options in ({}, {"windows": "side by side"}, {"denoise": 0.5}):
        net, data = circuit(batch_size=4, **options), stimuli()
        net.run(data)
        reference = as_network(net)
        trace = net.run(data, presentations=1, learn=False, record=["o.rate", "x.rate"])
        assert distance(trace["x.rate"][-1], data["x"][0]) < EXACT
        assert distance(trace["o.rate"][-1], reference.forward(data["x"][:1])[1][-1][0]) < EXACT


def test_denoising_shows_noise_to_the_circuit_and_the_clean_sample_as_target() -> None:
    net = circuit("bp", sizes=(4, 3, 4), denoise=0.3, target="values", batch_size=100)
    x = np.tile(np.random.default_rng(0).normal(size=4), (1000, 1))
    seen = show(net, {"x": x, "s": x}, ["x.rate", "o.supervision_s"])
    jitter = seen["x.rate"].reshape(1000, 4) - x
    assert abs(jitter.std() - 0.3) < 5 * 0.3 / np.sqrt(2 * 4000)
    assert distance(seen["o.supervision_s"].reshape(1000, 4), x) < EXACT


def test_controls_run_without_the_phases_of_noise() -> None:
    for rule in ("frfb", "bp", "matching", "adam"):
        net = circuit(rule)
        assert net.schedule is not None
        assert not {"draw", "perturbed"} & set(net.schedule.windows)
    net = circuit("reinforcement")
    assert not [p for p in net.projections.values() if p.into == "apical"], "the reward is all that comes back"


def test_with_time_constants_it_comes_to_the_textbook_as_the_windows_get_longer() -> None:
    data, distances = stimuli(count=6), []
    exact = circuit()
    exact.run(data)
    for settling in (20, 40, 80):
        net = circuit(tau=4 * ms, settling=settling)
        net.run(data)
        distances.append(distance_between(net, as_network(exact)))
    assert distances[0] > distances[1] > distances[2]
    assert distances[2] < 1e-6


def test_the_ridge_form_and_the_controls_say_that_they_are_not_local() -> None:
    local = {name: find(name).local for name in RULES}
    assert [name for name, is_local in local.items() if not is_local] == ["node_perturbation_ridge", "adam", "bp"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(feedback="sideways"), "feedback: expected one of 'layers', 'direct'"),
        (dict(windows="none"), "windows: expected one of"),
        (dict(target="words"), "target: expected one of"),
        (dict(transfer=("tanh",)), "a transfer function for each"),
        (dict(rule="node_perturbation_ridge", batch_size=2), "one sample at a time"),
    ],
)
def test_wrong_calls_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(rc.RecircuitError, match=message):
        node_perturbation(SIZES, **by_group(options))


# ---- the theorems --------------------------------------------------------------------------------------------------


def sampled(batch_size: int, presentations: int, **options: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return estimates and noise of all hidden units of one sample, and the exact minus gradients of their rates."""
    net = circuit(batch_size=batch_size, **options)
    for projection in net.projections.values():
        for rate in {"rate", "feedback_rate"} & set(
            projection.equation.parameters if projection.equation is not None else ()
        ):
            projection[rate] = 0.0
    data = stimuli(count=1)
    order = np.zeros((presentations, batch_size), dtype=np.int32)
    units = hidden(net)
    seen = show(net, data, [*(f"{h}.noise" for h in units), "compare.rate"], order)
    noise = np.concatenate([seen[f"{h}.noise"].reshape(batch_size * presentations, -1) for h in units], axis=1)
    c = options.get("c", C)
    estimates = -seen["compare.rate"].reshape(-1, 1) * noise / c**2
    gradients = as_network(net).gradients(data["x"], one_hot(data["s"], SIZES[-1]))
    return estimates, noise / c, np.concatenate(gradients, axis=1)[0]


def misfit(samples: np.ndarray, expected: np.ndarray) -> float:
    """Return how far off the mean of samples (n, units) is, in squared error bars (Hotelling); chi-squared, if it is right."""
    out = samples.mean(axis=0) - expected
    return float(out @ np.linalg.solve(np.cov(samples.T) / len(samples), out))


def test_the_estimate_has_the_gradient_as_its_mean() -> None:
    """The mean of 200,000 draws of Eq. 2 is within the error bars of all units together, where 9/10 of it would be far out."""
    estimates, _, gradient = sampled(1000, 200, c=0.01)
    assert misfit(estimates, gradient) < chi2.isf(1e-4, len(gradient))
    assert misfit(estimates, 0.9 * gradient) > chi2.isf(1e-12, len(gradient))


def second_and_third(h: float = 1e-2) -> tuple[np.ndarray, np.ndarray]:
    """Return L_jj and L_jkk, derivatives of minus the loss of the first stimulus by what is added to the rates."""
    network, data = as_network(circuit()), stimuli(count=1)
    target, sizes = one_hot(data["s"], SIZES[-1]), SIZES[1:-1]
    count = sum(sizes)

    def loss(moved: np.ndarray) -> float:
        return -float(network.loss(data["x"], target, np.split(moved[None], np.cumsum(sizes)[:-1], axis=1))[0])

    step = h * np.eye(count)

    def second(k: int, at: np.ndarray) -> float:
        return (loss(at + step[k]) - 2 * loss(at) + loss(at - step[k])) / h**2

    units = range(count)
    third = [[(second(k, step[j]) - second(k, -step[j])) / (2 * h) for k in units] for j in units]
    return np.array([second(j, np.zeros(count)) for j in units]), np.array(third)


# what draws, with mean 0 and variance 1; its third and fourth moment; c, so small that c^3 is within the error bars
GAUSSIAN = ("randn()", 0.0, 3.0, (0.2, 0.25))
SKEWED = ("(int(rand() < 0.2) - 0.2)/0.4", 1.5, 3.25, (0.04, 0.08))  # bounded, and so subgaussian (A1)


@pytest.mark.parametrize(("noise", "m3", "m4", "scales"), [GAUSSIAN, SKEWED], ids=["gaussian", "skewed"])
def test_the_bias_falls_with_c_as_the_theorem_says(
    noise: str, m3: float, m4: float, scales: tuple[float, float]
) -> None:
    """The bias is Eq. 11, with its first two terms: c m_3 L_jj/2 + c^2 (sum_k L_jkk/2 + (m_4 - 3) L_jjj/6), m the
    noise's moments.

    It is O(c), and O(c^2) where the third moment is 0, as it is for Gaussian noise. The loss's linear part has the
    gradient as its mean exactly, and nearly all of the variance: it is taken off the samples.
    """
    second, third = second_and_third()
    for c in scales:
        estimates, xi, gradient = sampled(1000, 800 if m3 == 0 else 200, c=c, noise=noise)
        residual = estimates - xi * (xi @ gradient)[:, None]
        first = c * m3 * second / 2
        bias = first + c**2 * (third.sum(axis=1) / 2 + (m4 - 3) * np.diag(third) / 6)
        assert misfit(residual, bias) < chi2.isf(1e-4, len(gradient))
        assert misfit(residual, 0 * bias) > chi2.isf(1e-7, len(gradient)), "there is a bias to speak of"
        assert misfit(residual, 2 * bias) > chi2.isf(1e-7, len(gradient))
        assert (np.linalg.norm(first) > 0) == (m3 != 0)


def test_the_variance_grows_with_the_number_of_noisy_units() -> None:
    """It is E|estimate - gradient|^2 = (N + 1)|gradient|^2 for small Gaussian noise, with N noisy units in all."""
    for sizes in ((6, 5, 4, 3), (6, 40, 40, 3)):
        estimates, _, gradient = sampled(1000, 20, c=1e-3, sizes=sizes)
        squares = np.sum((estimates - gradient) ** 2, axis=1) / np.sum(gradient**2)
        bar = squares.std() / np.sqrt(len(squares))
        assert abs(squares.mean() - (sum(sizes[1:-1]) + 1)) < 5 * bar
        assert bar < 0.05 * squares.mean()


def test_feedback_weights_come_to_the_forward_weights() -> None:
    """By Theorem 1, |B - W^T|^2 is what least squares has left, and so falls as one over the number of samples.

    With (N + 1)|g|^2 for the variance of a sample's estimate, E|B - W^T|^2 = (N + 1) sum |g|^2 |G^-1 e|^2,
    G = sum e e^T. Of 200 weights: the square of a normal vector of that length has a relative sd of .1.
    """
    net = circuit("node_perturbation_ridge", sizes=(6, 20, 10), fixed=True, c=1e-3, gamma=1e-3)
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=(8000, 6)), "s": rng.integers(0, 10, 8000)}
    W, errors, gone = net["h1_to_o.w"], [], 0
    for samples in (500, 2000, 8000):
        seen = show(net, data, ["o.error"], np.arange(gone, samples)[:, None])["o.error"][:, 0]
        errors, gone = [*errors, *seen], samples
        e = np.array(errors)
        carried = np.sum((e @ np.linalg.inv(e.T @ e)) ** 2, axis=1)
        expected = 21 * np.sum(np.sum((e @ W) ** 2, axis=1) * carried)
        assert 0.5 < np.sum((net["o_to_h1.w"] - W.T) ** 2) / expected < 1.5


# ---- backends ------------------------------------------------------------------------------------------------------


def on_both(rule: str, **options: Any) -> float:
    results = []
    for backend in ("numpy", "cpp"):
        net = circuit(rule, precision="float32", **options)
        show(net, stimuli(count=24), [], backend=backend)
        results.append(net.state(weights_only=True))
        net.close()
    return max(distance(results[0][k], results[1][k]) for k in results[0])


@pytest.mark.cpp
def test_numpy_equals_cpp() -> None:
    assert on_both("node_perturbation", batch_size=4) < 1e-4


@pytest.mark.cpp
@pytest.mark.slow
@pytest.mark.parametrize("rule", ["node_perturbation_ridge", "reinforcement", "matching", "adam"])
def test_numpy_equals_cpp_for_every_rule(rule: str) -> None:
    assert on_both(rule, batch_size=1 if "ridge" in rule else 4) < 1e-4


@pytest.mark.cpp
@pytest.mark.slow
@pytest.mark.parametrize("options", [dict(feedback="direct"), dict(windows="side by side"), dict(denoise=0.3)], ids=str)
def test_numpy_equals_cpp_for_every_circuit(options: dict[str, Any]) -> None:
    assert on_both("node_perturbation", batch_size=4, **options) < 1e-4
