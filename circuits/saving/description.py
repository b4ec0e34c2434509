"""The description of a circuit as data, and the circuit that the data describes."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from brian2.units import Quantity

from ...arguments import check_fits, fits
from ...errors import RecircuitError
from ...plasticity.names import LATE
from ..description.first_values import first_values
from ..description.fixed import declare
from ..description.network import Network
from ..description.populations.population import Population
from ..description.populations.stimuli import add_clamped
from ..description.projections.projection import Projection, Transposed
from ..description.schedules.schedule import Schedule
from ..library.outputs import OutputCircuit
from .values import Reader, Writer

__all__ = ["described", "rebuild", "settings"]

#: The arguments with which a circuit is made; everything else is declared afterwards.
SETTINGS = ("batch_size", "dt", "lowering", "seed", "optimise", "matmul")
#: The attributes that `rebuild` does not set directly.
DECLARED = ("populations", "projections", "broadcasts", "dtype", "revision")
#: The types of the other attributes, which it sets directly.
REST: dict[str, Any] = {
    "schedule": Schedule | None, "modes": dict[str, Schedule], "constants": dict[str, float],
    "outputs_of": dict[str, OutputCircuit],
}  # fmt: skip
#: The parts of a projection that `Network.connect` checks.
CONNECTED = ("into", "sends", "connectivity", "name", "states")


def described(network: Network, writer: Writer) -> dict[str, Any]:
    """Return all declarations of a circuit as JSON. Arrays go to the writer.

    Weights and states that a Python function draws are saved as the numbers that it draws for this circuit's seed.

    Raises
    ------
    RecircuitError
        If a file cannot hold a part of it.
    """
    drawn = first_values(network)
    others = {k: v for k, v in vars(network).items() if k not in (*SETTINGS, *DECLARED) and _public(network, k)}
    return {
        "settings": {"precision": network.dtype.name} | {k: writer.data(getattr(network, k)) for k in SETTINGS},
        "populations": [_population_data(p, writer, drawn) for p in network.populations.values()],
        "broadcasts": [
            [n, sent.source.name, writer.data(sent.during), sent.closed] for n, sent in network.broadcasts.items()
        ],
        "projections": [_projection_data(p, writer, drawn) for p in network.projections.values()],
        "rest": {k: writer.data(v) for k, v in others.items()},
    }


def rebuild(network: Network, contents: dict[str, Any], reader: Reader) -> None:
    """Declare the contents of a description in an empty network; each declaration is checked as if a user had made it."""
    for each in contents["populations"]:
        of = {k: reader.value(v) for k, v in each.items()}
        made = (
            add_clamped(network, of["name"], of["size"], of["neuron"], of["clamp"])
            if of["clamp"]
            else (network.population(of["name"], of["size"], of["neuron"]))
        )
        _set_rest(made, of, ("name", "size", "neuron", "clamp"))
    for name, source, when, closed in contents["broadcasts"]:
        network.broadcast(network.populations[source], name, closed=closed)
        network.broadcasts[name] = network.broadcasts[name]._replace(during=reader.value(when))
    for each in contents["projections"]:
        _connect(network, {k: v if k == "weights" else reader.value(v) for k, v in each.items()}, reader)
    for name, value in contents["rest"].items():
        if not _public(network, name) or name in (*SETTINGS, *DECLARED):
            raise RecircuitError(
                f"{reader.where}: it gives a circuit the attribute {name!r}, which this version of recircuit does not know."
            )
        _set(network, name, reader.value(value), reader.where)
    network.changed()


def settings(contents: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """Return the arguments with which the circuit is made."""
    return {k: reader.value(contents["settings"][k]) for k in ("precision", *SETTINGS)}


def _set(network: Network, name: str, value: Any, where: str) -> None:
    """Set an attribute of a circuit, and refuse a value of another type."""
    if name in REST and not fits(value, REST[name]):
        raise RecircuitError(f"{where} is damaged: it sets {name} of the circuit to {value!r:.60}. Use another file.")
    if name in network.fixed:
        declare(network, **{name: value})
    else:
        setattr(network, name, value)


def _public(network: Network, name: str) -> bool:
    return name in vars(network) and not name.startswith("_")


def _data(owner: Any, writer: Writer, without: tuple[str, ...]) -> dict[str, Any]:
    return {f.name: writer.data(getattr(owner, f.name)) for f in fields(owner) if f.name not in ("network", *without)}


def _population_data(population: Population, writer: Writer, drawn: dict[str, Any]) -> dict[str, Any]:
    """Return a population as data; initial values that a function draws are saved as numbers."""
    neuron, name = population.neuron, population.name
    initial = {k: Quantity(drawn[f"{name}.{k}"], dim=neuron.dimension(k)) for k in population.initial}
    return _data(population, writer, ("initial",)) | {"initial": writer.data(initial)}


def _projection_data(projection: Projection, writer: Writer, drawn: dict[str, Any]) -> dict[str, Any]:
    """Return a projection as data; a transpose names its projection, and weights that a function draws become numbers."""
    name, weights = projection.name, projection.weights
    found = _data(projection, writer, ("pre", "post", "weights", "states"))
    found |= {"pre": projection.pre.name, "post": projection.post.name}
    states = {k: drawn[f"{name}.{k}"] if callable(v) else v for k, v in projection.states.items() if k != LATE}
    found["states"] = writer.data(states)
    if isinstance(weights, Transposed):
        same = (weights.of.name, weights.variable, weights.flipped, weights.elsewhere, weights.scale)
        return found | {"weights": {"transposed": list(same)}}
    return found | {"weights": writer.data(drawn[f"{name}.w"] if callable(weights) else weights)}


def _connect(network: Network, of: dict[str, Any], reader: Reader) -> None:
    weights = of["weights"]
    if isinstance(weights, dict) and "transposed" in weights:
        other, variable, flipped, elsewhere, scale = weights["transposed"]
        given: Any = Transposed(network.projections[other], str(variable), bool(flipped), bool(elsewhere), float(scale))
    else:
        given = reader.value(weights)
    checked = {k: of[k] for k in CONNECTED}
    if isinstance(given, Transposed):
        del checked["connectivity"]
    pre, post = (network.populations[of[side]] for side in ("pre", "post"))
    delay = np.asarray(of["delay"]) * network.dt
    made = network.connect(pre, post, rule=of["equation"], weights=given, autapses=True, delay=delay, **checked)
    _set_rest(made, of, (*CONNECTED, "pre", "post", "equation", "weights", "delay"))


def _set_rest(made: Population | Projection, of: dict[str, Any], without: tuple[str, ...]) -> None:
    """Set the attributes for which a declaration has no argument, or that it makes from several arguments."""
    known = {f.name for f in fields(made)}
    for name in of.keys() - set(without):
        if name not in known:
            raise RecircuitError(
                f"{made.name}: a file gives it the attribute {name!r}, which this version of recircuit does not know."
            )
        check_fits(type(made).__init__, {name: of[name]})
        object.__setattr__(made, name, of[name])
