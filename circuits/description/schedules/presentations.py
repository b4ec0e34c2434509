"""The part of a description that declares what happens when: the phases of a presentation, in one schedule or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from brian2.units import Quantity

from ....arguments import checked_arguments
from ..fixed import Fixed, declare
from ..naming import checked_mode
from ..populations.population import Population
from ..projections.projection import Projection
from .modes import together
from .schedule import STREAM, Schedule
from .timing import Sent

#: This number of equal steps in a row, and four more for each part of a circuit, are listed one by one. `Schedule.condensed`
#: shortens what is longer.
LONG = 1000

#: What declares the parts of a circuit that cannot be assigned to.
DECLARING = {
    **dict.fromkeys(("populations", "outputs_of"), "Use circuit.population(...)."),
    "projections": "Use circuit.connect(...).",
    "broadcasts": "Use circuit.broadcast(...).",
    **dict.fromkeys(("schedule", "modes"), "Use circuit.phases(...)."),
    **dict.fromkeys(("revision", "constants"), "It follows from the declarations."),
}


class Presentations(Fixed):
    """The part of a description that declares phases."""

    dt: Quantity
    populations: dict[str, Population]
    projections: dict[str, Projection]
    broadcasts: dict[str, Sent]
    schedule: Schedule | None
    modes: dict[str, Schedule]
    revision: int

    def changed(self) -> None:
        """Take note of a change of the description. A program that was built before does not know of it."""
        declare(self, revision=self.revision + 1)

    @checked_arguments
    def phases(self, *pairs: Any, evaluation: Sequence[str] | None = None, mode: str = "", **windows: Any) -> Schedule:
        """Declare what a presentation is: phases one after the other, or windows that may overlap.

        Parameters
        ----------
        pairs : str and Quantity
            The name and the duration of each phase: ``phases("feedforward", 2*ms, "error", 4*ms)``.
        evaluation : sequence of str, optional
            The phases that run in an evaluation; the default is ``"feedforward"``, or all phases if there is none of
            that name.
        mode : str, default ""
            The name of this schedule, if the circuit has several: ``run(mode="sleep")``.
        windows : tuple of Quantity
            Instead of pairs, the beginning and the end of each phase: ``feedforward=(0*ms, 3*ms), feedback=(2*ms,
            4*ms)``.

        Returns
        -------
        Schedule
            The steps of the presentation.
        """
        schedule = Schedule.of(pairs, windows, self.dt, evaluation)
        self.modes[checked_mode(mode)] = schedule
        declare(self, schedule=next(iter(self.modes.values())))
        self.changed()
        return schedule

    def phased(self) -> Schedule:
        """Return the steps of a presentation; without phases it is the one step of a stream.

        Where very many equal steps follow one another, one step stands for those that are too many.
        """
        most = LONG + 4 * (len(self.populations) + len(self.projections) + len(self.broadcasts))
        modes = {name: schedule.condensed(most) for name, schedule in self.modes.items()}
        return together(modes) if modes else STREAM
