"""Whole networks, data, training, and the papers' experiments."""

from .analysis.weight_alignment import alignment, angle, relative_distance, sign_agreement
from .networks.layered import layered
from .training.checkpoint import Checkpoint
from .training.history import History
from .training.loop import train

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
