"""Parts of circuits that are neither neurons nor outputs: populations with the synapses that belong to them."""

from __future__ import annotations

from typing import Any

from ....registry import Registry
from .errors import ErrorUnits
from .sums import SummingUnit

__all__ = ["PARTS", "ErrorUnits", "SummingUnit"]

PARTS: Registry[Any] = Registry("part", {"ErrorUnits": ErrorUnits, "SummingUnit": SummingUnit}, group="recircuit.parts")
"""The parts by the name of their class."""
