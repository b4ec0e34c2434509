"""All registries: what a user of recircuit can name, by kind."""

from __future__ import annotations

from typing import Any

from recircuit.circuits.backends import BACKENDS
from recircuit.circuits.connectivity import CONNECTIVITIES
from recircuit.circuits.library.neurons import NEURONS
from recircuit.circuits.library.outputs import OUTPUTS
from recircuit.circuits.library.parts import PARTS
from recircuit.circuits.library.transfer import TRANSFERS
from recircuit.models.analysis.measures import MEASURES
from recircuit.models.data import DATA
from recircuit.models.experiments import EXPERIMENTS
from recircuit.models.networks.architectures import ARCHITECTURES
from recircuit.models.networks.registry import NETWORKS
from recircuit.plasticity import RULES

from .registry import Registry

__all__ = ["REGISTRIES"]

REGISTRIES: tuple[Registry[Any], ...] = (
    RULES, OUTPUTS, TRANSFERS, NEURONS, PARTS, CONNECTIVITIES, DATA, NETWORKS, ARCHITECTURES, MEASURES, BACKENDS, EXPERIMENTS,
)  # fmt: skip
"""The registries, as `recircuit doctor` and tests/test_registry.py go through them."""
