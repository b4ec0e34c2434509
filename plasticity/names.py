"""The names in a rule's equation: those that a synapse may read and call, and those that it may not use."""

import re

from brian2 import Equations, Subgroup, Synapses
from brian2.core.functions import DEFAULT_FUNCTIONS

from ..errors import RecircuitError
from .reserved import SHADOWED, why_reserved

__all__ = [
    "ARRIVING",
    "CLOCK",
    "CONSTANTS",
    "DRIVE",
    "FUNCTIONS",
    "LATE",
    "RANDOM",
    "SUMMING",
    "SUMS",
    "UNIT_FUNCTIONS",
    "UNIT_VARIABLES",
    "check_declared",
    "in_phase",
    "is_position",
    "phase_of",
    "split_side",
]

RANDOM = frozenset({"rand", "randn"})
"""The functions of a synapse's noise: one draw per synapse and statement, which the batch elements share."""

FUNCTIONS: dict[str, int] = {
    name: len(function._arg_units)
    for name, function in DEFAULT_FUNCTIONS.items()
    if (function.stateless and name != "timestep") or name in RANDOM
} | {"relu": 1}
"""Brian2's elementwise stateless functions, relu, and the two kinds of noise, with their number of arguments."""

UNIT_FUNCTIONS: dict[str, int | None] = {
    name: len(function._arg_units) for name, function in DEFAULT_FUNCTIONS.items()
} | {"max": None, "min": None, "relu": 1}
"""The functions that the equations of a unit may call, with their number of arguments; None stands for two or more."""

CONSTANTS = frozenset({"pi", "e", "inf"})

UNIT_VARIABLES = frozenset({"x", "error", "basal", "apical", "target", "noise"})
"""Variables that units often have. They are listed here only for better hints in error messages."""

SUMS = frozenset(
    {
        "sum",
        "mean",
        "dot",
        "prod",
        "max",
        "min",
        "norm",
        "einsum",
        "matmul",
        "outer",
        "softmax",
        "logsumexp",
        "cumsum",
        "std",
        "var",
        "any",
        "all",
        "average",
        "median",
        "sort",
        "argmax",
        "argmin",
        "transpose",
    }
)
"""Functions of many synapses or units at once, which no synapse can compute."""

SUMMING = {"incoming": "post", "outgoing": "pre"}
"""`incoming(E)` is the sum of E over the post unit's own synapses in this projection, `outgoing(E)` over the pre unit's."""

ARRIVING = "arriving"
"""`arriving_pre` is the last signal of the pre unit that the projection has delivered, in this step if it is open."""

LATE = "late_by"
"""The state that holds the delay of each synapse in steps, for rules that read `arriving_pre`."""

DRIVE = "drive_"
"""The beginning of the names drive_0, drive_1, ..., which the lowering uses itself."""

_IN = "in_"

CLOCK = frozenset({"t", "dt", "t_in_timesteps"})
"""The names of Brian2's clock."""

_POSITIONS = CLOCK | {"i", "j", "N", "N_incoming", "N_outgoing"}
_SHADOWED = SHADOWED.union(
    {"source", "target", "namespace", "event", "equations", "delay", "id"}, dir(Synapses), dir(Subgroup)
)


def split_side(name: str) -> tuple[str, str] | None:
    """Return the parts of a name with a side, such as `("x", "pre")` for `x_pre`; None for a name without a side."""
    bare, _, side = name.rpartition("_")
    return (bare, side) if bare and side in ("pre", "post") else None


def in_phase(phase: str) -> str:
    """Return the name by which an equation reads whether a phase is open."""
    return f"{_IN}{phase}"


def phase_of(name: str) -> str:
    """Return the phase of an indicator, such as `p` for `in_p`; "" for any other name."""
    return name.removeprefix(_IN) if name.startswith(_IN) else ""


def is_position(bare: str) -> bool:
    """Return whether a name is an index, a size or the clock, which no synapse knows."""
    return bare in _POSITIONS


def check_declared(name: object, what: str, where: str) -> None:
    """Refuse a name that a parameter, state, broadcast or local may not have.

    Raises
    ------
    RecircuitError
        If Brian2 reserves the name, or would accept it and then shadow it.
    """
    why = _unfit(name)
    if why:
        raise RecircuitError(f"{where}: `{name}` cannot be the name of a {what}: {why}.")


def _unfit(name: object) -> str | None:
    if not isinstance(name, str):
        return "a name is a string"
    if name in ("w", "dw", "updates"):
        return "every synapse has it already"
    if is_position(name) or name in _SHADOWED:
        return "Brian2 uses it for something of its own; choose another"
    if split_side(name):
        return "names in _pre and _post are variables of the two units"
    if re.fullmatch(DRIVE + r"\d+", name):
        return "drive_0, drive_1, ... are what the lowering calls its own arrays"
    if name in SUMMING or re.fullmatch(rf"({'|'.join(SUMMING)})_\d+_of_\w+", name):
        return "incoming(...) and outgoing(...) are sums over the synapses of a unit"
    if name in SUMS:
        return "it reads as a function of many synapses"
    if why := why_reserved(name):
        return why
    try:
        Equations.check_identifier(name)
    except (SyntaxError, ValueError) as problem:
        return f"{getattr(problem, 'msg', problem)}".rstrip(".")
    return None
