"""The rules that come with recircuit, in one small file per family, so that they can be compared side by side."""

from .adam import adam
from .backpropagation import bp
from .contrastive import contrastive_bias, contrastive_hebbian, generec
from .drtp import drtp
from .fixed_feedback import frfb
from .hinge import hinge
from .kolen_pollack import kolen_pollack
from .matching import matching
from .node_perturbation import node_perturbation, node_perturbation_ridge
from .pepita import pepita
from .quantised_updates import quantised
from .random_backpropagation import arbp, rbp
from .recirculation import recirculated_feedback, recirculation
from .reinforcement import reinforcement
from .resampled_feedback import resampled, sign_concordant
from .sign_symmetry import sign_symmetry, sign_symmetry_manhattan
from .target_propagation import target_propagation
from .updated_feedback import urfb
from .weight_mirror import weight_mirror
from .weight_perturbation import weight_perturbation

__all__ = [
    "adam",
    "arbp",
    "bp",
    "contrastive_bias",
    "contrastive_hebbian",
    "drtp",
    "frfb",
    "generec",
    "hinge",
    "kolen_pollack",
    "matching",
    "node_perturbation",
    "node_perturbation_ridge",
    "pepita",
    "quantised",
    "rbp",
    "recirculated_feedback",
    "recirculation",
    "reinforcement",
    "resampled",
    "sign_concordant",
    "sign_symmetry",
    "sign_symmetry_manhattan",
    "target_propagation",
    "urfb",
    "weight_mirror",
    "weight_perturbation",
]
