"""Loops written by hand in NumPy, which do the same steps as the circuits of the benchmark `small`.

They are written as a careful programmer writes them: constants are taken out of loops, products go into arrays that are
there, what does not change within a presentation is computed once in it, and arrays are changed in place where that is
shorter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray


def outside(field: Array, M: float, S: float, mu: float, epsilon: float) -> Array:
    """Return what drives the output of the hinge circuit (Amit 2019, section 2.3): outside of the margin in either
    direction.
    """
    high = 2 * M + S
    above = (1 + epsilon) * (field > high) + ((field >= M) & (field <= high))
    below = (mu + epsilon) * (field < -high) + mu * ((field <= -M) & (field >= -high))
    return above - below


class HingeLoop:
    """The hinge output circuit: `o` and `t` go on from one presentation to the next."""

    def __init__(self, net: Any, h: Array, ratio: int, steps: int) -> None:
        self.o, self.t = np.zeros_like(h), np.zeros_like(h)
        shown = np.tile([1.0, -1.0], (len(h), 1))  # the label 0
        self.base = h + net["s_to_o.w"] * shown
        self.control, self.off = net["t_to_o.w"], float(net["t.off"])
        self.numbers = [float(net[f"o.{name}"]) for name in ("M", "S", "mu", "epsilon")]
        self.ratio, self.steps = ratio, steps

    def present(self, count: int) -> None:
        """Make so many presentations."""
        _, _, mu, epsilon = self.numbers
        for _ in range(count * self.steps):
            driven = outside(self.base + self.control * self.t, *self.numbers)
            share = np.abs(self.o) / (epsilon + (self.o > 0) + mu * (self.o < 0))
            on = (share > 1 - self.off) | ((share >= self.off) & (self.t * self.o > 0))
            self.t = np.sign(self.o) * on
            self.o += (driven - self.o) / self.ratio


class LayeredLoop:
    """A layered network with the hinge output circuit, x -> h1 -> o, rule urfb, in step-by-step mode."""

    def __init__(self, net: Any, x: Array, labels: Array, rate: float) -> None:
        self.x, self.labels, self.rate = x, labels, np.float32(rate)
        self.W1, self.W2, self.R = (net[f"{name}.w"] for name in ("x_to_h1", "h1_to_o", "o_to_h1"))
        self.numbers = [float(net[f"o.{name}"]) for name in ("M", "S", "mu", "epsilon")]
        self.control, self.drive, self.supervision = (net[f"{n}.w"] for n in ("t_to_o", "o_to_t", "s_to_o"))
        shape = len(x), len(self.R)
        self.shown, self.h, self.apical = np.empty_like(x), np.empty(shape, np.float32), np.empty(shape, np.float32)
        self.field = np.empty((len(x), len(self.W2)), np.float32)
        self.increments = [np.empty_like(w) for w in (self.W1, self.W2)]
        self.signs = (2 * np.eye(len(self.W2)) - 1).astype(np.float32)
        self.beyond = np.zeros_like(self.field)

    def present(self, count: int) -> None:
        """Make so many presentations of the same samples."""
        for _ in range(count):
            self._present()

    def _present(self) -> None:
        rows, (M, _, mu, _) = np.arange(len(self.x)), self.numbers
        np.take(self.x, rows, axis=0, out=self.shown, mode="clip")
        np.dot(self.shown, self.W1.T, out=self.h)
        r = np.minimum(np.maximum(self.h, -1), 1)
        np.dot(r, self.W2.T, out=self.field)
        wanted = self.field + self.supervision * self.signs[self.labels[rows]]
        o, t = np.zeros_like(self.field), np.zeros_like(self.field)
        for _ in range(4):
            driven = outside(wanted + self.control * t, *self.numbers)
            drive = self.drive * o
            t = (drive > 1).astype(np.float32) - (drive < -mu)
            o = driven.astype(np.float32)
        np.dot(o, self.R.T, out=self.apical)
        d = self.apical * (np.abs(self.h) < 1)
        self.beyond += np.abs(self.field) >= M
        scale = self.rate / len(rows)
        for w, into, post, pre in zip((self.W1, self.W2), self.increments, (d, o), (self.shown, r)):
            np.dot(post.T, pre, out=into)
            into *= scale
            w += into
        self.R += self.increments[1].T


class RfloLoop:
    """The recurrent network of the example `rflo`, which learns in every step."""

    def __init__(self, net: Any, wanted: Array, unit: dict[str, float], rates: tuple[float, float]) -> None:
        self.wanted, self.tau, self.rates = wanted, unit["tau"], rates
        self.W, self.out, self.B = (net[f"{name}.w"] for name in ("h_to_h", "h_to_y", "B"))
        batch, units, outputs = len(wanted), len(self.W), len(self.out)
        self.first = np.broadcast_to(net["h.first"], (batch, units))
        self.r, self.field = np.zeros((batch, units)), np.zeros((batch, units))
        self.y, self.teacher = np.zeros((batch, outputs)), np.zeros((batch, outputs))
        self.p, self.late = np.zeros((2, batch, units, units))
        self.credit = np.zeros((batch, units))

    def present(self, count: int) -> None:
        """Make so many trials."""
        for _ in range(count):
            for step in range(-2, self.wanted.shape[1]):
                self._step(step)

    def _step(self, step: int) -> None:
        fast, slow = self.rates
        np.dot(self.teacher - self.y, self.B.T, out=self.credit)
        np.dot(self.r, self.W.T, out=self.field)
        np.dot(self.r, self.out.T, out=self.y)
        before, squashed = self.r, np.tanh(self.field)
        if step < 0:
            self.r = self.first
            self.late[:] = self.p[:] = 0
            return
        self.teacher = self.wanted[:, step]
        self.r = before + (squashed - before) / self.tau
        self.W += (fast * self.credit[:, :, None] * self.late).mean(axis=0)
        self.late[:] = self.p
        made = (1 - squashed * squashed)[:, :, None] * before[:, None, :]
        made -= self.p
        made /= self.tau
        self.p += made
        self.out += slow / len(before) * np.dot((self.teacher - self.y).T, before)


class CodingLoop:
    """The network of the example `predictive_coding`, with transposed feedback."""

    def __init__(self, net: Any, x: Array, labels: Array, numbers: dict[str, float], steps: tuple[int, int]) -> None:
        self.x, self.labels, self.steps = x, labels, steps
        self.rate, self.decay, self.hidden, self.output = (numbers[k] for k in ("rate", "decay", "hidden", "output"))
        self.W1, self.W2 = (net[f"{name}.w"] for name in ("W1", "W2"))
        hidden, outputs = np.zeros((2, len(x), len(self.W1))), np.zeros((2, len(x), len(self.W2)))
        (self.v, self.v_before), (self.o, self.o_before) = hidden, outputs
        self.predicted = [np.zeros_like(self.v), np.zeros_like(self.o)]
        self.apical, self.wanted = np.empty_like(self.v), np.eye(len(self.W2))

    def present(self, count: int) -> None:
        """Make so many presentations of the same samples."""
        for _ in range(count):
            self._present()

    def _present(self) -> None:
        x, below = self.x, np.dot(self.x, self.W1.T)
        teacher = self.wanted[self.labels]
        first, second = self.predicted
        for step in range(sum(self.steps)):
            e1, e2 = self.v_before - first, self.o_before - second
            r = np.tanh(self.v)
            first, self.v_before, self.o_before = below, self.v, self.o
            np.dot(r, self.W2.T, out=second)
            np.dot(e2, self.W2, out=self.apical)
            self.v = self.v + self.hidden * (self.apical * (1 - r * r) - e1)
            self.o = teacher if step >= self.steps[0] else self.o - self.output * e2
        self.predicted = [first, second]
        e1, e2 = self.v_before - first, self.o_before - second
        scale = self.rate / len(x)
        self.W1 = (1 - self.decay) * self.W1 + scale * np.dot(e1.T, x)
        self.W2 = (1 - self.decay) * self.W2 + scale * np.dot(e2.T, np.tanh(self.v))
