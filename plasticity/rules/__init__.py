"""The rules that come with recircuit: one small file per family, to be compared side by side."""

from .adam import adam
from .backpropagation import bp
from .fixed_feedback import frfb
from .hinge import hinge
from .matching import matching
from .node_perturbation import node_perturbation, node_perturbation_ridge
from .quantised_updates import quantised
from .random_backpropagation import arbp, rbp
from .recirculation import recirculated_feedback, recirculation
from .reinforcement import reinforcement
from .resampled_feedback import resampled, sign_concordant
from .updated_feedback import urfb

__all__ = [
    "adam",
    "arbp",
    "bp",
    "frfb",
    "hinge",
    "matching",
    "node_perturbation",
    "node_perturbation_ridge",
    "quantised",
    "rbp",
    "recirculated_feedback",
    "recirculation",
    "reinforcement",
    "resampled",
    "sign_concordant",
    "urfb",
]
