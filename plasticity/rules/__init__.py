"""The rules that come with recircuit: one small file per family, to be compared side by side."""

from .backpropagation import bp
from .fixed_feedback import frfb
from .hinge import hinge
from .updated_feedback import urfb

__all__ = ["bp", "frfb", "hinge", "urfb"]
