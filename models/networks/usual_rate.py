"""The usual learning rate: that of a rule suits updates that are means over ten samples or more."""

from __future__ import annotations

from ...circuits import OutputCircuit
from ...plasticity import Rule

__all__ = ["FEW", "usual_rate"]

#: The mean over fewer samples than this is so noisy that the rate has to be smaller.
FEW = 10


def usual_rate(rule: Rule, output: type[OutputCircuit] | OutputCircuit | None, batch_size: int) -> float:
    """Return the rate of a rule, times the factor of the output circuit; it is smaller with fewer than 10 samples at a time.

    Parameters
    ----------
    rule : Rule
        A rule with a parameter ``rate``.
    output : OutputCircuit or None
        The output circuit, or its class. None stands for a network with outputs of its own, for which the rule's rate was
        chosen: the factor is then 1.
    batch_size : int
        The number of samples over which an update is the mean.
    """
    factor = 1.0 if output is None else output.rate_factor
    return rule.parameters["rate"] * factor * min(1.0, batch_size / FEW)
