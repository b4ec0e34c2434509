"""The variables of a circuit at the moment it learns, and the gradient that it should have followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...circuits import Circuit, Population, Projection
from ...circuits.description.neurons.neuron import phase_indicators
from ...circuits.description.projections.projection import Transposed
from ...circuits.description.reads import incoming_fields
from ...circuits.description.schedules.open_phases import rule_steps
from ...circuits.inputs import Inputs, as_inputs, dataset_inputs
from ...circuits.lowering.equations.evaluation import evaluate, variables_in
from ...circuits.running.untouched import untouched
from ...errors import RecircuitError
from ...plasticity.names import phase_of

__all__ = ["Snapshot", "matrix", "snapshot"]

Array = NDArray[np.float64]
STEP = 1e-6  # of the central difference that gives f'

#: The functions of noise without noise.
SILENT: dict[str, Callable[..., Any]] = {"rand": lambda: 0.0, "randn": lambda: 0.0, "poisson": lambda mean: mean}


@dataclass(frozen=True)
class Snapshot:
    """The variables of all units in the step in which the feedforward weights learn, and all weights before it.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    values : mapping of str to array
        For each variable, such as ``"h1.error"``, its values, (batch, units).
    weights : mapping of str to array
        For each projection its weights, (n_post, n_pre), also where they are the transpose of others.
    """

    circuit: Circuit
    values: Mapping[str, Array]
    weights: Mapping[str, Array]

    def of(self, population: Population, variable: str, **instead: Array) -> Array:
        """Return a variable, compartment or expression of a population, (batch, units)."""
        name = population.stored_name(variable)
        if name in instead:
            return instead[name]
        if f"{population.name}.{name}" in self.values:
            return self.values[f"{population.name}.{name}"]
        fields = incoming_fields(self.circuit, population)
        if name in fields:
            parts = [self.values[f"{population.name}.{field}"] for field in fields[name]]
            return np.sum(parts, axis=0) if parts else np.zeros((self.circuit.batch_size, population.size))
        return self.evaluate(population, population.neuron.expressions[name], **instead)

    def evaluate(self, population: Population, expression: str, **instead: Array) -> Array:
        """Return an expression of a population's variables, with other values for some of them, and without its noise."""
        shown = self.circuit.schedule.evaluation if self.circuit.schedule else ()
        indicators = {n: float(phase_of(n) in shown) for n in phase_indicators(expression)}

        def lookup(name: str) -> Any:
            if name in population.neuron.parameters:
                return float(self.circuit[f"{population.name}.{name}"])
            return indicators[name] if name in indicators else self.of(population, name, **instead)

        names = {name: lookup(name) for name in variables_in(expression)}
        value = evaluate(expression, names, SILENT)
        return np.broadcast_to(np.asarray(value, dtype=float), (self.circuit.batch_size, population.size))

    def slope(self, population: Population) -> Array:
        """Return f' of a population, (batch, units), which says how its rate follows its basal field.

        Of rate = f(basal) the derivative; of d rate/dt = g(rate, basal) that of where the rate comes to rest,
        -(dg/d basal)/(dg/d rate); as the equation is in the phases of an evaluation, by central differences.
        """
        name = population.stored_name("rate")
        found = [s for s in population.neuron.states if s.variable == name]
        expression = found[0].expression if found else population.neuron.expressions[name]
        by_field = self._derivative(population, expression, "basal")
        if not found or not found[0].differential:
            return by_field
        return -by_field / self._derivative(population, expression, name)

    def _derivative(self, population: Population, expression: str, name: str) -> Array:
        at = self.of(population, name)
        low, high = (self.evaluate(population, expression, **{name: at + side}) for side in (-STEP, STEP))
        return (high - low) / (2 * STEP)

    def gradients(self) -> dict[str, Array]:
        """Return minus the gradient of the loss by the basal field of each hidden population, (batch, units).

            g_l = f'(h_l) sum over the populations m that l projects to of W_ml^T g_m,  g_L = error_L

        so that whatever the output calls its error is believed, and all else is the chain rule through the basal
        compartments.
        """
        found = {p.name: self.of(p, "error") for p in _outputs(self.circuit)}
        for population in reversed(self.circuit.populations.values()):
            above = [p for p in _forward(self.circuit) if p.pre is population and p.post.name in found]
            if population.name in found or "basal" not in population.variables() or not above:
                continue
            arrived = sum(found[p.post.name] @ self.weights[p.name] for p in above)
            found[population.name] = self.slope(population) * arrived
        outputs = {p.name for p in _outputs(self.circuit)}
        return {name: found[name] for name in self.circuit.populations if name in found and name not in outputs}


def snapshot(circuit: Circuit, data: Any = None) -> Snapshot:
    """Present the first rows of data to a circuit, one in each batch element, as in training; then leave it as it was.

    Parameters
    ----------
    circuit : Circuit
        The circuit. Its weights, rates, clock and random numbers are put back afterwards.
    data : array, mapping or Dataset
        Data as for `Circuit.run`; of a data set the training part.

    Raises
    ------
    RecircuitError
        If nothing in the circuit learns.
    """
    inputs = dataset_inputs(circuit, data, "train") if hasattr(data, "x_train") else as_inputs(circuit, data)
    few = slice(circuit.batch_size)  # rows; of a series they are all kept, since a sample has many
    inputs = Inputs({n: replace(r, values=r.values[few]) if r.series is None else r for n, r in inputs.rows.items()})
    program = circuit.program()
    owners = circuit.populations
    keys = [k for k, v in program.variables.items() if v.owner in owners and v.of_units]
    inputs.load(program)
    table = circuit.timetable("train", keys)
    with untouched(program, table):
        result = program.run(table, inputs.order(1, circuit.batch_size), collect=dict.fromkeys(keys, _moment(circuit)))
    result.raise_if_diverged()
    values = {key: np.asarray(kept[0], dtype=float) for key, kept in result.collected.items()}
    return Snapshot(circuit, values, {p.name: matrix(p) for p in circuit.projections.values()})


def matrix(projection: Projection) -> Array:
    """Return the weights of a projection as a matrix (n_post, n_pre), in double precision.

    Raises
    ------
    RecircuitError
        If it transmits by a trace, of which each batch element has its own.
    """
    weights = projection.weights
    if isinstance(weights, Transposed) and weights.traced:
        raise RecircuitError(
            f"matrix: {projection.name!r} transmits by a trace, of which each batch element has its own, so that it has no "
            "single matrix of weights. Measure a circuit without such a projection."
        )
    found = np.asarray(weights.matrix() if isinstance(weights, Transposed) else projection["w"], dtype=float)
    return found if found.ndim == 2 else np.diag(found)


def _forward(circuit: Circuit) -> list[Projection]:
    return [p for p in circuit.projections.values() if p.into == "basal"]


def _outputs(circuit: Circuit) -> list[Population]:
    """Return the populations that have an error, and project to none that has."""
    having = [p for p in circuit.populations.values() if "error" in p.variables() and "basal" in p.variables()]
    sending = {p.pre.name for p in _forward(circuit) if p.post in having and p.pre is not p.post}
    return [p for p in having if p.name not in sending]


def _moment(circuit: Circuit) -> int:
    """Return the first step in which feedforward weights change."""
    schedule = circuit.schedule
    learning = [p for p in _forward(circuit) if p.plastic]
    if schedule is None or not learning:
        raise RecircuitError("snapshot: no projection into a basal compartment learns in this circuit.")
    return min(rule_steps(circuit.phased(), p)[0] for p in learning)
