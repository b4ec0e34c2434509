"""The unit of predictive coding that holds a prediction error."""

from __future__ import annotations

from ....arguments import checked_arguments
from ...description.neurons.neuron import Neuron


@checked_arguments
def prediction_error_unit(*, precision: float = 1.0) -> Neuron:
    """Return a unit whose rate is the error of a prediction: precision (value - basal).

    The value arrives in the compartment ``value`` and its prediction in ``basal``. The rate follows both at once, without a
    time constant; rules read it as ``error`` too.

    Parameters
    ----------
    precision : float
        The inverse of the variance of the value (Rao and Ballard 1999, 1/sigma^2).

    References
    ----------
    Rao and Ballard 1999; Whittington and Bogacz 2017.
    """
    return Neuron(
        """
        value : 1 (compartment)
        basal : 1 (compartment)
        rate  = precision*(value - basal) : 1
        error = rate : 1
        """,
        precision=float(precision),
    )
