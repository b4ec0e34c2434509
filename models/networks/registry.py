"""The kinds of network that are made from the numbers of units and a rule, and which of them suits a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...circuits import Circuit
from ...errors import UsageError
from ...plasticity import Rule, SynapticEquation
from ...registry import Registry, an_instance_of, summary
from .input_modulation import input_modulation
from .layered import layered
from .node_perturbation import node_perturbation
from .perturbed_units import reads_noise
from .recirculation import recirculating
from .target_projection import target_projection
from .target_propagation import target_propagation
from .two_phases import two_phases
from .weight_mirror import weight_mirror
from .weight_perturbation import weight_perturbation

__all__ = ["NETWORKS", "NetworkKind", "network_for"]

#: The kind for all rules that need no other one.
USUAL = "layered"
#: Variables that exist in one circuit of the gallery only, and its file. A rule that reads one needs that circuit.
IN_GALLERY = {"free": "generec.py"}
#: Variables that exist only in units of loops, in which two layers present activity to each other.
IN_LOOPS = frozenset({"shown", "received"})


@dataclass(frozen=True)
class NetworkKind:
    """A kind of network that `recircuit train` makes from ``--layers`` and ``--rule``.

    Parameters
    ----------
    build : function
        A function of (sizes, rule, transfer=, batch_size=, precision=, seed=) that returns a `Circuit`. It also takes those
        of ``loss``, ``connectivity`` and ``matmul`` that `fixed` does not name.
    suits : function
        Whether a rule needs this kind of network, as a function of the rule.
    transfer : str
        The transfer function of the hidden units, where none is given.
    fixed : mapping of str
        The values of options that this kind does not let a user choose, such as ``{"loss": "mse"}``.
    """

    build: Callable[..., Circuit]
    suits: Callable[[Rule], bool]
    transfer: str = "clip"
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def own_outputs(self) -> bool:
        """Whether the network brings the outputs with their loss, which a user then cannot choose."""
        return "loss" in self.fixed

    @property
    def about(self) -> str:
        """A sentence that says what the network is."""
        return summary(self.build)


def _only_feedback_learns_in_loops(rule: Rule) -> bool:
    return bool(IN_LOOPS & _read(rule.feedback)) and not IN_LOOPS & _read(rule.forward)


def _compares_phases(rule: Rule) -> bool:
    return "free" in rule.forward.reads_pre


def _reads(name: str) -> Callable[[Rule], bool]:
    return lambda rule: name in _read(rule.forward) | _read(rule.feedback)


def _read(equation: SynapticEquation) -> set[str]:
    """Return the variables of units and the broadcasts that an equation reads."""
    return {*equation.reads_pre, *equation.reads_post, *equation.broadcasts}


#: Options that networks with outputs of their own do not let a user choose. Their errors are squared if nothing else is said.
OWN_OUTPUTS = {"loss": "mse", "connectivity": 1.0, "matmul": "full"}
NETWORKS: Registry[NetworkKind] = Registry(
    "network",
    {
        USUAL: NetworkKind(layered, lambda rule: True),
        "node_perturbation": NetworkKind(node_perturbation, reads_noise, "logistic", OWN_OUTPUTS),
        "two_phases": NetworkKind(two_phases, _compares_phases, "logistic", OWN_OUTPUTS),
        "target_propagation": NetworkKind(target_propagation, _reads("echo"), "tanh", OWN_OUTPUTS),
        "target_projection": NetworkKind(
            target_projection, _reads("told"), "tanh", {**OWN_OUTPUTS, "loss": "logistic"}
        ),
        "input_modulation": NetworkKind(input_modulation, _reads("moved"), "relu", {**OWN_OUTPUTS, "loss": "softmax"}),
        "weight_mirror": NetworkKind(weight_mirror, _reads("spontaneous"), "tanh", OWN_OUTPUTS),
        "weight_perturbation": NetworkKind(weight_perturbation, _reads("rise"), "tanh", OWN_OUTPUTS),
        "recirculating": NetworkKind(recirculating, _only_feedback_learns_in_loops, "tanh", OWN_OUTPUTS),
    },
    group="recircuit.networks",
    check=an_instance_of(NetworkKind, "Make it with recircuit.models.networks.registry.NetworkKind(function, suits)."),
)
"""The kinds of network by name."""


def network_for(rule: Rule) -> str:
    """Return the name of the kind of network in which a rule learns.

    Raises
    ------
    UsageError
        If the rule learns without labels in pairs of layers, or in a circuit with phases of its own.
    """
    for name, kind in NETWORKS.items():
        if name != USUAL and kind.suits(rule):
            return name
    if found := sorted((_read(rule.forward) | _read(rule.feedback)) & IN_GALLERY.keys()):
        raise UsageError(
            f"The rule {rule.name!r} reads {found[0]!r}, which exists only in a circuit with phases of its own. Such a circuit "
            f"is in examples/{IN_GALLERY[found[0]]}: copy it, and train it with recircuit.train(...)."
        )
    if IN_LOOPS & _read(rule.forward):
        raise UsageError(
            f"The rule {rule.name!r} learns in pairs of layers, without labels. Build them with "
            "`recircuit.models.networks.recirculation.chain`, or use the rule recirculated_feedback, which learns with labels."
        )
    return USUAL
