"""In which of its schedules a circuit is trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from ...errors import UsageError
from ...registry import closest

__all__ = ["InModes", "modes_of", "told"]


class InModes(TypedDict, total=False):
    """Options of `train` for circuits that have several schedules.

    Parameters
    ----------
    mode : which of them an epoch goes through (default: that declared first); of several each epoch shows all samples in the
        first, then all of them in the next
    """

    mode: str | Sequence[str] | None


def told(modes: Sequence[str | None]) -> dict[str, str]:
    """The same in words, by part, as a checkpoint keeps them; nothing where the only schedule is meant."""
    return {} if tuple(modes) == (None,) else {"modes": ", ".join(str(mode) for mode in modes)}


def modes_of(options: Mapping[str, Any], others: Iterable[str] = ()) -> tuple[str | None, ...]:
    """The modes that an epoch goes through; (None,) for the one that was declared first.

    Parameters
    ----------
    options : those of `InModes` that were given
    others : the other arguments of `train`, for messages

    Raises UsageError: an option that there is not, or no name of a mode.
    """
    known = sorted(InModes.__annotations__)
    for unknown in sorted(set(options) - set(known)):
        raise UsageError(
            f"train: there is no argument {unknown!r}; see help(train).{closest(unknown, [*known, *others])}"
        )
    given = options.get("mode")
    names = [given] if given is None or isinstance(given, str) else list(given)
    if not names or not all(name is None or isinstance(name, str) for name in names):
        raise UsageError(f"train: mode is the name of a schedule, or a list of them; got {given!r}.")
    return tuple(names)
