"""The references themselves: gradients by finite differences, section 2.3's cycles.

Amit 2019, *Biologically Plausible Deep Learning*; what is tested lies in tests/reference/.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from reference import amit
from reference.hinge_circuit import HingeCircuit, cycle

SIZES = (7, 6, 5, 4)
BATCH_SIZE = 9


def network(seed: int = 0, gain: float = 0.5):
    """Return weights, feedback, stimuli (9, 7) and labels (9,) of a 7-6-5-4 network."""
    rng = np.random.default_rng(seed)
    shapes = list(zip(SIZES[1:], SIZES[:-1], strict=True))
    weights = [rng.normal(0, gain, s) for s in shapes]
    feedback = [rng.normal(0, gain, s[::-1]) for s in shapes[1:]]
    return weights, feedback, rng.normal(0, 1, (BATCH_SIZE, SIZES[0])), rng.integers(0, SIZES[-1], BATCH_SIZE)


def slope_of_cost(weights, x, labels, loss, transfer, layer, step=1e-6):
    """Return central differences of the mean cost with respect to one weight matrix."""
    found = np.zeros_like(weights[layer])
    for index in np.ndindex(found.shape):
        costs = []
        for sign in (1, -1):
            moved = [w.copy() for w in weights]
            moved[layer][index] += sign * step
            h = amit.forward(moved, x, transfer).fields[-1]
            costs.append(amit.cost(h, labels, loss).mean())
        found[index] = (costs[0] - costs[1]) / (2 * step)
    return found


# ---- amit ----------------------------------------------------------------------------------


@pytest.mark.parametrize("transfer", ["clip", "tanh", "logistic", "linear"])
@pytest.mark.parametrize("loss", ["hinge", "softmax", "mse"])
def test_backpropagation_is_minus_the_gradient(loss, transfer):
    weights, _, x, labels = network()
    fields, _ = amit.forward(weights, x, transfer)
    assert min(np.abs(np.abs(h) - 1).min() for h in fields) > 1e-4  # off the kinks of clip and hinge
    found = amit.gradients(weights, None, x, labels, "bp", loss, transfer)
    for layer, gradient in enumerate(found):
        wanted = -slope_of_cost(weights, x, labels, loss, transfer, layer)
        np.testing.assert_allclose(gradient, wanted, atol=1e-8)


def test_mse_takes_targets_as_well_as_labels():
    weights, _, x, labels = network()
    targets = amit.one_hot(labels, SIZES[-1])
    for a, b in zip(
        amit.gradients(weights, None, x, labels, "bp", "mse"),
        amit.gradients(weights, None, x, targets, "bp", "mse"),
    ):
        np.testing.assert_array_equal(a, b)


def test_hinge_delta_at_and_around_the_thresholds():
    h = np.array([[-3.0, -1.0, 1.0, 3.0]] * 2)
    own = np.diagonal(np.stack([amit.hinge_delta(h[:1], np.array([c]))[0] for c in range(4)]))
    np.testing.assert_array_equal(own, [1, 1, 1, 0])  # h <= S updates, S included
    others = amit.hinge_delta(np.array([[0.0, -1.5, -1.0, 2.0]]), np.array([0]), mu=0.2)
    np.testing.assert_array_equal(others, [[1, 0, -0.2, -0.2]])
    wide = amit.hinge_delta(np.array([[1.5, -1.5]]), np.array([0]), S=2.0, mu=0.1)
    np.testing.assert_array_equal(wide, [[1, -0.1]])


def test_hinge_delta_is_what_the_circuit_wants():
    circuit = HingeCircuit(S=1.0, mu=0.1)
    h = np.random.default_rng(0).uniform(-3, 3, (50, 4))
    labels = np.arange(50) % 4
    s = 2 * amit.one_hot(labels, 4) - 1
    np.testing.assert_array_equal(amit.hinge_delta(h, labels), circuit.wanted(h, s))


def test_slope_of_clip_is_zero_at_the_corner():
    slope = amit.TRANSFERS["clip"].slope(np.array([-1.5, -1, -0.999, 0, 0.999, 1, 1.5]))
    np.testing.assert_array_equal(slope, [0, 0, 1, 1, 1, 0, 0])


@pytest.mark.parametrize("rule", ["frfb", "urfb"])
def test_feedback_equal_to_the_transpose_gives_backpropagation(rule):
    weights, _, x, labels = network()
    back = [w.T.copy() for w in weights[1:]]
    for a, b in zip(amit.gradients(weights, back, x, labels, rule), amit.gradients(weights, None, x, labels, "bp")):
        np.testing.assert_array_equal(a, b)


def test_random_feedback_by_hand():
    """One batch element and two layers are written out: delta_1 = R_2 delta_2, gated by sigma'."""
    W1, W2 = np.array([[0.5, 0.0], [2.0, 1.0]]), np.array([[1.0, -1.0], [0.5, 0.5]])
    R2, x = np.array([[0.3, -0.2], [0.7, 0.1]]), np.array([[1.0, 0.2]])
    # h_1 = .5, 2.2; x_1 = .5, 1; h_2 = -.5, .75; label 0: delta_2 = 1, -.1; sigma'(h_1) = 1, 0
    first, second = amit.gradients([W1, W2], [R2], x, np.array([0]), "urfb")
    np.testing.assert_allclose(second, [[0.5, 1.0], [-0.05, -0.1]], rtol=1e-14)
    np.testing.assert_allclose(first, [[0.32, 0.064], [0, 0]], rtol=1e-14)


@pytest.mark.parametrize("rule", ["bp", "frfb", "urfb"])
def test_train_step_adds_its_increments_in_place(rule):
    weights, feedback, x, labels = network()
    before = [a.copy() for a in (*weights, *feedback)]
    wanted = amit.gradients(weights, feedback, x, labels, rule)
    dw, dr = amit.train_step(weights, feedback, x, labels, rule, rate=0.3)
    for now, old, change, gradient in zip(weights, before, dw, wanted):
        np.testing.assert_array_equal(change, 0.3 * gradient)
        np.testing.assert_array_equal(now, old + change)
    for now, old, layer in zip(feedback, before[len(weights) :], range(1, len(weights))):
        np.testing.assert_array_equal(now, old + dw[layer].T if rule == "urfb" else old)
    assert len(dr) == (len(feedback) if rule == "urfb" else 0)


def test_a_batch_is_the_mean_of_its_elements():
    weights, feedback, x, labels = network()
    whole = amit.gradients(weights, feedback, x, labels)
    parts = [amit.gradients(weights, feedback, x[b : b + 1], labels[b : b + 1]) for b in range(BATCH_SIZE)]
    for layer, gradient in enumerate(whole):
        np.testing.assert_allclose(gradient, np.mean([p[layer] for p in parts], axis=0), rtol=1e-12)


def test_masks_keep_missing_synapses_at_zero():
    weights, feedback, x, labels = network()
    rng = np.random.default_rng(1)
    masks = [(rng.random(w.shape) < 0.5).astype(float) for w in weights]
    back_masks = [(rng.random(r.shape) < 0.5).astype(float) for r in feedback]
    weights, feedback = amit.masked(weights, masks), amit.masked(feedback, back_masks)
    for _ in range(3):
        amit.train_step(weights, feedback, x, labels, forward_masks=masks, feedback_masks=back_masks)
    for array, mask in zip([*weights, *feedback], [*masks, *back_masks]):
        assert not array[mask == 0].any()
        assert array[mask == 1].all()


# ---- the yardstick of the benchmarks -------------------------------------------------------


def numpy_loop():
    """Return benchmarks/numpy_loop.py as a module."""
    path = Path(__file__).parents[2] / "benchmarks" / "numpy_loop.py"
    spec = importlib.util.spec_from_file_location("numpy_loop", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules["numpy_loop"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("transfer", ["clip", "tanh"])
@pytest.mark.parametrize("loss", ["hinge", "softmax", "mse"])
@pytest.mark.parametrize("rule", ["bp", "frfb", "urfb"])
def test_the_hand_written_loop_is_the_same_algorithm(rule, loss, transfer):
    loop = numpy_loop()
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (23, SIZES[0])), rng.integers(0, SIZES[-1], 23)  # 10, 10 and 3 batch elements
    state = loop.initial_state(
        SIZES, dtype=np.float64, rule=rule, loss=loss, transfer=transfer, rate=0.3, batch_size=10, mu=0.2
    )
    weights, feedback = [w.copy() for w in state.weights], [r.T.copy() for r in state.feedback]
    order, wrong = rng.permutation(23), 0.0
    for rows in np.split(order, [10, 20]):
        wrong += amit.errors(weights, x[rows], y[rows], transfer) * len(rows) / 23
        amit.train_step(weights, feedback, x[rows], y[rows], rule, loss, 0.3, transfer, mu=0.2)
    assert loop.train_epoch(state, x, y, order) == pytest.approx(wrong)
    assert loop.evaluate(state, x, y) == pytest.approx(amit.errors(weights, x, y, transfer))
    for a, b in zip([*state.weights, *state.feedback], [*weights, *(r.T for r in feedback)]):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


# ---- the hinge output circuit --------------------------------------------------------------


@pytest.mark.parametrize("S", [1.0, 0.3])
@pytest.mark.parametrize("s", [1, -1])
@pytest.mark.parametrize("h", [-9.9, -5, -1.1, -1.0, -0.3, 0, 0.3, 1.0, 1.1, 5, 9.9])
def test_step_by_step_mode_gives_the_four_cases(h, s, S):
    circuit = HingeCircuit(M=10, S=S, mu=0.1, epsilon=0.1)
    o, t, _ = circuit.step_by_step(h, s, 12)
    np.testing.assert_array_equal(o[1:], np.tile(circuit.cycle_of_four(h, s), 3))
    np.testing.assert_array_equal(t[1:], circuit.sigma_t(o[:-1]))  # one step later
    np.testing.assert_array_equal(o[[3, 4, 7, 8, 11, 12]], circuit.wanted(h, s))
    assert o[0] == t[0] == 0


def test_step_by_step_mode_cycles_in_full():
    circuit = HingeCircuit()
    o, t, s = circuit.step_by_step([0.5, 5, -0.5, -5], [1, 1, -1, -1], 8)
    high, low = 1.1, -0.2
    np.testing.assert_allclose(o[1:5].T, [[1] * 4, [high, high, 0, 0], [-0.1] * 4, [low, low, 0, 0]])
    np.testing.assert_array_equal(t[1:5].T, [[0] * 4, [0, 1, 1, 0], [0] * 4, [0, -1, -1, 0]])
    np.testing.assert_array_equal(o[5:], o[1:5])
    np.testing.assert_array_equal(s[1:], np.tile([1, 1, -1, -1], (8, 1)))
    np.testing.assert_allclose(o[1:5].mean(axis=0), [1, 0.55, -0.1, -0.1])


def test_a_field_beyond_M_breaks_the_circuit():
    circuit = HingeCircuit()
    o = circuit.step_by_step([-11, 10, 11], 1, 8).o
    assert not o[1:, 0].any()  # stuck at 0, where 1 is wanted
    np.testing.assert_allclose(o[1:5, 1:].T, [[1.1, 1.1, 1, 1]] * 2)  # ends in 1, 1, where 0 is wanted
    np.testing.assert_array_equal(circuit.fits([-11, 10, 9.9]), [False, False, True])


@pytest.mark.parametrize(("ratio", "mean"), [(2, 0.79), (4, 0.89), (10, 0.95), (100, 0.995)])
def test_with_time_constants_the_printed_circuit_does_not_shut_off(ratio, mean):
    o = HingeCircuit().relax(5, 1, 100 * ratio, ratio).o
    found = cycle(o, ratio)
    assert found.mean == pytest.approx(mean, abs=0.01)
    assert found.low > 0.25
    assert 2.5 < found.period <= 4


@pytest.mark.parametrize("ratio", [2, 4, 10, 100])
def test_repaired_by_a_delay_it_comes_near_zero(ratio):
    o = HingeCircuit().relax(5, 1, 100 * ratio, ratio, "delay").o
    found = cycle(o, ratio)
    assert 0 < found.low < 0.014
    assert 1.09 < found.high <= 1.1
    assert found.period == pytest.approx(12.2, abs=0.3)


@pytest.mark.parametrize("ratio", [1, 2, 4, 10, 100])
def test_repaired_by_hysteresis_its_mean_does_not_depend_on_the_time_constant(ratio):
    circuit = HingeCircuit()
    for h, s, mean in ((5, 1, 0.55), (-5, -1, -0.1)):
        o = circuit.relax(h, s, 100 * ratio, ratio, "hysteresis").o
        found = cycle(o, ratio)
        assert found.mean == pytest.approx(mean, abs=0.01)
        assert np.abs([found.low, found.high]).min() < 0.05


@pytest.mark.parametrize("repair", [None, "delay", "hysteresis"])
def test_where_an_update_is_wanted_o_settles_at_it(repair):
    o = HingeCircuit().relax([0.5, 1, -0.5, -1], [1, 1, -1, -1], 2000, 10, repair).o
    np.testing.assert_allclose(o[-1], [1, 1, -0.1, -0.1], rtol=1e-12)
