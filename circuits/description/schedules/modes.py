"""Several schedules in one circuit, such as wake and sleep. Each presentation goes through one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ....errors import RecircuitError
from ....registry import closest
from ..populations.population import Population
from .during import During
from .open_phases import stimulus_steps
from .schedule import Schedule

__all__ = ["Modes", "begins_of", "modes_of", "shown_for", "together"]


@dataclass(frozen=True)
class Modes(Schedule):
    """The schedules of all modes, one after the other, so that each step of each mode has a number of its own.

    In each mode, a pathway is open in those of its phases that the mode has. A pathway that names only phases of other
    modes is closed.

    Parameters
    ----------
    modes : mapping of str to Schedule
        The schedules by name; the name of an unnamed one is "".
    """

    modes: Mapping[str, Schedule] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """The number of steps of all modes."""
        return sum(schedule.steps for schedule in self.modes.values())

    def begins(self) -> dict[str, int]:
        """Return the number of the first step of each mode."""
        found, at = {}, 0
        for name, schedule in self.modes.items():
            found[name] = at
            at += schedule.steps
        return found

    def part(self, mode: str | None) -> tuple[Schedule, int]:
        """Return the schedule of a mode, and the number of its first step; None stands for the first mode."""
        name = next(iter(self.modes)) if mode is None else mode
        if name not in self.modes:
            raise RecircuitError(
                f"mode: there is no {name!r}.{closest(str(name), self.modes)} The circuit has {list(self.modes)}."
            )
        return self.modes[name], self.begins()[name]

    def open_steps(self, during: During, what: str) -> tuple[int, ...]:
        """Return the steps of all modes in which something is open."""
        every = {name for schedule in self.modes.values() for name in schedule.windows}
        missing = sorted(set(during.phases) - every)
        if during.strict and missing:
            raise RecircuitError(
                f"{what} is open during {missing}, but the phases of the circuit's modes are {sorted(every)}. "
                "Name one of these, or add the phase to circuit.phases(...)."
            )
        known = tuple(name for name in during.phases if name in every)
        if not known:
            return tuple(range(self.steps))
        found: list[int] = []
        for name, begin in self.begins().items():
            here = tuple(phase for phase in known if phase in self.modes[name].windows)
            if here:
                opened = self.modes[name].open_steps(During(here, strict=True, last=during.last), what)
                found += [begin + step for step in opened]
        return tuple(found)

    def names_at(self, step: int) -> list[str]:
        """Return the phases that a step belongs to."""
        name = max((n for n, begin in self.begins().items() if begin <= step), key=lambda n: self.begins()[n])
        return self.modes[name].names_at(step - self.begins()[name])


def modes_of(schedule: Schedule) -> list[tuple[Schedule, int]]:
    """Return the schedule of each mode, and its first step."""
    return [schedule.part(name) for name in schedule.modes] if isinstance(schedule, Modes) else [(schedule, 0)]


def begins_of(schedule: Schedule) -> list[int]:
    """Return the first step of each mode."""
    return [begin for _, begin in modes_of(schedule)]


def shown_for(schedule: Schedule, population: Population, mode: str | None) -> int:
    """Return the number of steps for which a presentation of a mode shows a stimulus. None stands for the first mode."""
    own, first = schedule.part(mode)
    opened = stimulus_steps(schedule, population)
    return sum(own.repeats.get(step - first, 1) for step in opened if 0 <= step - first < own.steps)


def together(modes: Mapping[str, Schedule]) -> Schedule:
    """Return the schedules of a circuit as one; a single one without a name is returned as it is."""
    if list(modes) == [""]:
        return modes[""]
    windows: dict[str, tuple[int, int]] = {}
    for schedule in modes.values():
        windows = {**schedule.windows, **windows}
    return Modes(windows, next(iter(modes.values())).evaluation, modes=dict(modes))
