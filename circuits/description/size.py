"""Checks of the number of parts of a circuit. Each part takes a while to build, so users are warned before."""

from __future__ import annotations

import warnings

from ...errors import RecircuitError

#: Numbers of populations and projections above which a user is warned, and above which a circuit is refused: the time to
#: build grows with the square of their number.
MANY, MOST = 500, 2_500
#: The largest number of phases; a schedule with more is refused.
MOST_PHASES = 10_000
#: The largest number of steps; a presentation with more is refused, since nothing ends it before its last step.
MOST_STEPS = 10_000_000
#: The seconds that each population or projection takes to build for NumPy on a processor of 2020.
EACH = 0.03


def warn_of_size(populations: int, projections: int) -> None:
    """Warn that a circuit with very many parts takes long to build."""
    parts = populations + projections
    if parts > MANY:
        warnings.warn(
            f"circuit: it has {populations:,} populations and {projections:,} projections. Building takes about "
            f"{EACH * parts:.0f} s on the backend numpy, and many times longer on those that compile. Units with the same "
            "equations are faster in one population.",
            stacklevel=2,
        )


def check_size(parts: int) -> None:
    """Refuse more populations and projections than can be built within minutes.

    Raises
    ------
    RecircuitError
        If there are more than `MOST`.
    """
    instead = "Put units with the same equations into one population; projections join any of its units (rc.Given, rc.Blocks)."
    _check(parts, MOST, "populations and projections", instead)


def check_phase_count(count: int) -> None:
    """Refuse more phases than can be built within minutes.

    Raises
    ------
    RecircuitError
        If there are more than `MOST_PHASES`.
    """
    _check(count, MOST_PHASES, "phases", "One phase may last for many steps.")


def check_step_count(count: int) -> None:
    """Refuse a presentation of more steps than Ctrl-C could wait for.

    Raises
    ------
    RecircuitError
        If there are more than `MOST_STEPS`.
    """
    if count > MOST_STEPS:
        raise RecircuitError(
            f"phases: a presentation has at most {MOST_STEPS:,} steps of dt, since Ctrl-C waits for its end; got {count:,}. "
            "Choose shorter phases or a longer dt; or declare no phases, so that the circuit runs for any time, as in "
            "circuit.run(1000*second), and can be stopped after each step."
        )


def _check(count: int, most: int, what: str, instead: str) -> None:
    if count > most:
        raise RecircuitError(f"circuit: at most {most:,} {what} can be declared. {instead}")
