"""Whole networks, data, training, and the papers' experiments."""

from .analysis.weight_alignment import alignment, angle, relative_distance, sign_agreement
from .networks.layered import layered
from .runs.opened import load_run
from .training.checkpoint import Checkpoint
from .training.early_stopping import EarlyStopping
from .training.history import History
from .training.loggers import CSVLogger, TensorBoardLogger, WandbLogger
from .training.loop import TrainingDiverged, TrainingInterrupted, train
from .training.rate_schedules import RateSchedule
from .training.run_files import RunFiles
from .training.samples import augmented

__all__ = [
    "CSVLogger",
    "Checkpoint",
    "EarlyStopping",
    "History",
    "RateSchedule",
    "RunFiles",
    "TensorBoardLogger",
    "TrainingDiverged",
    "TrainingInterrupted",
    "WandbLogger",
    "alignment",
    "angle",
    "augmented",
    "layered",
    "load_run",
    "relative_distance",
    "sign_agreement",
    "train",
]
