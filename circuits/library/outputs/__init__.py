"""Output circuits, one in each file, and the table of them by the name of their loss."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ....errors import UsageError
from ....registry import Registry, a_subclass_of
from .base import AppraisedOutput, OutputCircuit
from .hinge import HingeOutput
from .logistic import LogisticOutput
from .softmax import SoftmaxOutput
from .squared import SquaredOutput

__all__ = [
    "OUTPUTS",
    "AppraisedOutput",
    "HingeOutput",
    "LogisticOutput",
    "OutputCircuit",
    "SoftmaxOutput",
    "SquaredOutput",
    "output_for",
]

OUTPUTS: Registry[type[OutputCircuit]] = Registry(
    "loss",
    {kind.loss: kind for kind in (HingeOutput, SoftmaxOutput, LogisticOutput, SquaredOutput)},
    group="recircuit.outputs",
    check=a_subclass_of(OutputCircuit),
)
"""The output circuits by the name of their loss."""


def output_for(loss: str | OutputCircuit, rule: str, **options: Any) -> OutputCircuit:
    """Return the output circuit of a loss, for a network that learns by a rule.

    Parameters
    ----------
    loss : str or OutputCircuit
        The name of a loss, or an output circuit.
    rule : str
        The name of the rule.
    options
        Parameters of output circuits. Those that the class of this loss does not have are left out.

    Raises
    ------
    UsageError
        If there is no such loss, or if the rule is the gradient of another loss.
    """
    if isinstance(loss, str):
        kind = OUTPUTS.find(loss, "loss")
        output = kind(**{f.name: options[f.name] for f in fields(kind) if f.name in options})
    else:
        output = loss
    owners = {kind.own_rule: name for name, kind in OUTPUTS.items()}
    owner = owners.get(rule, output.loss)
    if owner != output.loss:
        raise UsageError(
            f"The rule {rule!r} is the gradient of the {owner} loss by itself, and got the loss {output.loss!r}. Use the "
            f"loss {owner!r}, or a rule that reads the error, such as urfb."
        )
    return output
