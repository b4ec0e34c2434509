"""Modifiers of rules, each in a small file. Each is a function that returns a `Modifier`, for `Rule.modified`."""

from .adam import adam
from .base import Change, Equation, Modifier
from .gate import gate
from .momentum import momentum
from .quantisation import quantisation
from .rate_schedule import rate_decay, rate_steps
from .rounding import rounding
from .weight_decay import weight_decay
from .weight_limit import signs, weight_limit

__all__ = [
    "Change",
    "Equation",
    "Modifier",
    "adam",
    "gate",
    "momentum",
    "quantisation",
    "rate_decay",
    "rate_steps",
    "rounding",
    "signs",
    "weight_decay",
    "weight_limit",
]
