"""Schedules: the phases of a presentation, their steps, and what is open in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import isfinite
from typing import Any

from brian2.units import Quantity
from brian2.units.allunits import second

from ....arguments import kept_arguments
from ....errors import RecircuitError
from ..size import check_phase_count, check_step_count
from .during import During, checked_phase_name


@kept_arguments
@dataclass(frozen=True)
class Schedule:
    """A presentation: named windows of steps, ``[start, stop)``, which may overlap.

    `Circuit.phases` makes it.

    Parameters
    ----------
    windows : mapping of str to (int, int)
        For each phase, its first step and the step after its last one.
    evaluation : tuple of str
        The phases that run in an evaluation.
    repeats : mapping of int to int
        For each step that stands for several equal steps in a row, their number.
    """

    windows: Mapping[str, tuple[int, int]]
    evaluation: tuple[str, ...] = field(default=())
    repeats: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        backward = [name for name, (begin, end) in self.windows.items() if not 0 <= begin < end]
        absent = [name for name in self.evaluation if name not in self.windows]
        if backward or absent:
            raise RecircuitError(f"phases: {[*backward, *absent][0]!r} has no steps, or ends before it begins.")
        check_step_count(max((stop for _, stop in self.windows.values()), default=1))

    @property
    def steps(self) -> int:
        """The number of steps in a presentation; without phases it is one, which repeats as long as the circuit runs."""
        return max((stop for _, stop in self.windows.values()), default=1)

    @property
    def stream(self) -> bool:
        """Whether the circuit has no phases and runs for a time."""
        return not self.windows

    def condensed(self, most: int) -> Schedule:
        """Return the same presentation with shorter sequences of equal steps: one step stands for all that exceed a number.

        The steps before and after that one are kept, so that everything that follows from its neighbours also holds for
        all the steps that it stands for.

        Parameters
        ----------
        most : int
            The number of equal steps in a row that are kept.
        """
        edges = sorted({0, *(edge for window in self.windows.values() for edge in window)})
        place, at, repeats = {0: 0}, 0, {}
        for begin, end in pairwise(edges):
            if end - begin > most:
                repeats[at + most // 2] = end - begin - most + 1
            at += min(end - begin, most)
            place[end] = at
        windows = {name: (place[start], place[stop]) for name, (start, stop) in self.windows.items()}
        return Schedule(windows, self.evaluation, repeats) if repeats else self

    def before(self, steps: Sequence[int]) -> dict[int, int]:
        """Return, for each of some steps, the number of these steps before it; a repeated step counts each time.

        Parameters
        ----------
        steps : sequence of int
            The steps, in order.
        """
        counts = accumulate((self.repeats.get(step, 1) for step in steps), initial=0)
        return dict(zip(steps, counts, strict=False))

    @classmethod
    def of(
        cls, pairs: Sequence[object], windows: Mapping[str, object], dt: Quantity, evaluation: Sequence[str] | None
    ) -> Schedule:
        """Return the presentation that a user declared, as pairs or as windows that may overlap.

        Parameters
        ----------
        pairs : sequence
            Names and durations, in turn.
        windows : mapping of str to (Quantity, Quantity)
            The beginning and the end of each phase.
        dt : Quantity
            The time step.
        evaluation : sequence of str or None
            The phases that run in an evaluation.
        """
        if pairs and windows:
            raise RecircuitError("phases: give pairs of name and duration, or windows by keyword, not both.")
        check_phase_count(len(windows) + len(pairs) // 2)
        return cls.overlapping(windows, dt, evaluation) if windows else cls.sequence(pairs, dt, evaluation)

    @classmethod
    def sequence(cls, pairs: Sequence[object], dt: Quantity, evaluation: Sequence[str] | None = None) -> Schedule:
        """Return phases one after the other: ``"feedforward", 2*ms, "error", 4*ms, ...``.

        Parameters
        ----------
        pairs : sequence
            Names and durations, in turn.
        dt : Quantity
            The time step.
        evaluation : sequence of str or None
            The phases that run in an evaluation.

        Raises
        ------
        RecircuitError
            If a name is missing or used twice, or a duration is not a whole number of steps.
        """
        if not pairs or len(pairs) % 2:
            raise RecircuitError(
                f"phases: got {len(pairs)} arguments, expected pairs of a name and a duration, "
                'as in phases("feedforward", 2*ms, "plasticity", 1*ms).'
            )
        windows: dict[str, tuple[int, int]] = {}
        start = 0
        for given, duration in zip(pairs[::2], pairs[1::2], strict=True):
            name = checked_phase_name(given)
            if name in windows:
                raise RecircuitError(f"phases: the phase {name!r} is named twice; each name stands for one window.")
            stop = start + steps_in(name, duration, dt)
            windows[name] = (start, stop)
            start = stop
        return cls(windows, cls._evaluation(windows, evaluation))

    @classmethod
    def overlapping(
        cls, windows: Mapping[str, object], dt: Quantity, evaluation: Sequence[str] | None = None
    ) -> Schedule:
        """Return phases by their beginning and end: ``feedforward=(0*ms, 3*ms), feedback=(2*ms, 4*ms)``.

        Parameters
        ----------
        windows : mapping of str to (Quantity, Quantity)
            The beginning and the end of each phase.
        dt : Quantity
            The time step.
        evaluation : sequence of str or None
            The phases that run in an evaluation.

        Raises
        ------
        RecircuitError
            If a window is not a pair of times, ends before it begins, or is not a whole number of steps.
        """
        steps: dict[str, tuple[int, int]] = {}
        for name, window in windows.items():
            checked_phase_name(name)
            if not isinstance(window, tuple) or len(window) != 2:
                raise RecircuitError(f"phases: {name} is a pair (begin, end) of times; got {window!r}.")
            begin = 0 if isinstance(window[0], Quantity) and float(window[0]) == 0 else steps_in(name, window[0], dt)
            end = steps_in(name, window[1], dt)
            if end <= begin:
                raise RecircuitError(f"phases: {name} ends at {window[1]}, before it begins at {window[0]}.")
            steps[name] = (begin, end)
        return cls(steps, cls._evaluation(steps, evaluation))

    @staticmethod
    def _evaluation(windows: Mapping[str, object], chosen: Sequence[str] | None) -> tuple[str, ...]:
        if chosen is None:
            return ("feedforward",) if "feedforward" in windows else tuple(windows)
        names = During.of(chosen).phases
        unknown = [name for name in names if name not in windows]
        if unknown:
            raise RecircuitError(f"phases: evaluation names {unknown}, but the phases are {list(windows)}.")
        return names

    def part(self, mode: str | None) -> tuple[Schedule, int]:
        """Return the schedule of a mode, and the number of its first step. A single schedule belongs to the only mode.

        Parameters
        ----------
        mode : str or None
            The name of the mode.
        """
        if mode:
            raise RecircuitError(
                f"mode: the circuit has no mode {mode!r}, since it has one schedule without a name. Declare the mode by "
                f"circuit.phases(..., mode={mode!r})."
            )
        return self, 0

    def open_steps(self, during: During, what: str) -> tuple[int, ...]:
        """Return the steps in which something is open.

        Parameters
        ----------
        during : During
            The phases in which it is open.
        what : str
            The name of the thing that is open, for the error message.
        """
        known = [name for name in during.phases if name in self.windows]
        if during.strict and len(known) < len(during.phases):
            missing = sorted(set(during.phases) - set(known))
            there = f"the circuit's phases are {list(self.windows)}. Name one of these, or add the phase to circuit.phases(...)"
            if not self.windows:
                there = (
                    "the circuit has no phases (yet), so that it just runs. Declare them before you run the circuit, or read "
                    f"or set its values, as in circuit.phases({missing[0]!r}, 2*ms); or leave the phase out"
                )
            raise RecircuitError(f"{what} is open during {missing}, but {there}.")
        if not known:
            return tuple(range(self.steps))
        steps: set[int] = set()
        for start, stop in (self.windows[name] for name in known):
            steps.update(range(stop - 1 if during.last else start, stop))
        return tuple(sorted(steps))

    def names_at(self, step: int) -> list[str]:
        """Return the phases that a step belongs to.

        Parameters
        ----------
        step : int
            The number of the step.
        """
        return [name for name, (start, stop) in self.windows.items() if start <= step < stop]


#: No time that is counted in steps has more of them.
LONGEST = 2**31 - 1

#: The schedule of a circuit without phases: one step, in which everything is open.
STREAM = Schedule({})


def steps_in(name: str, duration: Any, dt: Quantity, subject: str = "phases: the duration of") -> int:
    """Return a duration as a whole number of steps; error messages begin with ``subject`` and the name."""
    if not isinstance(duration, Quantity) or duration.dim is not second.dim or duration.ndim:
        raise RecircuitError(f"{subject} {name!r} is a time such as 4*ms; got {duration!r}.")
    ratio = float(duration) / float(dt)
    steps = round(ratio) if isfinite(ratio) else 0
    if steps < 1 or abs(ratio - steps) > 1e-6 * max(1.0, abs(ratio)):
        raise RecircuitError(
            f"{subject} {name!r} is {duration}, which is {ratio:g} steps of {dt * second / second}; "
            "expected a whole number of steps, at least one."
        )
    if steps > LONGEST:
        raise RecircuitError(
            f"{subject} {name!r} is {duration}, which is {ratio:g} steps of {dt * second / second}; at most {LONGEST:,} are "
            "possible. Give a shorter time, or a longer dt."
        )
    return steps
