"""Error neurons and modulatory neurons, each with the population that they serve and project to."""

from __future__ import annotations

from .network import Network

__all__ = ["served_by"]


def served_by(network: Network) -> dict[str, str]:
    """Return error neurons and modulatory neurons by name, each with the population that it serves.

    They project one-to-one into the apical compartment of that population (Lillicrap et al. 2016, Supp. Fig. 2-4).
    """
    return {
        p.pre.name: p.post.name
        for p in network.projections.values()
        if p.into == "apical" and p.connectivity.kind == "one_to_one"
    }
