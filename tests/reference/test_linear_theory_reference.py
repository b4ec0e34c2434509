"""The reference of the linear theory: what section 3 claims, and what it conserves.

Amit 2019, *Biologically Plausible Deep Learning*; what is tested lies in tests/reference/linear_theory.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from reference import amit
from reference import linear_theory as theory

EPSILONS = np.array([0.0, 0.25, 0.5, 1.0])
LAM_R = {2: [0.1], 3: [0.2, 0.1], 4: [0.3, 0.2, 0.15]}
TIMES = np.concatenate([[0], np.geomspace(0.1, 300, 60)])


def lambdas(k: int, epsilon: float, times=TIMES):
    """Return the scalar solution, (n_times, k), for lambda_T = .8."""
    return theory.scalar_solution(LAM_R[k], 0.8, epsilon, times)


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("hidden", [(8,), (8, 7), (8, 7, 6)])
def test_the_matrix_system_decouples_into_the_scalar_ones(hidden, epsilon):
    rng = np.random.default_rng(3)
    T = rng.normal(0, 0.3, (3, 6))
    lam_r = rng.uniform(0.1, 0.4, (len(hidden), 3))
    system = theory.decoupled(T, hidden, lam_r, rng)
    times = np.linspace(0, 20, 15)
    path = theory.matrix_solution(system.weights, system.feedback, T, epsilon, times)
    found = theory.in_bases(path, system.bases)  # (times, k, 3, 3)
    wanted = theory.scalar_solution(lam_r, system.lam_t, epsilon, times)
    np.testing.assert_allclose(np.einsum("tkii->tki", found), wanted, atol=1e-9)
    np.testing.assert_allclose(found * (1 - np.eye(3)), 0, atol=1e-9)
    for w, a, b in zip(path, system.bases[:-1], system.bases[1:]):
        np.testing.assert_allclose(b @ (b.T @ w @ a) @ a.T, w, atol=1e-9)  # nothing outside the bases


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("k", [2, 3, 4])
def test_scalar_system_conserves_equation_17_and_ends_at_its_root(k, epsilon):
    path = lambdas(k, epsilon, np.concatenate([TIMES, [3000]]))
    np.testing.assert_allclose(theory.conserved(path.T, np.array(LAM_R[k])[:, None], epsilon), 0, atol=1e-9)
    np.testing.assert_allclose(theory.ladder(path[:, 0], LAM_R[k], epsilon).T, path, atol=1e-7)
    assert (np.diff(path, axis=0) >= -1e-10).all()  # every lambda grows
    end = theory.root(LAM_R[k], 0.8, epsilon)
    assert end.prod() == pytest.approx(0.8, rel=1e-12)
    np.testing.assert_allclose(path[-1], end, rtol=1e-8)


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("k", [2, 3, 4])
def test_reduced_equation_and_decay_rate_agree_with_the_system(k, epsilon):
    path = lambdas(k, epsilon)[1:].T
    flow = theory.scalar_flow(path, np.array(LAM_R[k])[:, None], 0.8, epsilon)
    np.testing.assert_allclose(theory.reduced_flow(path[0], LAM_R[k], 0.8, epsilon), flow[0], atol=1e-9)
    e = 0.8 - path.prod(axis=0)
    others = np.stack([np.delete(path, i, axis=0).prod(axis=0) for i in range(k)])
    slope = -2 * e * (flow * others).sum(axis=0)  # d(e^2)/dt
    np.testing.assert_allclose(slope, -2 * e**2 * theory.decay(path, epsilon), atol=1e-9)


@pytest.mark.parametrize("k", [2, 3])
def test_theorems_1_and_2_more_update_is_faster_at_every_time(k):
    if k == 3:
        assert theory.theorem_2_holds(LAM_R[3], 1.0)
    paths = np.stack([lambdas(k, e) for e in EPSILONS])  # (epsilon, time, k)
    e = 0.8 - paths.prod(axis=2)
    assert (np.diff(e, axis=0)[:, e[0] > 1e-6] <= 1e-10).all()
    growing = paths[:, :, : k - 1]
    assert (np.diff(growing, axis=0) >= -1e-10).all()
    assert (np.diff(np.sqrt(EPSILONS)[:, None] * paths[:, :, -1], axis=0) >= -1e-10).all()
    assert (np.diff(paths[:, -1, -1]) < 0).all()  # lambda_k itself ends lower


def test_without_theorem_2s_condition_lambda_2_may_fall_but_the_error_still_falls_faster():
    lam_r, lam_t = [0.03, 0.35], 0.86
    assert not theory.theorem_2_holds(lam_r, 0.0)
    paths = np.stack([theory.scalar_solution(lam_r, lam_t, e, TIMES) for e in EPSILONS])
    assert np.diff(paths[:, :, 1], axis=0).min() < -0.1
    assert (np.diff(lam_t - paths.prod(axis=2), axis=0) <= 1e-10).all()


def test_inverse_functions_of_equation_21():
    x = np.linspace(0.01, 2, 20)
    for epsilon in EPSILONS:
        np.testing.assert_allclose(theory.H(theory.G(x, 0.1, epsilon), 0.1, epsilon), x, rtol=1e-12)
        np.testing.assert_allclose(theory.F(x, 0.1, epsilon), 0.1 + epsilon * theory.G(x, 0.1, epsilon), rtol=1e-12)


def test_flow_of_backpropagation_is_the_gradient_of_half_the_squared_error():
    problem = theory.linear_problem(0, (5, 4, 6, 3))
    found = theory.flow(problem.weights, [w.T for w in problem.weights[1:]], problem.T)
    for i, w in enumerate(problem.weights):
        for index in np.ndindex(w.shape):
            costs = []
            for sign in (1, -1):
                moved = [v.copy() for v in problem.weights]
                moved[i][index] += sign * 1e-6
                costs.append(0.5 * np.sum(theory.residual(moved, problem.T) ** 2))
            assert found[i][index] == pytest.approx((costs[1] - costs[0]) / 2e-6, abs=1e-7)


def test_small_steps_of_the_iteration_follow_the_flow():
    problem = theory.linear_problem(1, (6, 5, 4, 3))
    flow = theory.matrix_solution(problem.weights, problem.feedback, problem.T, 1.0, np.array([0, 1.0]))
    gaps = []
    for steps in (100, 200):
        last = theory.iterate(problem.weights, problem.feedback, problem.T, 1.0, 1 / steps, steps).weights
        gaps.append(max(np.abs(a - b[-1]).max() for a, b in zip(last, flow)))
    assert gaps[0] < 0.02
    assert gaps[1] / gaps[0] == pytest.approx(0.5, abs=0.05)  # Euler: first order


def test_the_iteration_is_full_batch_learning_with_white_inputs():
    """Eq. 15 is section 2.2's update with X = identity, a linear network and squared error."""
    problem = theory.linear_problem(2, (6, 5, 4, 3))
    weights, feedback = [w.copy() for w in problem.weights], [r.copy() for r in problem.feedback]
    for _ in range(5):
        amit.train_step(weights, feedback, np.eye(6), problem.T.T, "urfb", "mse", 0.03 * 6, "linear")
    last = theory.iterate(problem.weights, problem.feedback, problem.T, 1.0, 0.03, 5).weights
    for a, b in zip(weights, last):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


def test_updated_feedback_is_ahead_of_fixed_feedback():
    problem = theory.linear_problem(0)
    curves = {rule: theory.run_rule(problem, rule, steps=600) for rule in ("bp", "urfb", "frfb")}
    urfb, frfb = curves["urfb"].errors, curves["frfb"].errors
    assert np.mean(urfb < frfb) > 0.99
    assert urfb[-1] < 1e-5 < frfb[-1]
    for a, b in zip(curves["urfb"].weights, curves["bp"].weights):
        assert np.linalg.norm(a - b) > 0.1 * np.linalg.norm(b)


def test_error_does_not_rise_as_epsilon_grows():
    problem = theory.linear_problem(0, gain=0.3)
    errors = np.stack([theory.run_epsilon(problem, e, steps=600).errors for e in EPSILONS])
    assert (np.diff(errors, axis=0) <= 1e-12).all()
