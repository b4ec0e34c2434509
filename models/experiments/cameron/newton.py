"""Cameron, Chen, Wagner and Sejnowski, "Theorem (Levin and Ben-Israel)": learned pseudoinverse feedback makes Newton's steps.

    h_(k+1) = h_k - T f(h_k),    f(h) = tanh(W h) - y*,    T = W^+ D^-1,  D = tanh'(W h),  a {2}-inverse of f's Jacobian DW

The iteration is learning: one stimulus x with |x| = 1, rate 1, dA = B e x^T moves h = Ax by B e. The output's error is
(y* - tanh)/tanh', local to it; B has learned W^+ by recirculation, with W fixed. (The poster's rule lacks a minus sign, as e
is h_L - h* there, and its left inverse holds h/|h|^2, which the rule drops: |x| = 1 has it right.)

In a network of 6-8-4 units f can be 0. There Newton's order of convergence, 2, is compared with the order 1 of gradient
descent, from the same starts to the same h, as T moves h within the rows of W. Gradient descent has 300 presentations,
after which the slowest network has not reached that h: it is 3% of its way from it, and 12% from other seeds. B is learned
in a circuit of its own, from which Python carries it over, once and before the first presentation of the iteration.
Newton's method diverges from some starts that are far from a solution (the theorem holds "under certain conditions");
starts from which it does so in NumPy are left out.
In a network of 6-4-8 units with linear outputs f cannot be 0: the fixed point has T f = 0, and is that of
gradient descent, the least squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import ms
from matplotlib.figure import Figure

from ....circuits import Neuron
from ....plasticity import Rule, frfb
from ....plasticity.rules import recirculation
from ...analysis.expected_learning import Flow
from ...networks.independent_networks import OUTPUT, Networks, gather, side_by_side
from ...networks.recirculation import chain
from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Settings, checks
from ..framework.figure_style import BLUE, GREY, ORANGE, letter, new_figure
from ..theory.averaged_equations import Array

COUNT = 30
OUTPUTS = {
    "newton": "(wanted - tanh(basal))/(1 - tanh(basal)**2)",
    "gradient": "(wanted - tanh(basal))*(1 - tanh(basal)**2)",
}

#: Recirculation of B alone.
B_ALONE = Rule(
    "recirculated-B", source=recirculation.source, feedback=str(recirculation.feedback), parameters=dict(rate=0.2)
).with_rate_decay(0.003)


@dataclass(frozen=True)
class Iteration:
    """h at every step, (steps, count, n_h), |f| and |T f|, (steps, count)."""

    h: Array
    f: Array
    Tf: Array


def run(settings: Settings) -> Report:
    """Run networks that can be solved, with tanh outputs, and others that cannot, with linear ones."""
    rng = settings.rng(9)
    count = 6 if settings.quick else COUNT
    W = matrices(count, 4, 8, rng)
    h0 = rng.normal(0, 0.3, (count, 8))
    y = np.tanh(np.einsum("noh,nh->no", W, h0 + rng.normal(0, 0.5, (count, 8))))
    near = [_is_near(*one) for one in zip(W, h0, y, strict=True)]
    W, h0, y = W[near], h0[near], y[near]
    settings.show_progress("cameron-newton: W^+ is learned")
    B = learned(W, 300 if settings.quick else 3000, settings.backend)
    settings.show_progress("cameron-newton: iterations")
    newton = iterate(W, B, h0, y, "newton", 1.0, 9, settings.backend)
    gradient = iterate(W, W.mT, h0, y, "gradient", 0.5, 300, settings.backend)
    tall = matrices(count, 8, 4, rng)
    target = rng.standard_normal((count, 8))
    pinv = learned(tall, 300 if settings.quick else 3000, settings.backend)
    start = rng.normal(0, 0.3, (count, 4))
    squares = iterate(tall, pinv, start, target, "", 1.0, 4, settings.backend)
    made = _checks(W, B, newton, gradient) + _check_least_squares(tall, pinv, target, squares)
    return Report(made, _draw(newton, gradient))


def _is_near(W: Array, h: Array, y: Array) -> bool:
    """Return whether Newton's iteration with the exact W^+ comes closer to a solution in 9 steps; from far away it may
    diverge.
    """
    field, pseudo = W @ h, np.linalg.pinv(W)
    before = after = float(np.linalg.norm(np.tanh(field) - y))
    for _ in range(9):
        slope = 1 - np.tanh(field) ** 2
        if not slope.all():
            return False
        h = h - pseudo @ ((np.tanh(field) - y) / slope)
        field = W @ h
        after = float(np.linalg.norm(np.tanh(field) - y))
    return after < before


def matrices(count: int, post: int, pre: int, rng: np.random.Generator) -> Array:
    """Return random matrices of full rank, with singular values in .7 to 1.3: (count, post, pre)."""
    low = min(post, pre)
    U, V = (np.linalg.qr(rng.standard_normal((count, n, low)))[0] for n in (post, pre))
    return (U * rng.uniform(0.7, 1.3, (count, 1, low))) @ V.mT


def learned(W: Array, presentations: int, backend: str) -> Array:
    """Return B of every W by recirculation from below, beginning at 0: (count, n_h, n_o)."""
    count, n_o, n_h = W.shape
    found = np.zeros((count, n_h, n_o))
    net = chain((n_h, n_o), B_ALONE, ends=("below",), batch_size=100, weights=W[0], feedback_weights=0.0)
    program = net.program(backend)
    for n in range(count):
        net.reset()
        net["x_to_h1.w"] = W[n]
        result = program.run(net.timetable(), np.zeros((presentations, 100), dtype=int))
        result.raise_if_diverged()
        found[n] = net["h1_to_x.w"]
    net.close()
    return found


def iterate(W: Array, B: Array, h0: Array, y: Array, output: str, rate: float, steps: int, backend: str) -> Iteration:
    """Return what learning with x of length 1 does to h, looked at after every presentation."""
    count = len(W)
    x = np.zeros((count, 6))
    x[:, 0] = 1.0
    A = h0[:, :, None] * x[:, None, :]
    model = (
        OUTPUT
        if not output
        else Neuron(
            f"""
        basal    : 1 (compartment)
        wanted   : 1 (compartment)
        drate/dt = ({OUTPUTS[output]} - rate)/tau : 1 (during error)
        error    = rate : 1
        """,
            tau=1 * ms,
        )
    )
    net = side_by_side(Networks([A, W], [B]), frfb, batch_size=1, output=model)
    flow = Flow(net, {"x": x.reshape(1, -1), "target": y.reshape(1, -1)}, backend)
    trajectory = flow.run(rate, rate * np.arange(steps + 1), {"W2": 0.0})
    flow.close()
    h = np.stack([gather(w, count)[..., 0] for w in trajectory.weights["W1.w"]])
    field = np.einsum("noh,tnh->tno", W, h)
    f = (np.tanh(field) if output else field) - y
    Tf = np.einsum("nho,tno->tnh", B, f / (1 - np.tanh(field) ** 2) if output == "newton" else f)
    return Iteration(h, np.linalg.norm(f, axis=-1), np.linalg.norm(Tf, axis=-1))


def orders(f: Array) -> Array:
    """Return log(f_(k+2)/f_(k+1)) / log(f_(k+1)/f_k), where all three are above rounding and the first is small."""
    a, b, c = f[:-2], f[1:-1], f[2:]
    seen = (c > 1e-13) & (a < 0.3) & (b < a) & (c < b)
    return np.log(c[seen] / b[seen]) / np.log(b[seen] / a[seen])


def _checks(W: Array, B: Array, newton: Iteration, gradient: Iteration) -> list[Check]:
    right = np.abs(W @ B - np.eye(W.shape[1])).max()
    distances = np.linalg.norm(newton.h[-1] - gradient.h[-1], axis=1) / np.linalg.norm(
        gradient.h[-1] - gradient.h[0], axis=1
    )
    return checks(
        f"6-8-4, {len(W)} networks: ",
        [
            ("learned B: W B from the identity, the largest entry", float(right), "<=", 1e-6),
            ("Newton: |f| after 9 presentations, the worst", float(newton.f[-1].max()), "<=", 1e-10),
            ("Newton: order of convergence, the median", float(np.median(orders(newton.f))), "within", (1.8, 2.2)),
            (
                "gradient descent: order of convergence, the median",
                float(np.median(orders(gradient.f))),
                "within",
                (0.9, 1.1),
            ),
            ("gradient descent: |f| after 9 presentations, the median", _error_after_nine(gradient), ">", 1e-3),
            ("where both end: distance over the way of gradient descent, the worst", float(distances.max()), "<=", 0.1),
        ],
    )


def _error_after_nine(found: Iteration) -> float:
    """Return |f| after 9 presentations, the median of networks that have come nearer."""
    return of_learned(float(np.median(found.f[9])), float(np.median(found.f[9] / found.f[0])))


def _check_least_squares(W: Array, B: Array, y: Array, found: Iteration) -> list[Check]:
    best = (np.linalg.pinv(W) @ y[..., None])[..., 0]
    return checks(
        f"6-4-8, {len(W)} networks: ",
        [
            (
                "learned B: B W from the identity, the largest entry",
                float(np.abs(B @ W - np.eye(W.shape[2])).max()),
                "<=",
                1e-6,
            ),
            (
                "|f| at the end, the least: it cannot be 0",
                of_learned(float(found.f[-1].min()), float((found.f[-1] / found.f[0]).min())),
                ">",
                0.1,
            ),
            (
                "|T f| after one presentation over |T f| before, the worst",
                float((found.Tf[1] / found.Tf[0]).max()),
                "<=",
                1e-6,
            ),
            (
                "h from the least squares, the worst, relative",
                float((np.linalg.norm(found.h[-1] - best, axis=1) / np.linalg.norm(best, axis=1)).max()),
                "<=",
                0.1,
            ),
        ],
    )


def _draw(newton: Iteration, gradient: Iteration) -> Figure:
    figure = new_figure(5.8, 2.7)
    left, right = figure.subplots(1, 2)
    left.semilogy(np.maximum(newton.f, 1e-17), color=BLUE, linewidth=0.6)
    left.semilogy(np.maximum(gradient.f[:10], 1e-17), color=GREY, linewidth=0.6)
    left.plot([], [], color=BLUE, label=r"Newton: $B = W^+$")
    left.plot([], [], color=GREY, label="gradient descent")
    left.set(title="|f| = |tanh(Wh) - y*|", xlabel="presentation", ylabel="|f|", xlim=(0, 9), ylim=(1e-17, 10))
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    for one, colour in ((newton, BLUE), (gradient, GREY)):
        a, b = one.f[:-1].ravel(), one.f[1:].ravel()
        seen = (b > 1e-14) & (a < 1)
        right.loglog(a[seen], b[seen], ".", color=colour, markersize=2)
    grid = np.geomspace(1e-7, 1, 20)
    right.loglog(grid, grid**2, color=ORANGE, linewidth=0.8, label="slope 2")
    right.set(
        title="each from the one before",
        xlabel="|f|",
        ylabel="|f| one presentation later",
        xlim=(1e-8, 2),
        ylim=(1e-15, 2),
    )
    right.legend()
    letter([left, right])
    return figure


EXPERIMENT = Experiment(
    "cameron-newton",
    "Cameron, Chen, Wagner and Sejnowski, Levin and Ben-Israel 2001",
    "Learned pseudoinverse feedback makes the steps of Newton's method.",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="60 networks",
)
