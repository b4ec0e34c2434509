"""Checks of a rule's meaning if several batch elements share its synapses, or several synapses share a weight."""

from __future__ import annotations

from ....errors import RecircuitError
from ....plasticity.ambiguity import Ambiguity, ambiguity
from ....plasticity.incoming import summing_sides
from .projection import Projection


def check_meaning(projection: Projection, batch_size: int) -> None:
    """Refuse a rule for which B batch elements would mean something else than B circuits.

    Raises
    ------
    RecircuitError
        If a statement of the rule would mean something else, or if the rule sums over synapses that share weights. The
        message says what to write instead.
    """
    equation = projection.equation
    if equation is None or not equation.plastic:
        return
    if projection.connectivity.shared and summing_sides(equation.statements):
        raise RecircuitError(
            f"connect {projection.name}: the rule {equation.rule!r} sums over the synapses of one "
            f"unit, and in {projection.connectivity} many units share each weight. Use Local(...) in place of a convolution."
        )
    found = ambiguity(equation) if batch_size > 1 else None
    if found is not None:
        raise RecircuitError(f"connect {projection.name}: the rule {equation.rule!r} {_explanation(found, batch_size)}")


def _explanation(found: Ambiguity, batch_size: int) -> str:
    statement, shared, own, declared = found
    what = "keeps the state" if declared else "gives the name"
    forms = (
        f"If each batch element has its own value, such as an eligibility, declare it by traces=({shared!r},)"
        + (" in place of state." if declared else f", or write what it stands for in place of {shared!r}.")
        + f" If it belongs to the post unit, such as a threshold or a baseline, make it a variable of the unit that the batch "
        f"elements share, as in '{shared} = ... : 1 (shared)', and read {shared}_post."
    )
    return (
        f"{what} {shared!r}, which is one value for all {batch_size} batch elements, and `{statement}` pairs it with {own!r}, "
        f"which each batch element has for itself. The result would not be the mean of {batch_size} circuits. {forms} "
        "With batch_size=1 the rule runs as it is."
    )
