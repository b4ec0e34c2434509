"""Deep linear circuits (Amit 2019, section 3): layers, errors and feedback, whose mean update is Eq. 15.

The batch elements show the n_0 unit vectors times sqrt(n_0), so that the mean of x x^T over batch elements is the identity and
one presentation is one iteration: W_i changes by rate times Eq. 15, R_i by rate epsilon times its transpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from brian2.units import ms
from numpy.typing import NDArray

from ....circuits import Circuit, OneToOne, pyramidal
from ....circuits.inputs import as_inputs
from ....plasticity import Rule
from ...networks.independent_networks import OUTPUT

Array = NDArray[np.floating]

urfb_epsilon = Rule(
    "urfb-epsilon",
    source="Amit 2019, Eq. 11 and 15; epsilon = 0 is FRFB, epsilon = 1 is URFB",
    forward="dw = rate*error_post*x_pre",
    feedback="dw = epsilon*rate*error_pre*x_post",
    parameters=dict(rate=0.03, epsilon=1.0),
)


@dataclass(frozen=True)
class Problem:
    """A linear map to learn, and where learning begins.

    Parameters
    ----------
    T : Array
        (n_k, n_0).
    weights : Sequence[Array]
        W_1..W_k at the start, (n_i, n_{i-1}).
    feedback : Sequence[Array]
        R_2..R_k at the start, (n_{i-1}, n_i).
    """

    T: Array
    weights: Sequence[Array]
    feedback: Sequence[Array]

    def from_zero(self) -> Problem:
        """Return the same with all forward weights 0."""
        return Problem(self.T, [np.zeros_like(w) for w in self.weights], self.feedback)


@dataclass(frozen=True)
class Path:
    """What a circuit did.

    Parameters
    ----------
    residual : Array
        e = T - W_k...W_1 before each iteration, as the output units showed it, (iterations, n_k, n_0).
    error : Array
        Relative error |e|^2/|T|^2 before each iteration, (iterations,).
    weights : list[Array]
        W_1..W_k at the end.
    trajectory : list[Array]
        W_1..W_k after each iteration, (iterations, n_i, n_{i-1}), where asked for.
    """

    residual: Array
    error: Array
    weights: list[Array]
    trajectory: list[Array]


def random_problem(seed: int, sizes: Sequence[int] = (40, 100, 100, 10), gain: float = 0.5) -> Problem:
    """Return the problem of section 3.3: T is the product of a random teacher's matrices, with sd 1/sqrt(n_{i-1});
    W_i(0) has sd gain/sqrt(n_{i-1}), and R_i(0), drawn by itself, the sd of W_i(0)^T.
    """
    rng = np.random.default_rng(seed)
    shapes = [(post, pre) for pre, post in pairwise(sizes)]

    def draw(scale: float) -> list[Array]:
        return [rng.standard_normal(s) * scale / np.sqrt(s[1]) for s in shapes]

    teacher, weights, feedback = draw(1), draw(gain), draw(gain)
    return Problem(np.linalg.multi_dot(teacher[::-1]), weights, [w.T for w in feedback[1:]])


def linear_circuit(problem: Problem, rule: Rule) -> Circuit:
    """Return the circuit x -> h1 -> ... -> y in step-by-step mode: it takes k steps up, one for the error, k - 1 down,
    and one for plasticity.
    """
    k = len(problem.weights)
    sizes = [w.shape[0] for w in problem.weights]
    net = Circuit(batch_size=problem.T.shape[1], dt=1 * ms)
    hidden = [net.population(f"h{i}", n, pyramidal("linear")) for i, n in enumerate(sizes[:-1], start=1)]
    y = net.population("y", sizes[-1], OUTPUT)
    layers = [net.stimulus("x", problem.T.shape[1]), *hidden, y]
    target = net.stimulus("target", sizes[-1])
    net.connect(target, y, into="wanted", weights=1.0, connectivity=OneToOne(), during="error")
    for i, (pre, post) in enumerate(pairwise(layers)):
        net.connect(pre, post, rule=rule, weights=problem.weights[i], name=f"W{i + 1}")
    for i, (lower, upper) in enumerate(pairwise(layers[1:])):
        own = None if rule.feedback.transpose_of == "w" else problem.feedback[i]
        net.connect(upper, lower, into="apical", rule=rule.feedback, weights=own, name=f"R{i + 2}")
    net.phases("feedforward", k * ms, "error", 1 * ms, "feedback", (k - 1) * ms, "plasticity", 1 * ms)
    return net


def learn(problem: Problem, rule: Rule, iterations: int, backend: str, *, trajectory: bool = False) -> Path:
    """Run the circuit for that many presentations, in one go.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed.
    RecircuitError
        If a variable became NaN or infinite.
    """
    net = linear_circuit(problem, rule)
    k, n = len(problem.weights), problem.T.shape[1]
    names = [f"W{i + 1}.w" for i in range(k)]
    x = np.sqrt(n) * np.eye(n)
    program = net.program(backend)
    as_inputs(net, {"x": x, "target": x @ problem.T.T}).load(program)
    keep = {"y.rate": k} | dict.fromkeys(names if trajectory else [], 2 * k)
    order = np.tile(np.arange(n), (iterations, 1))
    result = program.run(net.timetable("train"), order, collect=keep)
    result.raise_if_diverged()
    residual = result.collected["y.rate"].transpose(0, 2, 1) / np.sqrt(n)
    error = np.sum(residual**2, axis=(1, 2)) / np.sum(problem.T**2)
    weights = [net[name] for name in names]
    kept = [result.collected[m].reshape(-1, *w.shape) for m, w in zip(names, weights, strict=True) if trajectory]
    net.close()
    return Path(residual, error, weights, kept)


def iterations_to_learn(error: np.ndarray) -> float:
    """Return the first iteration at which an error is below 1e-4; infinite if none is."""
    return float(np.argmax(error < 1e-4)) if (error < 1e-4).any() else np.inf
