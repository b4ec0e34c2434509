"""The angle between what a circuit learns and the gradient of its loss, measured in the running circuit.

The circuit is asked again and again with slightly other weights, and the loss of its answer is differentiated by central
differences. So nothing need be known of it: feedforward or recurrent, with whatever units, also one that settles. What enters
a compartment of a unit is changed for all samples at once, by moving its incoming weights along one direction; the gradient by
a single weight follows from that and from what the weight's pre unit sends. This is exact where what is sent does not
change in the course of an evaluation, or has settled.

Only weights on the shortest way from the stimulus to the answer, and biases, are looked at: what backpropagation would
change. Those of a side branch, such as synapses onto interneurons, are not. Where synapses up and down are equal and both
learn (energy-based models), they count as one weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.utils.stringtools import get_identifiers
from numpy.typing import NDArray

from ...circuits import Circuit, Population, Projection
from ...circuits.answers.readout import Readout
from ...circuits.backends.program import Program
from ...circuits.description.projections.projection import Transposed
from ...circuits.inputs import as_inputs
from ...circuits.library.outputs.base import targets_of
from ...circuits.lowering.variables import split_key
from ...circuits.running.untouched import untouched
from ...errors import RecircuitError
from .weight_alignment import degrees_between

__all__ = ["UpdateAngle", "update_angle"]

Array = NDArray[np.float64]
#: A direction of weights is of use for a sample if what is sent has at least this cosine with it.
LEAST, DIRECTIONS = 0.05, 5


@dataclass(frozen=True)
class UpdateAngle:
    """The result of `update_angle`.

    Parameters
    ----------
    loss : str
        The loss whose gradient it is: ``"own"`` (of the output circuit), ``"squares"``, ``"cross-entropy"`` or ``"softmax"``
        (of the rates of the output), or for instance ``"squares of u"`` (of the states that its rates are a function of).
    angle : float
        The angle between all updates together and minus the gradient, in degrees; NaN where one of them is zero.
    angles : Mapping[str, float]
        The same for each projection on which the loss depends.
    """

    loss: str
    angle: float
    angles: Mapping[str, float]


def update_angle(circuit: Circuit, x: Any, labels: Any, *, output: str | None = None) -> UpdateAngle:
    """Measure the angle between the update of one presentation and minus the gradient. Nothing in the circuit changes.

    Where the output circuit has no loss of its own, it is that of squares, or of the logistic cross-entropy, or of the
    cross-entropy of a softmax if the answers sum to 1, whichever the weights into the output follow most closely. If the
    rate of the output is a function of a state (``rate = tanh(u)``), a teacher may speak of either; so the squares of that
    state are tried too.

    Parameters
    ----------
    circuit : Circuit
        A circuit in float64 with one stimulus, one supervisor and dense weights.
    x, labels : array
        Samples, (batch, features), and their classes, one for each batch element.
    output : str | None
        The population that answers; None: the one that a supervisor projects to.

    Raises
    ------
    RecircuitError
        If the circuit is not of that kind, or nothing on the way to its answer learns.
    """
    plastic = [p for p in circuit.projections.values() if p.plastic]
    sampled = _SampledCircuit(circuit, np.asarray(x), np.asarray(labels), output)
    forward = _forward(circuit, sampled.output) & {p.name for p in plastic}
    if not forward:
        raise RecircuitError(
            "update_angle: no projection on the way from the stimulus to the answer learns in this circuit."
        )
    changes, found = sampled.changes(), []
    for readout in sampled.readouts:
        responses = sampled.responses(plastic, readout)
        for name, slope in sampled.slopes(readout).items():
            by_all = {p: np.einsum("bu,pbu,bj->pj", slope, r, sent) for p, (r, sent) in responses.items()}
            gradients = {p: g for p, g in _tied(circuit, by_all).items() if p in forward and np.abs(g).max() > 1e-9}
            found.append(_compared(name, changes, gradients))
    return min(found, key=sampled.at_output)


class _SampledCircuit:
    """A circuit with samples in all of its batch elements, and its answers to them."""

    def __init__(self, circuit: Circuit, x: Array, labels: Array, output: str | None) -> None:
        stimuli, supervisors = (
            [p for p in circuit.populations.values() if p.presents == kind] for kind in ("values", "labels")
        )
        if circuit.dtype != np.float64 or len(stimuli) != 1 or len(supervisors) != 1 or len(x) != circuit.batch_size:
            raise RecircuitError(
                "update_angle: expected a circuit in float64 with one stimulus, one supervisor, and a sample for each of "
                f"its {circuit.batch_size} batch elements; got {circuit.dtype}, stimuli {[p.name for p in stimuli]}, "
                f"supervisors {[p.name for p in supervisors]} and {len(x)} samples."
            )
        self.circuit, self.labels, self.supervisor = circuit, labels, supervisors[0]
        self.readouts = [Readout.of(circuit, output)]
        answers = self.readouts[0].output
        self.output = answers.name
        self.own = circuit.outputs_of.get(self.output)
        if self.own is None or self.own.losses(np.zeros((1, self.supervisor.size)), labels[:1]) is None:
            self.own, self.readouts = None, [Readout.of(circuit, read=f"{self.output}.{v}") for v in _answers(answers)]
        self.inputs = as_inputs(circuit, {stimuli[0].name: x, self.supervisor.name: labels})

    def at_output(self, found: UpdateAngle) -> float:
        """Return the mean angle between the weights into the output and the gradient; weights that stay are left out."""
        into = [a for p, a in found.angles.items() if self.circuit.projections[p].post.name == self.output]
        return float(np.nanmean(into)) if not np.isnan(into).all() else 180.0

    def changes(self) -> dict[str, Array]:
        """Return what one presentation adds to the weights."""
        program, table = self.circuit.program(), self.circuit.timetable("train")
        names = [p.name for p in self.circuit.projections.values() if p.plastic]
        self.inputs.load(program)
        before = {name: program.get(f"{name}.w") for name in names}
        with untouched(program, table):
            program.run(table, self.inputs.order(1, self.circuit.batch_size)).raise_if_diverged()
            return {name: program.get(f"{name}.w") - w for name, w in before.items()}

    def read(self, readout: Readout) -> Callable[[], Array]:
        """Return a function that asks, and says what is read, (batch, units)."""
        program, table = self.circuit.program(), readout.table("evaluate")
        order = self.inputs.order(1, self.circuit.batch_size)
        self.inputs.load(program)

        def ask() -> Array:
            with untouched(program, table):
                return np.array(readout.fields(program.run(table, order, collect=readout.collect))[0], dtype=float)

        return ask

    def slopes(self, readout: Readout) -> dict[str, Array]:
        """Return minus the derivative of each loss, a mean over samples, by the answers, (batch, units)."""
        answers = self.read(readout)()
        count = len(answers)
        if (own := self.own) is not None:
            return {"own": -_derivative(lambda y: own.losses(y, self.labels), answers) / count}
        clamp = self.supervisor.clamp
        assert clamp is not None
        miss = targets_of(self.labels, answers.shape[1], clamp.on, clamp.off) - answers
        _, variable = split_key(readout.field)
        if readout is not self.readouts[0]:
            return {f"squares of {variable}": miss / count}
        found = {"squares": miss / count}
        if answers.min() > 0 and answers.max() < 1:
            found["cross-entropy"] = miss / (answers * (1 - answers)) / count
        if answers.min() > 0 and np.allclose(answers.sum(axis=1), 1):
            found["softmax"] = (miss + answers) / answers / count
        return found

    def responses(self, projections: list[Projection], readout: Readout) -> dict[str, tuple[Array, Array]]:
        """Return, for each projection, how the answers change with the input of each post unit, and what its pre units send."""
        sent, ask = {p.name: self.sent(p) for p in projections}, self.read(readout)
        known: dict[tuple[str, str], Array] = {}
        for p in sorted(projections, key=lambda p: np.ptp(sent[p.name]) > 0):  # biases, which need one direction, first
            if isinstance(p.weights, Transposed) or self.circuit[f"{p.name}.w"].ndim != 2:
                raise RecircuitError(
                    f"update_angle: the projection {p.name!r} has no dense weights of its own, which are needed here."
                )
            if (p.post.name, p.into) not in known:
                known[p.post.name, p.into] = _response(self.circuit.program(), p, sent[p.name], ask)
        return {p.name: (known[p.post.name, p.into], sent[p.name]) for p in projections}

    def sent(self, p: Projection) -> Array:
        """Return the signal of a projection at the end of an evaluation, (batch, units)."""
        return self.read(Readout.of(self.circuit, read=f"{p.pre.name}.{p.sends}"))()


def _response(program: Program, p: Projection, sent: Array, ask: Callable[[], Array]) -> Array:
    """Return the derivative of the answers by what enters each unit, (post units, batch, units of the output)."""
    weights, units = program.get(f"{p.name}.w"), ask().shape[1]
    found, best = np.zeros((len(weights), len(sent), units)), np.zeros(len(sent))
    for direction in _directions(sent):
        along = sent @ direction
        cosine = np.abs(along) / np.maximum(np.linalg.norm(sent, axis=1) * np.linalg.norm(direction), 1e-300)
        better = cosine > best
        if not better.any():
            continue
        step = 1e-4 / np.abs(along[better]).max()
        for unit in range(len(weights)):
            low, high = (_moved(program, p.name, weights, unit, side * step * direction, ask) for side in (-1, 1))
            found[unit][better] = ((high - low) / (2 * step))[better] / along[better, None]
        best = np.maximum(best, cosine)
        if (best[np.abs(sent).max(axis=1) > 0] > LEAST).all():
            break
    return found


def _moved(program: Program, name: str, weights: Array, unit: int, by: Array, ask: Callable[[], Array]) -> Array:
    """Return the answers with other weights into one unit."""
    changed = weights.copy()
    changed[unit] += by
    try:
        program.set(f"{name}.w", changed)
        return ask()
    finally:
        program.set(f"{name}.w", weights)


def _directions(sent: Array) -> Iterator[Array]:
    """Yield directions of weights: the mean of what is sent, then random ones."""
    if np.abs(sent.mean(axis=0)).max() > 0:
        yield sent.mean(axis=0)
    random = np.random.default_rng(0)
    for _ in range(DIRECTIONS):
        yield random.normal(size=sent.shape[1])


def _tied(circuit: Circuit, gradients: dict[str, Array]) -> dict[str, Array]:
    """Return the gradients; where weights up and down are equal, each has the gradient by both."""
    found = dict(gradients)
    for name in gradients:
        p = circuit.projections[name]
        for other in gradients:
            q = circuit.projections[other]
            back = q.pre is p.post and q.post is p.pre and q is not p
            if back and np.array_equal(circuit[f"{name}.w"], circuit[f"{other}.w"].T):
                found[name] = found[name] + gradients[other].T
    return found


def _answers(output: Population) -> list[str]:
    """Return what may be compared with the teacher: the rate and the states that it is a function of, or the field."""
    if "rate" not in output.variables():
        return ["basal"]
    states = {state.variable for state in output.neuron.states}
    return ["rate", *sorted(states & get_identifiers(output.neuron.expressions.get("rate", "")))]


def _forward(circuit: Circuit, output: str) -> set[str]:
    """Return the projections on the shortest ways from the stimulus to the output, and the biases on these ways."""
    away = {p.name: 0 for p in circuit.populations.values() if p.presents == "values"}
    found = {p.name for p in circuit.projections.values() if f"{p.pre.name}.rate" in circuit.constants}
    level = 0
    while any(depth == level for depth in away.values()):
        for p in circuit.projections.values():
            if away.get(p.pre.name) == level and away.setdefault(p.post.name, level + 1) == level + 1:
                found.add(p.name)
        level += 1
    leading = {output}
    while (
        more := {circuit.projections[p].pre.name for p in found if circuit.projections[p].post.name in leading}
        - leading
    ):
        leading |= more
    return {p for p in found if circuit.projections[p].post.name in leading}


def _compared(loss: str, changes: Mapping[str, Array], gradients: Mapping[str, Array]) -> UpdateAngle:
    """Return the angles between changes and gradients, each and together."""
    each = {p: degrees_between(changes[p], g) for p, g in gradients.items()}
    both = (
        [np.hstack([a[p].ravel() for p in gradients]) for a in (changes, gradients)] if gradients else [np.zeros(1)] * 2
    )
    return UpdateAngle(loss, degrees_between(*both), each)


def _derivative(losses: Callable[[Array], Any], answers: Array, step: float = 1e-6) -> Array:
    """Return the derivative of the loss of each sample by each of its answers."""
    found = np.zeros_like(answers)
    for unit in range(answers.shape[1]):
        moved = step * (np.arange(answers.shape[1]) == unit)
        found[:, unit] = (losses(answers + moved) - losses(answers - moved)) / (2 * step)
    return found
