"""Circuits on the expected update, networks beside each other, and the theorems' experiments in short.

What a circuit does is held against the paper's formula in NumPy, against a circuit of one network, and against SciPy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from brian2 import ms
from numpy.polynomial import Polynomial
from quick_runs import quick_run
from reference import linear_theory
from scipy.integrate import solve_ivp

import recircuit as rc
from recircuit.errors import RecircuitError
from recircuit.models.analysis.expected_learning import Flow, expected, white
from recircuit.models.experiments import Settings
from recircuit.models.experiments.baldi2018 import chain_fixed_points as chains
from recircuit.models.experiments.baldi2018.chains import drawn_chains
from recircuit.models.experiments.baldi2018.equivalence import _check_conserved
from recircuit.models.experiments.baldi2018.equivalence_discrete import _isolated
from recircuit.models.experiments.framework.experiment import checks
from recircuit.models.experiments.lillicrap2016.flow import bad
from recircuit.models.experiments.theory import averaged_equations as ode
from recircuit.models.experiments.theory.convergence import LinearNetworks, converge
from recircuit.models.networks.independent_networks import Networks, gather, side_by_side, spread
from recircuit.plasticity import bp, frfb

ROOT = Path(__file__).resolve().parents[3]
THEORY = [
    *(f"baldi-{name}" for name in ("chains", "field", "width", "matrix", "nonlinear", "cost", "equivalence")),
    *(f"lillicrap-{name}" for name in ("alignment", "flow", "decoupled", "pseudoinverse", "switch")),
    *(f"lillicrap-{name}" for name in ("theorem1", "theorem2", "gauss-newton", "nonconservative")),
    *(f"cameron-{name}" for name in ("recursion", "newton")),
]


def networks(rng: np.random.Generator, sizes: tuple[int, ...] = (3, 4, 2), count: int = 5) -> Networks:
    forward = [rng.normal(0, 0.7, (count, post, pre)) for pre, post in zip(sizes, sizes[1:])]
    return Networks(forward, [rng.normal(0, 1, (count, n, sizes[-1])) for n in sizes[1:-1]])


def covariances(rng: np.random.Generator, count: int, n_in: int, n_out: int) -> tuple[np.ndarray, np.ndarray]:
    root = rng.normal(0, 1, (count, n_in, n_in))
    return root @ root.swapaxes(1, 2) / n_in + 0.2 * np.eye(n_in), rng.normal(0, 1, (count, n_out, n_in))


# ---- the experiments -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", THEORY)
def test_quick_run_holds_all_its_checks(name: str, tmp_path: Path) -> None:
    quick_run(name, tmp_path)


# ---- the expected update -------------------------------------------------------------------------------------------


def test_expected_rows_have_the_covariances() -> None:
    rng = np.random.default_rng(0)
    S_II, S_TI = covariances(rng, 1, 4, 3)
    x, target = expected(S_II[0], S_TI[0])
    np.testing.assert_allclose(x.T @ x / len(x), S_II[0], rtol=1e-12)
    np.testing.assert_allclose(target.T @ x / len(x), S_TI[0], rtol=1e-12, atol=1e-12)


def test_rows_of_networks_beside_each_other_are_joined() -> None:
    rng = np.random.default_rng(1)
    S_II, S_TI = covariances(rng, 3, 4, 2)
    x, target = expected(S_II, S_TI)
    assert x.shape == (4, 12) and target.shape == (4, 6)
    for n in range(3):
        one, wanted = x[:, 4 * n : 4 * n + 4], target[:, 2 * n : 2 * n + 2]
        np.testing.assert_allclose(one.T @ one / 4, S_II[n], rtol=1e-12)
        np.testing.assert_allclose(wanted.T @ one / 4, S_TI[n], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("S_II", "S_TI", "message"),
    [
        (np.eye(3), np.ones((2, 4)), "for every network"),
        ([[1.0, 0.5], [0.0, 1.0]], np.ones((1, 2)), "is symmetric"),
        (np.diag([1.0, -1.0]), np.ones((1, 2)), "positive definite"),
    ],
)
def test_what_is_no_covariance_is_refused(S_II, S_TI, message) -> None:
    with pytest.raises(RecircuitError, match=message):
        expected(S_II, S_TI)


@pytest.mark.parametrize("sizes", [(3, 4, 2), (2, 3, 3, 2), (1, 1, 1)])
def test_one_presentation_is_eulers_step_of_the_averaged_equations(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    many = networks(rng, sizes)
    linear = LinearNetworks(many, *covariances(rng, many.count, sizes[0], sizes[-1]))
    found = linear.trajectory(0.01, [0, 0.01])
    for w, v, start in zip(found, linear.system.velocity(many.forward), many.forward):
        np.testing.assert_allclose(w[1], start + 0.01 * v, atol=1e-14)


def test_many_white_samples_are_the_expected_update_up_to_chance() -> None:
    rng = np.random.default_rng(3)
    many = networks(rng, count=1)
    T = rng.normal(0, 1, (2, 3))
    gaps = []
    for rows in (400, 40_000):
        x = white(rows, 3, rng)
        flow = Flow(side_by_side(many, batch_size=rows), {"x": x, "target": x @ T.T})
        trajectory = flow.run(0.5, [0, 0.5])
        wanted = ode.Averaged(many, np.eye(3)[None], T[None]).velocity(many.forward)
        gaps.append(
            max(
                np.abs(np.diff(trajectory.weights[f"W{i}.w"], axis=0)[0] / 0.5 - wanted[i - 1][0]).max() for i in (1, 2)
            )
        )
        flow.close()
    assert gaps[1] < 0.1 and gaps[1] < gaps[0] / 3


def test_velocity_is_the_gradient_where_the_channel_is_the_transpose() -> None:
    rng = np.random.default_rng(4)
    problem = linear_theory.linear_problem(0, (5, 4, 3))
    one = Networks([w[None] for w in problem.weights], [problem.weights[1].T[None]])
    found = ode.Averaged(one, np.eye(5)[None], problem.T[None]).velocity(one.forward)
    wanted = linear_theory.flow(problem.weights, [problem.weights[1].T], problem.T)
    for a, b in zip(found, wanted):
        np.testing.assert_allclose(a[0], b, rtol=1e-12, atol=1e-14)
    assert rng is not None


def test_linear_networks_converge_at_first_order_and_can_start_again() -> None:
    rng = np.random.default_rng(5)
    many = networks(rng)
    linear = LinearNetworks(many, *covariances(rng, many.count, 3, 2))
    found = converge(linear, [0.02, 0.01, 0.005], [0, 0.4, 0.8])
    assert all(check.ok for check in found.checks(""))
    first, again = (linear.trajectory(0.02, [0, 0.2]) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert np.array_equal(linear.settle(((0.02, 0.2),))[0], first[0][-1])


def test_times_that_do_not_fit_are_refused() -> None:
    rng = np.random.default_rng(6)
    many = networks(rng, count=1)
    flow = Flow(side_by_side(many, batch_size=3), dict(zip(("x", "target"), expected(np.eye(3), np.ones((2, 3))))))
    with pytest.raises(RecircuitError, match="whole numbers of steps"):
        flow.run(0.01, [0, 0.015])
    with pytest.raises(RecircuitError, match="one in each batch element"):
        flow.show({"x": np.ones((2, 3)), "target": np.ones((2, 2))})


# ---- networks beside each other ------------------------------------------------------------------------------------


def test_networks_beside_each_other_do_as_each_alone() -> None:
    rng = np.random.default_rng(7)
    many = networks(rng)
    S_II, S_TI = covariances(rng, many.count, 3, 2)
    together = LinearNetworks(many, S_II, S_TI).trajectory(0.05, [0, 1.0])
    for n in range(many.count):
        one = Networks([w[n : n + 1] for w in many.forward], [c[n : n + 1] for c in many.channel])
        alone = LinearNetworks(one, S_II[n : n + 1], S_TI[n : n + 1]).trajectory(0.05, [0, 1.0])
        for a, b in zip(together, alone):
            np.testing.assert_allclose(a[:, n], b[:, 0], atol=1e-13)


def test_spread_and_gather_are_inverse() -> None:
    w = np.random.default_rng(8).normal(size=(4, 3, 2))
    np.testing.assert_array_equal(gather(spread(w), 4), w)
    assert spread(w).shape == (12, 8) and np.count_nonzero(spread(w)) == w.size
    np.testing.assert_array_equal(gather(spread(w[:, :1, :1]), 4), w[:, :1, :1])


def test_blocks_are_as_brian2_has_them() -> None:
    def net(lowering: str) -> rc.Circuit:
        circuit = rc.Circuit(1, lowering=lowering, seed=3)
        x, h = circuit.stimulus("x", 6), circuit.population("h", 4, rc.pyramidal("tanh"))
        circuit.connect(
            x, h, rule=rc.Rule("hebb", source="Hebb 1949", forward="dw = 0.1*x_post*x_pre"), connectivity=rc.Blocks(2)
        )
        circuit.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
        return circuit

    data = np.random.default_rng(9).normal(size=(5, 6))
    dense, plain = net("dense"), net("reference")
    first = dense["x_to_h.w"]
    for each in (dense, plain):
        each.run(data)
    np.testing.assert_allclose(dense["x_to_h.w"], plain["x_to_h.w"], atol=1e-13)
    assert (dense["x_to_h.w"] != first).sum() == 12 == np.count_nonzero(first)


def test_blocks_that_do_not_fit_are_refused() -> None:
    net = rc.Circuit()
    x, h = net.stimulus("x", 6), net.population("h", 5, rc.pyramidal("tanh"))
    with pytest.raises(RecircuitError, match="divide into 2 equal parts; got 6 and 5"):
        net.connect(x, h, connectivity=rc.Blocks(2))
    with pytest.raises(RecircuitError, match="whole number"):
        rc.Blocks(0)


def test_backpropagation_takes_one_hidden_layer() -> None:
    with pytest.raises(RecircuitError, match="one hidden layer"):
        side_by_side(networks(np.random.default_rng(0), (2, 3, 3, 2)), bp, batch_size=2)


def test_reset_begins_again() -> None:
    many = networks(np.random.default_rng(10), count=1)
    net = side_by_side(many, frfb, batch_size=3)
    first = net["W1.w"]
    x, target = expected(np.eye(3), np.ones((2, 3)))
    net.run({"x": x, "target": target}, presentations=4)
    assert not np.array_equal(net["W1.w"], first)
    net.reset()
    assert np.array_equal(net["W1.w"], first) and net["W1.updates"] == 0


# ---- what the theorems predict -------------------------------------------------------------------------------------


@pytest.mark.parametrize("L", [2, 3, 4])
def test_chains_end_where_scipy_ends(L: int) -> None:
    rng = np.random.default_rng(L)
    a, c = rng.uniform(-1, 1, (L, 20)), rng.choice([-1, 1], (L - 1, 20)) * rng.uniform(0.5, 1.5, (L - 1, 20))
    alpha, beta = rng.uniform(0.5, 1.5, (2, 20))
    many = Networks(list(a[..., None, None]), list(c[..., None, None]))
    path = ode.Averaged(many, beta[:, None, None], alpha[:, None, None]).solve(np.array([0, 1.0, 10.0, 200.0]))
    end = np.stack([w[-1, :, 0, 0] for w in path])
    np.testing.assert_allclose(chains.fixed_points(a, c, alpha, beta), end, rtol=1e-7, atol=1e-9)


def test_next_root_follows_theorem_1() -> None:
    Q = -Polynomial.fromroots([-1.0, 0.5, 2.0])
    assert [round(chains.next_root(Q, x), 12) for x in (-3, 0.4, 0.6, 9)] == [-1.0, -1.0, 2.0, 2.0]
    assert chains.next_root(Q, 0.5) == 0.5
    assert chains.next_root(Polynomial([0.0, 1.0]), 1.0) == np.inf  # the last case of the theorem, mended
    assert chains.next_root(Polynomial([0.0, -1.0]), 1.0) == 0.0


def test_growth_is_the_derivative_of_the_product() -> None:
    rng = np.random.default_rng(0)
    a, c = rng.normal(size=(4, 6)), rng.normal(size=(3, 6))
    e = 1 - a.prod(axis=0)
    v = np.stack([(c[i] if i < 3 else 1) * a[:i].prod(axis=0) * e for i in range(4)])
    step = 1e-6
    np.testing.assert_allclose(
        ((a + step * v).prod(axis=0) - (a - step * v).prod(axis=0)) / (2 * step), chains.growth(a, c) * e, rtol=1e-6
    )


def test_the_bad_region_is_the_cubics() -> None:
    rng = np.random.default_rng(1)
    a = rng.uniform(-3, 3, (2, 200))
    one = np.ones(200)
    end = chains.fixed_points(a, one[None], one, one)
    np.testing.assert_array_equal(bad(*a), end[0] < 0)


@pytest.mark.parametrize("length", [2, 3, 4])
def test_chains_end_at_the_predicted_root_by_the_equations_for_small_rates(length: int) -> None:
    """SciPy integrates the equations of theorems 2 to 4: the circuits that end elsewhere do so because their rate is finite."""
    start, c, alpha, beta = drawn_chains(length, 0, Settings())
    predicted = chains.fixed_points(start, c, alpha, beta)
    for n in range(start.shape[1]):
        channel = np.append(c[:, n], 1.0)

        def flow(_: float, a: np.ndarray, n: int = n, channel: np.ndarray = channel) -> np.ndarray:
            return channel * np.concatenate([[1.0], np.cumprod(a)[:-1]]) * (alpha[n] - beta[n] * a.prod())

        end = solve_ivp(flow, (0, 2000), start[:, n], method="LSODA", rtol=1e-10, atol=1e-12).y[:, -1]
        np.testing.assert_allclose(end, predicted[:, n], atol=1e-3 * float(np.linalg.norm(predicted[:, n])))


# ---- what gradient descent conserves, and Theorem 9 ----------------------------------------------------------------


@pytest.mark.parametrize("drift", [float("nan"), 0.01])
def test_a_channel_without_learning_fails_its_check_and_does_not_leave_it_out(drift: float) -> None:
    rows = _check_conserved({"chain": np.array([4e-3, 2e-3, 1e-3, drift]), "power": np.array([4e-3, 2e-3, 1e-3])})
    assert [check.what for check in checks("", rows) if not check.ok] == [rows[2][0]]
    assert rows[2][0].startswith("RBP, chain") and len(rows) == 5


def eq_110(A: np.ndarray, X: np.ndarray, G: np.ndarray) -> np.ndarray:
    """Return the three lines of Eq. 110, its third line mended; G is C_1 S_TI S_II^-1, and X is C_1 A_2."""
    lines = X @ A - G, X + X.T - A @ A.T, X @ X.T - A @ G.T - G @ A.T
    return np.concatenate([line.ravel() for line in lines])


@pytest.mark.parametrize(
    ("sizes", "isolated"),
    [
        ((4, 3, 2), False),
        ((5, 4, 3), False),
        ((3, 3, 2), True),
        ((5, 3, 3), True),
        ((3, 3, 3), True),
        ((3, 2, 4), True),
    ],
)
def test_solutions_of_eq_110_are_alone_unless_the_inputs_can_turn(sizes: tuple[int, int, int], isolated: bool) -> None:
    rng = np.random.default_rng(11)
    n0, n1, n2 = sizes
    A, A2, C = rng.normal(size=(n1, n0)), rng.normal(size=(n2, n1)), rng.normal(size=(n1, n2))
    G = C @ A2 @ A
    assert (_isolated(A, A2, C, G, held=False) > 1e-6) is isolated
    assert _isolated(A, A2, C, G, held=True) > 1e-6
    free = np.linalg.svd(G)[2][np.linalg.matrix_rank(G) :]  # the inputs that G does not see
    if len(free) > 1:
        turned = A + A @ free[:2].T @ (np.array([[0.0, 1.0], [-1.0, 0.0]]) - np.eye(2)) @ free[:2]
        np.testing.assert_allclose(eq_110(turned, C @ A2, G), eq_110(A, C @ A2, G), atol=1e-12)
        assert np.allclose(turned, A) is isolated
