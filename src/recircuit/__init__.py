"""Simulate rate-based neural circuits that learn by local rules, on Brian2."""

import gc
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recircuit.circuits import (
        Blocks,
        Circuit,
        Connectivity,
        Convolution,
        Dense,
        ErrorUnits,
        Given,
        HingeOutput,
        Local,
        LogisticOutput,
        Masked,
        MaxPool,
        Neuron,
        NoAutapses,
        OneToOne,
        OutputCircuit,
        Population,
        Projection,
        Schedule,
        SoftmaxOutput,
        SquaredOutput,
        SummingUnit,
        Trace,
        control_switch,
        control_unit,
        cross_entropy_unit,
        glorot,
        hinge_unit,
        lognormal,
        normal,
        normalising_unit,
        prediction_error_unit,
        pyramidal,
        signed,
        softmax_unit,
        squared_error_unit,
        squared_unit,
        taught_output,
        two_phase_unit,
        uniform,
    )
    from recircuit.errors import RecircuitError
    from recircuit.models import (
        Checkpoint,
        CSVLogger,
        EarlyStopping,
        History,
        RateSchedule,
        RunFiles,
        TensorBoardLogger,
        TrainingDiverged,
        TrainingInterrupted,
        WandbLogger,
        augmented,
        layered,
        load_run,
        train,
    )
    from recircuit.models.data import Dataset, load
    from recircuit.plasticity import Rule, Transpose, bp, frfb, hinge, urfb

__version__ = "0.2.0"

#: The folders that are imported by a look at them: recircuit.circuits, ...
_FOLDERS = ("circuits", "models", "plasticity", "testing")
#: Where the public names are, from the lowest room to the highest. They are imported when a name is first used, so that
#: ``recircuit --help`` needs no Brian2.
_ROOMS = ("errors", "plasticity", "circuits", "models.data", "models")

__all__ = [
    "Blocks",
    "CSVLogger",
    "Checkpoint",
    "Circuit",
    "Connectivity",
    "Convolution",
    "Dataset",
    "Dense",
    "EarlyStopping",
    "ErrorUnits",
    "Given",
    "HingeOutput",
    "History",
    "Local",
    "LogisticOutput",
    "Masked",
    "MaxPool",
    "Neuron",
    "NoAutapses",
    "OneToOne",
    "OutputCircuit",
    "Population",
    "Projection",
    "RecircuitError",
    "Rule",
    "RateSchedule",
    "RunFiles",
    "Schedule",
    "SoftmaxOutput",
    "SquaredOutput",
    "SummingUnit",
    "TensorBoardLogger",
    "Trace",
    "TrainingDiverged",
    "TrainingInterrupted",
    "Transpose",
    "WandbLogger",
    "augmented",
    "bp",
    "control_switch",
    "control_unit",
    "cross_entropy_unit",
    "frfb",
    "glorot",
    "hinge",
    "hinge_unit",
    "layered",
    "load",
    "load_run",
    "lognormal",
    "normal",
    "normalising_unit",
    "prediction_error_unit",
    "pyramidal",
    "signed",
    "softmax_unit",
    "squared_error_unit",
    "squared_unit",
    "taught_output",
    "two_phase_unit",
    "train",
    "uniform",
    "urfb",
]


def _imported(room: str) -> Any:
    """Import a module of recircuit, with garbage collection off, since what is imported stays; this is a fifth faster."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return import_module(f"{__name__}.{room}")
    finally:
        if collects:
            gc.enable()


def __getattr__(name: str) -> Any:
    if name in _FOLDERS:
        return _imported(name)
    if name in __all__:
        for room in _ROOMS:
            module = _imported(room)
            if name in module.__all__:
                globals()[name] = found = getattr(module, name)
                return found
    from .other_libraries import attribute_hint  # of names that are not there
    from .registry import closest

    hint = attribute_hint("recircuit", name) or closest(name, [] if name.startswith("__") else __dir__())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}", name=name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_FOLDERS})
