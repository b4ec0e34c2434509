"""Learning rules: their equations, the proof that these are local, and their lowering to matrix products."""

from .. import brian_import as _brian_import  # noqa: F401  (before Brian2 is imported)
from .. import brian_logs as _brian_logs  # noqa: F401  (removes files)
from .. import uncaught as _uncaught  # noqa: F401  (sets a hook)
from . import steps
from .equation import Statement, SynapticEquation
from .lowering import lower
from .modifiers import Modifier
from .registry import RULES, find
from .rule import Rule
from .rules import bp, frfb, hinge, urfb
from .transpose import Transpose

__all__ = [
    "RULES",
    "Modifier",
    "Rule",
    "Statement",
    "SynapticEquation",
    "Transpose",
    "bp",
    "find",
    "frfb",
    "hinge",
    "lower",
    "steps",
    "urfb",
]
