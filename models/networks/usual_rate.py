"""The usual learning rate: that of a rule suits updates that are means over ten samples or more."""

from __future__ import annotations

from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS

from ...circuits import OutputCircuit
from ...plasticity import Rule
from ...plasticity.values import Measured, dimension_of

__all__ = ["FEW", "usual_rate", "with_rate"]

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


def with_rate(rule: Rule, rate: float | Quantity) -> Rule:
    """Return a rule with another rate. A plain number has the unit of the rule's own rate: hertz in continuous time.

    Parameters
    ----------
    rule : Rule
        A rule with a parameter ``rate``, in which weights change by ``dw`` or, in continuous time, by ``dw/dt``.
    rate : float or Quantity
        The rate.
    """
    dimension = dimension_of(rule.parameters["rate"])
    if isinstance(rate, Quantity) or dimension is DIMENSIONLESS:
        return rule.with_parameters(rate=rate)
    return rule.with_parameters(rate=Measured(rate, dimension))
