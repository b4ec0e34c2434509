"""The part of a description that declares the phases of a presentation, in one schedule or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from brian2.units import Quantity

from ....arguments import checked_arguments
from ..fixed import Fixed, declare
from ..naming import checked_mode
from ..populations.population import Population
from ..projections.projection import Projection
from ..size import check_phase_count
from .modes import together
from .schedule import STREAM, Schedule
from .timing import Sent

#: The number of equal steps in a row, besides four for each part of a circuit, that are listed one by one.
#: `Schedule.condensed` shortens longer sequences.
LONG = 1000

#: The methods that declare the parts of a circuit that cannot be assigned to.
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
        """Take note of a change of the description, after which programs that were built before are out of date."""
        declare(self, revision=self.revision + 1)

    @checked_arguments
    def phases(self, *pairs: Any, evaluation: Sequence[str] | None = None, mode: str = "", **windows: Any) -> Schedule:
        """Declare the phases of a presentation, one after the other or as windows that may overlap.

        Parameters
        ----------
        pairs : str and Quantity
            The name and the duration of each phase: ``phases("feedforward", 2*ms, "error", 4*ms)``.
        evaluation : sequence of str, optional
            The phases that run in an evaluation; the default is ``"feedforward"``, or all phases if no phase has that
            name.
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
        modes = {**self.modes, checked_mode(mode): schedule}
        check_phase_count(sum(len(one.windows) for one in modes.values()))
        declare(self, modes=modes)
        declare(self, schedule=next(iter(self.modes.values())))
        self.changed()
        return schedule

    def phased(self) -> Schedule:
        """Return the schedule of a presentation; a circuit without phases has one step, which repeats.

        If very many equal steps follow one another, one step stands for those that exceed a limit.
        """
        most = LONG + 4 * (len(self.populations) + len(self.projections) + len(self.broadcasts))
        modes = {name: schedule.condensed(most) for name, schedule in self.modes.items()}
        return together(modes) if modes else STREAM
