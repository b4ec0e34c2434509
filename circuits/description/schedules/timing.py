"""The timing of pathways: when they are open, what they do while they are closed, and how long signals travel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, cast

import numpy as np
from brian2.units import Quantity
from brian2.units.allunits import second

from ....errors import RecircuitError
from ....other_libraries import argument_hint
from ....registry import closest
from ..populations.shown_values import unit_of
from .during import During

if TYPE_CHECKING:
    from ..populations.population import Population

__all__ = ["CLOSED", "Closed", "Sent", "Timing", "checked_closed", "pathway_timing", "closed_in_words"]

#: The options for the value of a closed pathway.
Closed = Literal["hold", "zero"]
CLOSED = ("hold", "zero")


class Sent(NamedTuple):
    """A broadcast: its source, the phases in which it is sent, and the value that its readers see otherwise.

    Attributes
    ----------
    source : Population
        A population of one unit.
    during : During
        The phases in which it is sent.
    closed : {"hold", "zero"}
        The value that its readers see otherwise: its last value, or zero.
    """

    source: Population
    during: During
    closed: Closed = "hold"


class Timing(TypedDict, total=False):
    """The options of ``connect`` for the timing of a projection.

    Parameters
    ----------
    during : str or sequence of str
        The phases in which the projection is open: it transmits in each of their steps.
    learns : str or sequence of str
        The phases in which its rule is open.
    closed : {"hold", "zero"}
        The value that the post units receive while it is closed: the last one that was transmitted (default), or zero.
    delay : Quantity
        The time from sending a signal to its arrival: one time, or an array of times with the shape of the weights, one
        for each synapse. Signals that are under way continue from one presentation to the next.
    """

    during: str | Sequence[str] | None
    learns: str | Sequence[str] | None
    closed: Closed
    delay: Quantity | None


def pathway_timing(options: Timing, where: str, usual: str, dt: Quantity) -> dict[str, Any]:
    """Return the fields of a projection that hold its timing.

    Raises
    ------
    RecircuitError
        If an option does not exist or does not fit.
    """
    unknown = sorted(set(options) - set(Timing.__annotations__))
    if unknown:
        known = sorted(Timing.__annotations__)
        hint = argument_hint("connect", unknown[0]) or closest(unknown[0], known)
        raise RecircuitError(
            f"{where}: there is no option {unknown[0]!r}.{hint} The options for when things happen "
            f"are {', '.join(known)}."
        )
    return {
        "during": During.of(options.get("during"), usual),
        "learns": During.of(options.get("learns"), "plasticity"),
        "closed": checked_closed(options.get("closed", "hold"), where),
        "delay": _delay(options.get("delay"), where, dt),
    }


def checked_closed(closed: object, where: str) -> Closed:
    """Return the option for a closed pathway, and refuse any other word."""
    if not isinstance(closed, str) or closed not in CLOSED:
        raise RecircuitError(
            f"{where}: closed is 'hold' (it keeps the last value that it had while open) or 'zero'; got {closed!r}."
        )
    return cast(Closed, closed)


def closed_in_words(closed: str) -> str:
    """Return words that say what a pathway does while it is closed."""
    return "keeps its last value" if closed == "hold" else "is zero"


def _delay(delay: Any, where: str, dt: Quantity) -> int | np.ndarray:
    """Return delays in steps: one for all synapses, or one for each."""
    if delay is None:
        return 0
    if unit_of(delay) is not second.dim:
        raise RecircuitError(f"{where}: the delay is a time such as 5*ms, or an array of times; got {delay!r}.")
    ratio = np.asarray(delay, dtype=float) / float(dt)
    steps = np.rint(ratio) if np.isfinite(ratio).all() else ratio
    wrong = ~(np.abs(ratio - steps) <= 1e-6 * np.maximum(1.0, np.abs(ratio))) | (ratio < 0) | (ratio > 2**30)
    if wrong.any() or not ratio.size:
        one = f"{ratio[wrong].flat[0]:g} steps of {dt}" if ratio.ndim and wrong.any() else f"{delay!r}, with dt = {dt}"
        raise RecircuitError(f"{where}: a delay is a whole number of steps, and not negative; got {one}.")
    whole = steps.astype(np.int32)
    return whole if whole.ndim else int(whole)
