"""Synapses with delays of their own as one product, in which each pre unit appears once for each delay of its synapses.

Let S be the number of pairs of a pre unit and a delay. Then field = late W'^T, where ``late`` holds the S signals of these
pairs for each batch element, and W', of shape (post units, S), has each weight at the pair of its synapse, and zeros
elsewhere. The zeros are multiplied too, so that this is faster only if there are few pairs or many batch elements. Otherwise
the signals are gathered synapse by synapse, by `recircuit.circuits.lowering.delays.kernels.DelayedPropagate`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ...connectivity import Dense
from ...description.network import Network
from ...description.projections.delays import DelayLine, synapse_tables
from ...description.projections.projection import Projection
from ..kernels import Propagate
from ..operations import Operation
from ..terms import Term
from ..variables import Kind, Scope, Variable
from .kernels import LateSignals, SpreadWeights

__all__ = ["Pairs", "as_product", "pairs_of", "pair_tables", "pair_variables"]

#: Times in nanoseconds, measured on one core with the backend cpp: to gather a signal for a synapse, to put a weight into its
#: place (in every step if it learns), and to multiply in a product, for one batch element and for many.
GATHERED, PLACED, ALONE, OF_MANY = 0.32, 1.0, 0.15, 0.025
#: The largest number of places in W' for each synapse.
LARGEST = 16


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs of a pre unit and a delay that synapses have, and the place of each synapse among them.

    Parameters
    ----------
    pre, steps : array of int
        The pre unit and the delay in steps of each pair.
    place : array of int
        The place of each synapse in W', counted row by row.
    weight : array of int
        The index of each synapse's weight.
    """

    pre: np.ndarray = field(repr=False)
    steps: np.ndarray = field(repr=False)
    place: np.ndarray = field(repr=False)
    weight: np.ndarray = field(repr=False)

    @property
    def count(self) -> int:
        """The number of pairs."""
        return len(self.pre)


#: The pairs of each projection that were found before, with the delays for which they were found: `Projection.change` gives
#: others. Sizes and the number of batch elements do not change.
_FOUND: WeakKeyDictionary[Projection, tuple[Any, Pairs | None]] = WeakKeyDictionary()


def pairs_of(network: Network, projection: Projection) -> Pairs | None:
    """Return the pairs of a projection if a product of them is faster; None otherwise, and without such delays."""
    known = _FOUND.get(projection)
    if known is None or known[0] is not projection.delay:
        known = _FOUND[projection] = projection.delay, _pairs_of(network, projection)
    return known[1]


def _pairs_of(network: Network, projection: Projection) -> Pairs | None:
    tables = synapse_tables(projection) if network.lowering != "reference" else {}
    if not tables:
        return None
    steps, pre, start = tables["delay_steps"], tables["delay_pre"], tables["delay_start"]
    found, pair = np.unique(pre.astype(np.int64) * (steps.max() + 1) + steps, return_inverse=True)
    post = np.repeat(np.arange(projection.post.size), np.diff(start))
    place = post * len(found) + pair
    if not cheaper(len(steps), projection.post.size * len(found), network.batch_size, projection.owner.plastic):
        return None
    if len(np.unique(place)) < len(place):  # several synapses between two units that have the same delay
        return None
    pres, late = np.divmod(found, steps.max() + 1)
    return Pairs(*(a.astype(np.int32) for a in (pres, late, place, tables["delay_weight"])))


def cheaper(synapses: int, places: int, batch_size: int, learns: bool) -> bool:
    """Return whether a product with this number of places takes less time than going from synapse to synapse."""
    product = places * max(OF_MANY * batch_size, ALONE) + (PLACED * synapses if learns else 0.0)
    return places <= min(LARGEST * synapses, 2**31 - 1) and product < GATHERED * batch_size * synapses


def as_product(made: Operation, projection: Projection, line: DelayLine, pairs: Pairs) -> list[Operation]:
    """Return the operations that gather the signals, put the weights into their places, and compute the product."""
    kernel, name = made.kernel, projection.name
    assert isinstance(kernel, Propagate)
    late, weights = f"{name}.delay_signals", f"{name}.delay_product"
    gathered = LateSignals(name, pairs.count, kernel.n_pre, f"{projection.pre.name}.{line.name}", line.length, late)
    product = replace(
        kernel, connectivity=Dense(), n_pre=pairs.count, signal=Term(name, "delay_signals", variable="delay_signals"),
        weights=weights, transposed=False, sparse=False,
    )  # fmt: skip
    return [
        replace(
            made, name=f"late_{name}", kernel=gathered, reads=frozenset({gathered.line, "clock.timestep"}),
            writes=frozenset({late}), work=0,
        ),
        replace(
            made, name=f"spread_{name}", kernel=SpreadWeights(name, kernel.weights, weights), reads=made.reads,
            writes=frozenset({weights}), work=0,
        ),
        replace(made, kernel=product, reads=frozenset({late, weights}), work=pairs.count * kernel.n_post),
    ]  # fmt: skip


def pair_variables(network: Network, projection: Projection, pairs: Pairs) -> list[Variable]:
    """Return the signals, W', and the tables."""
    name = projection.name
    signals = Variable(name, "delay_signals", (network.batch_size, pairs.count), Scope.DELAY)
    places = Variable(name, "delay_product", (projection.post.size, pairs.count), Scope.TABLE)
    tables = [Variable(name, t, v.shape, Scope.TABLE, Kind.WHOLE) for t, v in pair_tables(pairs).items()]
    return [signals, places, *tables]


def pair_tables(pairs: Pairs) -> dict[str, np.ndarray]:
    """Return the tables by name."""
    return {
        "delay_pre": pairs.pre, "delay_steps": pairs.steps, "delay_place": pairs.place, "delay_weight": pairs.weight
    }  # fmt: skip
