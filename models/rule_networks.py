"""In which network a rule learns: one whose units have what its equations read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..circuits import Circuit
from ..errors import UsageError
from ..plasticity import Rule
from .node_perturbation import node_perturbation
from .recirculation import recirculating

__all__ = ["RuleNetwork", "network_for"]


@dataclass(frozen=True)
class RuleNetwork:
    """A kind of network beside `layered`, with linear outputs and squared errors.

    Parameters
    ----------
    name : as in an error message
    reads : variables that units have in this kind alone
    build : makes it, from sizes, rule, transfer, columns, precision and seed
    transfer : of the hidden units, where none is given
    """

    name: str
    reads: frozenset[str]
    build: Callable[..., Circuit]
    transfer: str
    loss: str = "mse"


KINDS = (
    RuleNetwork("node_perturbation", frozenset({"estimate", "stride", "slope"}), node_perturbation, "logistic"),
    RuleNetwork("recirculating", frozenset({"shown", "heard"}), recirculating, "tanh"),
)


def network_for(rule: Rule) -> RuleNetwork | None:
    """The kind of network for a rule; None: `layered`.

    Raises UsageError: the rule is for pairs of layers that nobody teaches.
    """
    pairs = KINDS[1]
    if pairs.reads & (rule.forward.reads_pre | rule.forward.reads_post):
        raise UsageError(
            f"The rule {rule.name!r} learns in pairs of layers, without labels: "
            "`recircuit.models.recirculation.chain` builds them. With labels there is recirculated_feedback."
        )
    read = frozenset[str]().union(*(e.reads_pre | e.reads_post for e in (rule.forward, rule.feedback)))
    return next((kind for kind in KINDS if kind.reads & read), None)
