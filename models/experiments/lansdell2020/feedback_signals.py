"""What the experiments of Lansdell, Prakash and Kording 2020 share: feedback signals, read from running circuits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ....circuits import Circuit
from ....circuits.inputs import Inputs
from ....circuits.lowering.timetable import Timetable
from ...analysis.measures import signal_angle

Array = NDArray[np.floating]

#: f' as a function of f, for the transfer functions that are used here.
SLOPES: Mapping[str, Callable[[Array], Array]] = {
    "logistic": lambda rate: rate * (1 - rate),
    "tanh": lambda rate: 1 - rate**2,
    "linear": np.ones_like,
}


def hidden_layers(circuit: Circuit) -> list[str]:
    """Return h1, h2, ..."""
    return [f"h{i}" for i in range(1, len(circuit.populations)) if f"h{i}" in circuit.populations]


def without_learning(circuit: Circuit) -> Timetable:
    """Make a whole presentation, noise and errors and all, in which no weight changes."""
    table = circuit.timetable("train")
    rows = (tuple(e for e in row if not e.operation.learns) for row in table.entries)
    return replace(table, entries=tuple(rows))


def signals(
    circuit: Circuit, inputs: Inputs, rows: NDArray[np.integer], slopes: Mapping[str, str]
) -> dict[str, tuple[Array, Array]]:
    """Return what arrives in each hidden layer's apical compartments, and minus the true gradient of the loss by its rates.

    Parameters
    ----------
    circuit : Circuit
        One with biases or without, as `models.node_perturbation` builds it.
    inputs, rows : Inputs, NDArray[np.integer]
        The data, and the rows that are shown, (presentations, batch).
    slopes : Mapping[str, str]
        The transfer function of each hidden layer, by name.

    Returns
    -------
    dict[str, tuple[Array, Array]]
        Of each layer what is fed back and the true one, each (samples, units).
    """
    program, layers = circuit.program(), hidden_layers(circuit)
    fed = {p.post.name: f"{p.post.name}.{p.field}" for p in circuit.projections.values() if p.into == "apical"}
    keys = [*fed.values(), *(f"{h}.rate" for h in layers), "o.error"]
    inputs.load(program)
    table = without_learning(circuit)
    found = program.run(table, rows.astype(np.int32), collect=dict.fromkeys(keys, table.steps[-1])).collected
    flat = {key: values.reshape(rows.size, -1) for key, values in found.items()}
    true: dict[str, Array] = {}
    error, upper = flat["o.error"], "o"
    for h in reversed(layers):
        true[h] = error @ circuit[f"{h}_to_{upper}.w"]
        error, upper = true[h] * SLOPES[slopes[h]](flat[f"{h}.rate"]), h
    return {h: (flat[fed[h]], true[h]) for h in layers}


def angles(circuit: Circuit, inputs: Inputs, rows: NDArray[np.integer], slopes: Mapping[str, str]) -> dict[str, float]:
    """Return the mean angle between what is fed back to each hidden layer and the true gradient."""
    return {h: signal_angle(*pair) for h, pair in signals(circuit, inputs, rows, slopes).items()}
