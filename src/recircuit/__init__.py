"""Simulate rate-based neural circuits that learn by local rules, on Brian2."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recircuit.circuits import (
        Blocks,
        Circuit,
        Connectivity,
        Convolution,
        Dense,
        Given,
        HingeOutput,
        Local,
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
        Trace,
        control_switch,
        control_unit,
        cross_entropy_unit,
        glorot,
        hinge_unit,
        lognormal,
        normal,
        normalising_unit,
        pyramidal,
        signed,
        softmax_unit,
        squared_error_unit,
        squared_unit,
        uniform,
    )
    from recircuit.errors import RecircuitError
    from recircuit.models import (
        Checkpoint,
        EarlyStopping,
        History,
        RunFiles,
        TrainingInterrupted,
        augmented,
        layered,
        load_run,
        train,
    )
    from recircuit.models.data import Dataset, load
    from recircuit.plasticity import Rule, bp, frfb, hinge, urfb

__version__ = "0.1.0"

#: The folders that are imported by a look at them: recircuit.circuits, ...
_FOLDERS = ("circuits", "models", "plasticity", "testing")
#: Public name -> the module that is imported when the name is first used, so that ``recircuit --help`` needs no Brian2.
_WHERE = {
    "Blocks": "recircuit.circuits",
    "Checkpoint": "recircuit.models",
    "Circuit": "recircuit.circuits",
    "Connectivity": "recircuit.circuits",
    "Convolution": "recircuit.circuits",
    "Dataset": "recircuit.models.data",
    "Dense": "recircuit.circuits",
    "Given": "recircuit.circuits",
    "HingeOutput": "recircuit.circuits",
    "History": "recircuit.models",
    "Local": "recircuit.circuits",
    "Masked": "recircuit.circuits",
    "MaxPool": "recircuit.circuits",
    "Neuron": "recircuit.circuits",
    "NoAutapses": "recircuit.circuits",
    "OneToOne": "recircuit.circuits",
    "OutputCircuit": "recircuit.circuits",
    "Population": "recircuit.circuits",
    "Projection": "recircuit.circuits",
    "RecircuitError": "recircuit.errors",
    "Rule": "recircuit.plasticity",
    "Schedule": "recircuit.circuits",
    "SoftmaxOutput": "recircuit.circuits",
    "SquaredOutput": "recircuit.circuits",
    "Trace": "recircuit.circuits",
    "bp": "recircuit.plasticity",
    "control_switch": "recircuit.circuits",
    "control_unit": "recircuit.circuits",
    "cross_entropy_unit": "recircuit.circuits",
    "frfb": "recircuit.plasticity",
    "EarlyStopping": "recircuit.models",
    "RunFiles": "recircuit.models",
    "TrainingInterrupted": "recircuit.models",
    "augmented": "recircuit.models",
    "load_run": "recircuit.models",
    "glorot": "recircuit.circuits",
    "hinge": "recircuit.plasticity",
    "hinge_unit": "recircuit.circuits",
    "layered": "recircuit.models",
    "load": "recircuit.models.data",
    "lognormal": "recircuit.circuits",
    "normal": "recircuit.circuits",
    "normalising_unit": "recircuit.circuits",
    "pyramidal": "recircuit.circuits",
    "signed": "recircuit.circuits",
    "softmax_unit": "recircuit.circuits",
    "squared_error_unit": "recircuit.circuits",
    "squared_unit": "recircuit.circuits",
    "train": "recircuit.models",
    "uniform": "recircuit.circuits",
    "urfb": "recircuit.plasticity",
}

__all__ = [
    "EarlyStopping",
    "RunFiles",
    "TrainingInterrupted",
    "augmented",
    "load_run",
    "Blocks",
    "Checkpoint",
    "Circuit",
    "Connectivity",
    "Convolution",
    "Dataset",
    "Dense",
    "Given",
    "HingeOutput",
    "History",
    "Local",
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
    "Schedule",
    "SoftmaxOutput",
    "SquaredOutput",
    "Trace",
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
    "lognormal",
    "normal",
    "normalising_unit",
    "pyramidal",
    "signed",
    "softmax_unit",
    "squared_error_unit",
    "squared_unit",
    "train",
    "uniform",
    "urfb",
]


def __getattr__(name: str) -> Any:
    if name in _FOLDERS:
        return import_module(f"{__name__}.{name}")
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_WHERE[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_FOLDERS})
