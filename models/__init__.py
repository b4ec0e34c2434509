"""Whole networks, data, training, and the papers' experiments."""

from .checkpoint import Checkpoint
from .history import History
from .metrics import alignment, angle, relative_distance, sign_agreement
from .network import layered
from .training import train

__all__ = [
    "Checkpoint",
    "History",
    "alignment",
    "angle",
    "layered",
    "relative_distance",
    "sign_agreement",
    "train",
]
