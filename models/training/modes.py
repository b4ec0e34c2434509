"""The modes (schedules) of a circuit through which a training goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from ...circuits import Circuit
from ...errors import UsageError
from ...other_libraries import argument_hint
from ...registry import closest

__all__ = ["ModeOptions", "all_modes", "modes_in_words", "modes_of"]


class ModeOptions(TypedDict, total=False):
    """Options of `train` for circuits that have several schedules.

    Parameters
    ----------
    mode : str or sequence of str, optional
        The mode through which an epoch goes. With several, an epoch presents all samples in the first mode, then all of
        them in the next. The default is the mode that was declared first.
    """

    mode: str | Sequence[str] | None


def all_modes(circuit: Circuit) -> list[str] | None:
    """Return all modes of a circuit in their order, through which the command line trains it; None if it has only one."""
    return [*circuit.modes] if len(circuit.modes) > 1 else None


def modes_in_words(modes: Sequence[str | None]) -> dict[str, str]:
    """Return the modes as a part of what a checkpoint says of its network.

    Parameters
    ----------
    modes : sequence of str or None
        The modes, as `modes_of` returns them.

    Returns
    -------
    dict of str to str
        The entry ``"modes"``. The dictionary is empty for a training in the mode that was declared first.
    """
    return {} if tuple(modes) == (None,) else {"modes": ", ".join(str(mode) for mode in modes)}


def modes_of(options: Mapping[str, Any], others: Iterable[str] = ()) -> tuple[str | None, ...]:
    """Return the modes through which an epoch goes.

    Parameters
    ----------
    options : mapping
        The options of `ModeOptions` that were given.
    others : iterable of str
        The other arguments of `train`, which error messages suggest.

    Returns
    -------
    tuple of str or None
        The modes. None stands for the mode that was declared first.

    Raises
    ------
    UsageError
        If there is no such option, or if a value is not the name of a mode.
    """
    known = sorted(ModeOptions.__annotations__)
    for unknown in sorted(set(options) - set(known)):
        hint = argument_hint("train", unknown) or closest(unknown, [*known, *others])
        raise UsageError(f"train: there is no argument {unknown!r}.{hint} See help(train).")
    given = options.get("mode")
    names = list(given) if isinstance(given, list | tuple) else [given]
    if not names or not all(name is None or isinstance(name, str) for name in names):
        raise UsageError(f"train: mode is the name of a mode of the circuit, or a list of names; got {given!r}.")
    return tuple(names)
