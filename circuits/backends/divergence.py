"""What is said of a circuit whose values became NaN or infinite, and the possible causes."""

from __future__ import annotations

from ...errors import RecircuitError
from ..description.neurons.stability import unstable
from ..lowering.lowered import Lowered
from ..lowering.timetable import Timetable


class Diverged(RecircuitError):
    """A rate or weight became NaN or infinite.

    Parameters
    ----------
    message : str
        What happened, and what may help.
    variable : str
        The first variable that did so, such as ``"h1.rate"``.
    """

    def __init__(self, message: str, variable: str = "") -> None:
        super().__init__(message)
        self.variable = variable


def cause(lowered: Lowered, table: Timetable) -> str:
    """Return the possible reason why a circuit diverged: first an equation with too long a time step, then learning."""
    network = lowered.network
    for population in network.populations.values():
        for state in unstable(population.neuron, network.dt):
            return f"In the population {population.name!r}, {state.message(network.dt)}"
    if not any(e.operation.learns and not e.skipped for row in table.entries for e in row):
        return "Nothing learns in this run: an equation of a unit grows without bound, or divides by zero."
    return "The learning rate may be too large, or a rule or equation divides by zero."


def diverged(variable: str, when: str, why: str) -> Diverged:
    """Return the error for a variable that became NaN or infinite."""
    return Diverged(f"{variable} became NaN or infinite {when}. {why}", variable)
