"""Recirculation: the loops step by step, against NumPy, and what the theory says of pseudoinverses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import distance
from reference import cameron

import recircuit as rc
from recircuit.circuits.inputs import as_inputs
from recircuit.circuits.lowering.equations.closed_phases import without_closed_terms
from recircuit.errors import UsageError
from recircuit.models.networks.layered import layered
from recircuit.models.networks.recirculation import chain, recirculating
from recircuit.plasticity.rules import recirculated_feedback, recirculation

EXACT = 1e-12
SIZES = (6, 5, 4, 3)
ENDS = [("below",), ("above",), ("below", "above")]


def layers(net: rc.Circuit) -> list[str]:
    return [name for name in net.populations if name != "s"]


def weights(net: rc.Circuit) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return A and B of every pair that there is."""
    names = layers(net)
    pairs = list(zip(names, names[1:]))
    ups = [net[f"{low}_to_{up}.w"] for low, up in pairs]
    return ups, [net[f"{up}_to_{low}.w"] for low, up in pairs if f"{up}_to_{low}" in net.projections]


def drives(net: rc.Circuit, inputs: Any, presentations: int) -> dict[tuple[str, str], np.ndarray]:
    """Run, and return what each layer drew in each loop: (layer, end) -> (presentations, batch, units)."""
    assert net.schedule is not None
    program = net.program()
    data = as_inputs(net, inputs)
    data.load(program)
    drawn = {}
    rows = data.order(presentations, net.batch_size)
    begin = net.state()
    for end in ("below", "above"):
        if f"{end}_draw" not in net.schedule.windows:
            continue
        step = net.schedule.windows[f"{end}_draw"][0]
        keys = [f"{n}.drive" for n in layers(net) if "drive" in net.populations[n].variables()]
        net.set_state(begin)
        program.seed(7)
        result = program.run(net.timetable(), rows, collect=dict.fromkeys(keys, step))
        drawn |= {(key.split(".")[0], end): values for key, values in result.collected.items()}
    return drawn


# --- the four steps ---------------------------------------------------------------------------------------------------


def test_the_loop_from_below_goes_round_in_four_steps() -> None:
    net = chain((4, 3), ends="below", data=True)
    A, B, x = net["x_to_h1.w"], net["h1_to_x.w"], np.array([[1.0, -2, 0.5, 3]])
    names = ["x.rate", "x.shown", "x.apical", "h1.basal", "h1.echo", "h1.received"]
    trace = net.run(x, record=names)
    step_x, step_h, step_x_back, step_h_back, learns = range(1, 6)
    h = A @ x[0]
    assert distance(trace["x.rate"][step_x], x[0]) < EXACT
    assert distance(trace["h1.echo"][step_h], h) < EXACT
    assert distance(trace["x.rate"][step_x_back], B @ h) < EXACT
    assert distance(trace["h1.basal"][step_h_back], A @ B @ h) < EXACT
    assert distance(trace["x.shown"][learns], x[0]) < EXACT and distance(trace["x.apical"][learns], B @ h) < EXACT
    assert distance(trace["h1.received"][learns], h) < EXACT and distance(trace["h1.basal"][learns], A @ B @ h) < EXACT
    assert distance(net["x_to_h1.w"] - A, 0.1 * np.outer(h - A @ B @ h, x[0])) < EXACT
    assert distance(net["h1_to_x.w"] - B, 0.1 * np.outer(x[0] - B @ h, h)) < EXACT


def test_the_loop_from_above_is_its_mirror_image() -> None:
    net = chain((4, 3), ends="above")
    A, B = net["x_to_h1.w"], net["h1_to_x.w"]
    trace = net.run(presentations=1, record=["h1.drive", "x.rate", "h1.echo", "x.apical"])
    draw, step_h, step_x, step_h_back, step_x_back = range(5)
    z = trace["h1.drive"][draw]
    assert distance(trace["h1.echo"][step_h], z) < EXACT
    assert distance(trace["x.rate"][step_x], B @ z) < EXACT
    assert distance(trace["h1.echo"][step_h_back], A @ B @ z) < EXACT
    assert distance(trace["x.apical"][step_x_back], B @ A @ B @ z) < EXACT
    assert distance(net["x_to_h1.w"] - A, 0.1 * np.outer(z - A @ B @ z, B @ z)) < EXACT
    assert distance(net["h1_to_x.w"] - B, 0.1 * np.outer(B @ z - B @ A @ B @ z, z)) < EXACT


# --- against NumPy ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ends", ENDS, ids=" and ".join)
@pytest.mark.parametrize("sizes", [(6, 4), (5, 5), (4, 6), (7, 5, 6, 3)])
def test_a_chain_is_the_textbook_recirculation(sizes: tuple[int, ...], ends: Sequence[str]) -> None:
    """All pairs of the chain learn at once, from noise, over several presentations of 5 batch elements."""
    net = chain(sizes, ends=ends, batch_size=5)
    ups, downs = weights(net)
    drawn, names = drives(net, None, 6), layers(net)
    for k in range(6):
        for end in ends:
            sources = names[:-1] if end == "below" else names[1:]
            loop = cameron.from_below if end == "below" else cameron.from_above
            for l, name in enumerate(sources):
                dA, dB = loop(ups[l], downs[l], drawn[name, end][k])
                ups[l], downs[l] = ups[l] + 0.1 * dA, downs[l] + 0.1 * dB
    got = weights(net)
    assert all(distance(a, b) < EXACT for a, b in zip(got[0] + got[1], ups + downs))
    assert not np.allclose(downs[0], chain(sizes, ends=ends)[f"{names[1]}_to_x.w"])


def test_a_pair_driven_by_data_is_the_textbook_recirculation() -> None:
    net = chain((6, 4), batch_size=4, data=True)
    (A,), (B,) = weights(net)
    x = np.random.default_rng(3).normal(size=(12, 6))
    drawn = drives(net, x, 3)
    assert np.array_equal(drawn["x", "below"], x.reshape(3, 4, 6))
    for k in range(3):
        for loop, drive in (
            (cameron.from_below, x[4 * k : 4 * k + 4]),
            (cameron.from_above, drawn["h1", "above"][k]),
        ):
            dA, dB = loop(A, B, drive)
            A, B = A + 0.1 * dA, B + 0.1 * dB
    assert distance(net["x_to_h1.w"], A) < EXACT and distance(net["h1_to_x.w"], B) < EXACT


def stimuli(sizes: Sequence[int] = SIZES, count: int = 12) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {"x": rng.normal(size=(count, sizes[0])), "s": rng.integers(0, sizes[-1], count)}


def test_a_network_is_the_textbook_with_learned_feedback() -> None:
    net = recirculating(SIZES, batch_size=3, precision="float64", feedback_weights=rc.glorot())
    ups, downs = weights(net)
    data = stimuli()
    drawn = drives(net, data, 4)
    for k in range(4):
        x, labels = data["x"][3 * k : 3 * k + 3], data["s"][3 * k : 3 * k + 3]
        noise = [drawn[name, "below"][k] for name in ("h1", "h2")]
        cameron.train_step(ups, downs, x, np.eye(3)[labels], noise, rate=0.03, feedback_rate=0.1)
    got = weights(net)
    assert all(distance(a, b) < EXACT for a, b in zip(got[0] + got[1], ups + downs))


@pytest.mark.parametrize("ends", ENDS, ids=" and ".join)
def test_the_loops_leave_the_feedforward_weights_alone(ends: Sequence[str]) -> None:
    net = recirculating(SIZES, recirculated_feedback.with_parameters(rate=0.0), ends=ends, batch_size=3)
    before, feedback = weights(net)
    net.run(stimuli())
    after, learned = weights(net)
    assert all(np.array_equal(a, b) for a, b in zip(before, after))
    moved = [not np.array_equal(a, b) for a, b in zip(feedback, learned)]
    assert all(moved) if "below" in ends else not any(moved)  # from above, B = 0 sends nothing down


def test_a_network_begins_where_its_controls_begin() -> None:
    ups, _ = weights(recirculating((6, 5, 4, 3), seed=4))
    control = layered((6, 5, 4, 3), "bp", loss="mse", transfer="tanh", seed=4)
    assert all(np.array_equal(a, control[k]) for a, k in zip(ups, ["x_to_h1.w", "h1_to_h2.w", "h2_to_o.w"]))


# --- lowerings, backends, time ----------------------------------------------------------------------------------------


def assert_close(one: rc.Circuit, other: rc.Circuit, tolerance: float) -> None:
    left, right = weights(one), weights(other)
    assert all(distance(a, b) < tolerance for a, b in zip(left[0] + left[1], right[0] + right[1]))


@pytest.mark.parametrize("ends", ENDS, ids=" and ".join)
def test_dense_is_plain(ends: Sequence[str]) -> None:
    pair, taught = ([], [])
    for lowering in ("dense", "reference"):
        pair.append(chain((5, 4, 3), ends=ends, lowering=lowering))
        taught.append(
            recirculating(SIZES, ends=ends, precision="float64", lowering=lowering, feedback_weights=rc.glorot())
        )
        pair[-1].run(presentations=5)
        taught[-1].run(stimuli())
    assert_close(*pair, EXACT)
    assert_close(*taught, EXACT)


@pytest.mark.cpp
def test_numpy_is_cpp() -> None:
    nets = [recirculating((8, 7, 6, 4), batch_size=4, ends=("below", "above")) for _ in range(2)]
    data = stimuli((8, 4), 40)
    for net, backend in zip(nets, ("numpy", "cpp")):
        net.run(data, backend=backend)
    assert_close(*nets, 1e-4)
    for net in nets:
        net.close()


def test_settling_converges_to_step_by_step_mode() -> None:
    """With tau = 3 dt the update comes nearer to the four-step one, the longer each step of a loop is."""
    distance_between = []
    x = np.random.default_rng(0).normal(size=(4, 5))
    exact = chain((5, 3), ends="below", batch_size=4, data=True)
    exact.run(x)
    for settling in (2.0, 4.0, 12.0):
        net = chain((5, 3), ends="below", batch_size=4, data=True, tau=3 * ms, settling=settling)
        net.run(x)
        distance_between.append(distance(net["h1_to_x.w"], exact["h1_to_x.w"]))
    assert (
        distance_between[0] > 1e-3
        and distance_between[0] > distance_between[1] > distance_between[2]
        and distance_between[2] < 1e-4
    )


# --- what the theory says ---------------------------------------------------------------------------------------------


def learned(sizes: tuple[int, int], ends: Sequence[str], presentations: int, seed: int) -> tuple[np.ndarray, ...]:
    rule = recirculation.with_rate_decay(0.01)
    net = chain(sizes, rule, ends=ends, batch_size=50, seed=seed)
    net.run(presentations=presentations)
    return net["x_to_h1.w"], net["h1_to_x.w"]


@pytest.mark.parametrize("sizes", [(12, 6), (8, 8), (6, 12)], ids=["contracting", "square", "expanding"])
def test_both_ends_driven_meet_all_four_penrose_conditions(sizes: tuple[int, int]) -> None:
    A, B = learned(sizes, ("below", "above"), 1500, 0)
    met = np.array(cameron.penrose(A, B))
    noisy = 3 if sizes[0] > sizes[1] else 2  # the condition that the noise of the update keeps from being exact
    exact = [k for k in range(4) if k != noisy or sizes[0] == sizes[1]]
    assert met[exact].max() < 1e-10 and met.max() < 0.05
    start = chain(sizes, batch_size=50)["x_to_h1.w"]
    assert np.linalg.norm(A - start) > 0.2 * np.linalg.norm(start), "A itself has moved"


def test_one_end_alone_misses_a_condition() -> None:
    for sizes, ends, missed in (((6, 12), ("below",), 2), ((12, 6), ("above",), 3)):
        met = np.array(cameron.penrose(*learned(sizes, ends, 1000, 0)))
        assert met[missed] > 0.3 and np.delete(met, missed).max() < 1e-6


def test_the_last_condition_falls_with_the_rate() -> None:
    """With rate/(1 + decay n) the rest is noise, whose square falls as 1/n: eight seeds have 400 and 1600 updates."""
    ratios = []
    for seed in range(8):
        early, late = (cameron.penrose(*learned((8, 4), ("below", "above"), n, seed))[3] for n in (400, 1600))
        ratios.append(np.log2(early / late))
    error = np.std(ratios, ddof=1) / np.sqrt(len(ratios))
    assert abs(np.mean(ratios) - 1) < 3 * error + 0.1, (np.mean(ratios), error)
    assert np.mean(ratios) > 4 * error


def test_at_the_pseudoinverse_the_updates_have_the_mean_zero() -> None:
    """There dA is exactly zero, since h^ = h, and dB is noise. Beside it, both have a mean. (9 to 6, from below.)"""
    A = chain((9, 6))["x_to_h1.w"]
    slow, presentations = 1e-9, 2000
    for beside in (0.0, 0.05):
        B = np.linalg.pinv(A) + beside
        net = chain((9, 6), recirculation.with_parameters(rate=slow), ends="below", weights=A, feedback_weights=B)
        last = net.timetable().steps[-1]
        keep = dict.fromkeys(["x_to_h1.w", "h1_to_x.w"], last)
        made = net.program().run(net.timetable(), np.zeros((presentations, 1), int), collect=keep).collected
        dA, dB = (np.diff(made[key].reshape(presentations, -1), axis=0) / slow for key in keep)
        error = np.std(dB, axis=0, ddof=1) / np.sqrt(len(dB))
        chi = float(np.mean((np.mean(dB, axis=0) / error) ** 2))  # 1 on average where the mean is 0
        if beside:
            assert chi > 5 and np.abs(dA.mean(axis=0)).max() > 0.01, (chi, beside)
        else:
            assert chi < 1 + 4 * np.sqrt(2 / 9) and np.abs(dA).max() < 1e-5, (chi, np.abs(dA).max())


def test_from_zero_the_feedback_to_a_wide_layer_is_the_pseudoinverse_too() -> None:
    """W is fixed and expanding (6 to 9): B has the rows of W^T, whatever its start could have put beside them."""
    still = recirculated_feedback.with_parameters(rate=0.0)
    data = stimuli((4, 2), 4000)
    distance_between = []
    for start in (0.0, rc.glorot()):
        net = recirculating((4, 6, 9, 2), still, batch_size=20, precision="float64", feedback_weights=start)
        net.run(data, presentations=600)
        A, B = net["h1_to_h2.w"], net["h2_to_h1.w"]
        assert cameron.penrose(A, B)[0] < 1e-2
        distance_between.append(np.linalg.norm(B - np.linalg.pinv(A)) / np.linalg.norm(np.linalg.pinv(A)))
    assert distance_between[0] < 0.02 and distance_between[1] > 0.1, distance_between


# --- what is refused, and what is left out ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: chain((5,)), "2 or more"),
        (lambda: recirculating((5, 3)), "3 or more"),
        (lambda: chain((5, 3), ends="left"), "'below', 'above' or both"),
        (lambda: chain((5, 3), ends=()), "'below', 'above' or both"),
        (lambda: chain((5, 3), "recirculaton"), "recirculation"),
    ],
)
def test_what_makes_no_loop_is_refused(make: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


@pytest.mark.parametrize(
    "expression, left",
    [
        ("1.0*tanh(basal) + 0.0*drive", "tanh(basal)"),
        ("0.0*tanh(basal) + 1.0*drive + 0.0*apical*(1 - x)", "drive"),
        ("(0.0 + 1.0)*basal - rate", "basal - rate"),
        ("0.0*a + 0.0*b", "0.0 * a"),
        ("v - 0.0*u/tau", "v"),
        ("0.0*u/tau + v/tau", "v / tau"),
        ("0.0*a", "0.0 * a"),
        ("0*a + b", "0 * a + b"),
        ("a/0.0 + b", "a / 0.0 + b"),
    ],
)
def test_closed_terms_are_left_out(expression: str, left: str) -> None:
    assert without_closed_terms(expression) == left


def test_what_is_closed_is_not_read() -> None:
    net = recirculating((8, 7, 6, 4), ends=("below",))
    operations = net.timetable().entries[0]
    first = next(e.operation for e in operations if e.operation.name.startswith("update_h1"))
    assert first.reads == {"h1.basal_x"}
