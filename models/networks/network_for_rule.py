"""In which network a rule learns: one whose units have what its equations read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...circuits import Circuit
from ...errors import UsageError
from ...plasticity import Rule
from .node_perturbation import node_perturbation
from .perturbed_units import reads_noise
from .recirculation import recirculating

__all__ = ["RuleNetwork", "network_for"]


@dataclass(frozen=True)
class RuleNetwork:
    """A kind of network beside `layered`, with linear outputs and squared errors.

    Parameters
    ----------
    name : str
        The name, as in an error message.
    build : Callable[..., Circuit]
        A function that makes it, from sizes, rule, transfer, batch_size, precision and seed.
    transfer : str
        The transfer function of the hidden units, where none is given.
    """

    name: str
    build: Callable[..., Circuit]
    transfer: str


NOISY = RuleNetwork("node_perturbation", node_perturbation, "logistic")
LOOPED = RuleNetwork("recirculating", recirculating, "tanh")
#: What there is in one circuit of the gallery alone, and its file; a rule that reads it needs that circuit.
IN_GALLERY = {
    "free": "generec.py",
    "echo": "target_propagation.py",
    "spontaneous": "weight_mirror.py",
    "rise": "perturbation.py",
}
#: What units have in loops alone.
IN_LOOPS = frozenset({"shown", "received"})


def network_for(rule: Rule) -> RuleNetwork | None:
    """Return the kind of network for a rule; None stands for `layered`.

    Raises
    ------
    UsageError
        If the rule is for pairs of layers that nobody teaches, or for a circuit with phases of its own.
    """
    equations = (rule.forward, rule.feedback)
    read = set().union(*(e.reads_pre | e.reads_post | set(e.broadcasts) for e in equations))
    if found := sorted(read & IN_GALLERY.keys()):
        raise UsageError(
            f"The rule {rule.name!r} reads {found[0]!r}, which there is in a circuit with phases of its own alone. The gallery "
            f"has one, examples/{IN_GALLERY[found[0]]}: copy it, and train it with recircuit.train(...)."
        )
    if reads_noise(rule):
        return NOISY
    if IN_LOOPS & (rule.forward.reads_pre | rule.forward.reads_post):
        raise UsageError(
            f"The rule {rule.name!r} learns in pairs of layers, without labels: "
            "`recircuit.models.networks.recirculation.chain` builds them. With labels there is recirculated_feedback."
        )
    return LOOPED if IN_LOOPS & (rule.feedback.reads_pre | rule.feedback.reads_post) else None
