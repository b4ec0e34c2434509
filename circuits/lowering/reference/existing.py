"""Lists of the synapses of every projection: pre unit, post unit, and the place of the weight in memory."""

from __future__ import annotations

import numpy as np

from ...connectivity import Synapses
from ...description.network import Network
from ...description.projections.projection import Projection, Transposed


def existing_synapses(network: Network) -> dict[str, Synapses]:
    """Return the existing synapses by projection; a transpose has its owner's synapses in the opposite direction."""
    found: dict[str, Synapses] = {}
    for index, projection in enumerate(network.projections.values()):
        if isinstance(projection.weights, Transposed):
            of = found[projection.weights.of.name]
            found[projection.name] = Synapses(of.post, of.pre, of.weight) if projection.weights.flipped else of
        else:
            found[projection.name] = _drawn(projection, np.random.default_rng([network.seed, index]))
    return found


def _drawn(projection: Projection, rng: np.random.Generator) -> Synapses:
    every = projection.connectivity.indices(projection.pre.size, projection.post.size)
    mask = projection.mask(rng)
    if mask is None:
        return every
    there = mask.reshape(-1)[every.weight] > 0
    return Synapses(every.pre[there], every.post[there], every.weight[there])
