"""Checks of the names of populations, projections and broadcasts, and of the sizes of populations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from keyword import iskeyword
from typing import Any

import numpy as np

from ...annotations import short
from ...errors import RecircuitError
from ...plasticity.names import split_side
from ...plasticity.reserved import why_reserved
from .populations.population import Population, Values
from .projections.projection import Projection


def check_name(name: Any, used: Iterable[str]) -> None:
    """Refuse a name that is not a word, or that is already used."""
    if isinstance(name, str) and not name.isascii():
        raise RecircuitError(f"circuit: {name!a} cannot be a name: {why_reserved(name)}.")
    if not isinstance(name, str) or not name.isidentifier() or iskeyword(name) or name.startswith("_"):
        raise RecircuitError(f"circuit: a name is a word such as 'hidden'; got {name!r}.")
    if split_side(f"x_{name}"):
        raise RecircuitError(
            f"circuit: {name!r} cannot be a name, since rules read NAME_pre and NAME_post; choose another."
        )
    if name in used:
        raise RecircuitError(f"circuit: the name {name!r} is used already; there are {sorted(used)}.")


def check_broadcast(source: Population, name: str, sources: Mapping[str, str]) -> None:
    """Refuse a broadcast of many units, one whose name means something in compiled code, or a second one of a name.

    Parameters
    ----------
    source : Population
        The population that sends.
    name : str
        The name of the broadcast.
    sources : Mapping[str, str]
        The names of the populations that send the broadcasts there are.
    """
    if name in sources:
        raise RecircuitError(
            f"broadcast {name!r}: {sources[name]!r} sends a broadcast of this name already, and all units and synapses of the "
            f"circuit read that one. For a value that only some populations read, declare a compartment in their equations, "
            f"'{name} : 1 (compartment)', and connect the unit to it: circuit.connect({source.name}, population, "
            f"into={name!r}, weights=1.0). Rules read it as {name}_post."
        )
    if source.size != 1:
        raise RecircuitError(
            f"broadcast {name!r}: the source of a broadcast is a population of one unit, and {source.name!r} has "
            f"{source.size} units."
        )
    if why := why_reserved(name):
        raise RecircuitError(f"broadcast {name!r}: the name is taken: {why}; choose another.")


def checked_mode(mode: Any) -> str:
    """Return the name of a mode; an unnamed mode has the name "".

    Raises
    ------
    RecircuitError
        If the mode is not a word.
    """
    if not isinstance(mode, str) or (mode and not mode.isidentifier()):
        raise RecircuitError(f"phases: a mode is a word such as 'sleep'; got {mode!r}.")
    return mode


def checked_size(name: Any, size: Any) -> int:
    """Return the number of units of a population."""
    if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
        raise RecircuitError(f"population {name!r}: the size is a whole number, at least 1; got {size!r}.")
    if size > 2**31 - 1:
        raise RecircuitError(f"population {name!r}: a population has at most 2^31 - 1 units; got {size}.")
    return int(size)


def check_member(population: Any, network: Values, where: str) -> None:
    """Refuse what is no population of a circuit, or is one of another circuit."""
    if isinstance(population, Population) and population.network is network:
        return
    hint = f" Write circuit[{population!r:.60}]." if isinstance(population, str) else ""
    if isinstance(population, Population):
        hint = " It is a population of another circuit."
    raise RecircuitError(f"{where} is a population of this circuit; got {short(population)}.{hint}")


def no_model(name: str, model: Any) -> RecircuitError:
    """Return the error about what is no model of units, such as a function that makes one and was not called."""
    made = f" Call it, as in {model.__name__}(...)." if callable(model) and hasattr(model, "__name__") else ""
    return RecircuitError(
        f"population {name!r}: expected rc.Neuron(equations), an output circuit or a part (`build`); got {short(model)}.{made}"
    )


def partner_of(projections: Iterable[Projection], pre: Population, post: Population, name: str) -> Projection:
    """Return the projection in the opposite direction."""
    for projection in projections:
        if projection.pre is post and projection.post is pre:
            return projection
    raise RecircuitError(
        f"connect {name}: its rule reads the transpose of the weights from {post.name!r} to {pre.name!r}, "
        "and there is no such projection yet. Connect it first."
    )
