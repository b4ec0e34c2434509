"""Modifiers: changes of a rule's equations, such as momentum, as values.

    rule.modified(momentum(.9), weight_decay(1e-4))

A modifier rewrites the statements of an equation. So the printed rule shows the change, and the rule is proved to be local
like any other. Each modifier is a function that returns a `Modifier`; `weight_decay` is the shortest one to copy.
"""

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from brian2.units import Quantity

from ...errors import RecircuitError
from ..parse import Statement, names_in, rename, show
from ..values import is_finite

__all__ = [
    "Change",
    "Equation",
    "Modifier",
    "added_to_increment",
    "is_increment",
    "of_updates",
    "one_increment",
    "with_rate",
    "within",
]

#: The statements of an equation, in order. ``dw = E`` is ``Statement("w", "+=", "E")``.
Equation = tuple[Statement, ...]
#: A function that returns another equation, given an equation and the beginning of error messages about it.
Change = Callable[[Equation, str], Equation]


@dataclass(frozen=True)
class Modifier:
    """A change that `Rule.modified` makes to both equations of a rule, as far as they are plastic.

    Parameters
    ----------
    name : str
        The name in messages.
    change : Change
        A function that returns other statements, given the statements of an equation and the beginning of error
        messages about it. It raises `RecircuitError` if it does not fit the equation.
    parameters : Mapping[str, float]
        Names and values that the changed equations read, besides the rule's own.
    state : Mapping[str, float]
        The variables of the synapse that the changed equations keep, with their initial values.
    broadcasts : tuple[str, ...]
        The names of scalars that the changed equations read, one for each batch element.
    rate_to : str
        A verb for what happens to the rule's parameter ``rate``, such as ``"decay"``, if the modifier needs a rate;
        otherwise empty.
    """

    name: str
    change: Change
    parameters: Mapping[str, float] = field(default_factory=dict)
    state: Mapping[str, float] = field(default_factory=dict)
    broadcasts: tuple[str, ...] = ()
    rate_to: str = ""


def within(name: str, value: Any, low: float, high: float = math.inf, *, below: bool = False) -> float:
    """Return a parameter of a modifier, and refuse it if it is outside of its range.

    Parameters
    ----------
    name : str
        The name in messages.
    value : number
        The value that was given.
    low, high : float
        The ends of the range, which belong to it.
    below : bool
        Whether ``high`` does not belong to it.

    Raises
    ------
    RecircuitError
        If the value is not a finite number, or is outside of the range.
    """
    number = float(value) if isinstance(value, Quantity) and value.ndim == 0 else value
    if not is_finite(number):
        raise RecircuitError(f"{name} must be a finite number, but is {value!r:.60}.")
    if not low <= number <= high or (below and number == high):
        upper = "" if high == math.inf else f" and {'below' if below else 'at most'} {high:g}"
        raise RecircuitError(f"{name} is at least {low:g}{upper}; got {value!r}.")
    return value


def with_rate(equation: Equation, text: str) -> Equation:
    """Return the equation with another expression in place of `rate`."""
    changed = {"rate": ast.parse(text, mode="eval").body}
    return tuple(
        replace(s, expression=show(rename(s.node(), changed))) if "rate" in names_in(s.node()) else s for s in equation
    )


def added_to_increment(equation: Equation, where: str, what: str, text: str) -> Equation:
    """Return the equation with `dw = text` in place of its one `dw = E`; ``{E}`` in the text stands for E."""
    one_increment(equation, where, what)
    return tuple(replace(s, expression=text.replace("{E}", s.expression)) if is_increment(s) else s for s in equation)


def is_increment(statement: Statement) -> bool:
    """Return whether a statement is `dw = E`."""
    return (statement.target, statement.operator) == ("w", "+=")


def of_updates(equation: Equation, where: str, what: str) -> None:
    """Refuse an equation in continuous time, for a modifier that counts updates."""
    for s in equation:
        if s.differential:
            raise RecircuitError(
                f"{where}: {what} goes by updates, and `{s}` is in continuous time. Write `dw = E`, or write what you want "
                "into the equation, as in `dvelocity/dt = (E - velocity)/tau`."
            )


def one_increment(equation: Equation, where: str, what: str) -> None:
    """Refuse an equation that has no single `dw = E` to change."""
    found = [str(s) for s in equation if is_increment(s)]
    if len(found) != 1:
        raise RecircuitError(
            f"{where}: {what} is added to the one statement `dw = E`, but there "
            f"{'are ' + '; '.join(found) if found else 'is none'}. Write it into the equation."
        )
