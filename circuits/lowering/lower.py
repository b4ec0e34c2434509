"""Lowering of the description of a circuit to the intermediate form."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from ..description.network import Network
from .arriving import arrivals
from .closing import closings
from .delays.lines import moves
from .layout import constants, layout
from .lowered import Lowered
from .operations import Operation
from .passes.factors import factors
from .passes.merging import merging
from .passes.naming import distinctly_named
from .passes.narrowing import Narrow, with_alternatives
from .passes.sparse import sparse
from .reference.lower import lower_reference
from .states import clamps, state_updates
from .synapses import broadcasts, learning, propagation, weight_totals
from .timetable import PURPOSES, Timetable


def lower(network: Network) -> Lowered:
    """Return the operations and variables of a circuit, after all passes."""
    lowered = lower_reference(network) if network.lowering == "reference" else _lower_dense(network)
    ordered = sorted(lowered.operations, key=lambda operation: operation.slot)
    lowered = replace(lowered, operations=tuple(distinctly_named(ordered)))

    def walk(narrow: Narrow) -> None:
        for purpose, mode in product(PURPOSES, network.modes or (None,)):
            Timetable.of(lowered, purpose, optimise=network.optimise, narrow=narrow, mode=mode)

    return with_alternatives(lowered, walk)


def _lower_dense(network: Network) -> Lowered:
    operations = merging(factors(network, sparse(network, _declared(network))))
    return Lowered(network, network.phased(), tuple(operations), layout(network, operations), constants(network))


def _declared(network: Network) -> list[Operation]:
    """Return the content of the description as operations, before any pass."""
    made = clamps(network) + moves(network)
    for population in network.populations.values():
        made += state_updates(network, population)
    for projection in network.projections.values():
        made += [*propagation(network, projection), *weight_totals(network, projection)]
        made += learning(network, projection)
    return made + broadcasts(network) + arrivals(network) + closings(network)
