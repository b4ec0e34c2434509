"""The units of an output with squared error."""

from __future__ import annotations

from brian2.units import Quantity

from ....door import door
from ...description.neuron import Neuron
from ..transfer import transfer as find_transfer


@door
def squared_unit(*, transfer: str = "linear", tau: Quantity, tells_loss: bool = False) -> Neuron:
    """An output unit whose rate is minus the derivative of half the squared error by its field.

    tau drate/dt = -rate + (supervision - f(basal)) f'(basal), and the error is the rate

    Parameters
    ----------
    transfer : str
        f, as in `pyramidal`.
    tau : Quantity
        Time constant of the rate.
    tells_loss : bool
        Whether it has the variable ``squares``, which a unit for the loss reads.
    """
    f, slope = find_transfer(transfer)
    return Neuron(
        f"""
        basal       : 1 (compartment)
        supervision : 1 (compartment)
        answer      = {f} : 1
        drate/dt    = ((supervision - answer)*{slope} - rate)/tau : 1 (during error)
        error       = rate : 1
        target      = supervision : 1
        {"squares = (supervision - answer)**2 : 1 (during feedforward)" if tells_loss else ""}
        """,
        tau=tau,
    )


def squared_error_unit() -> Neuron:
    """A unit whose rate is the loss of an output with squared error: the sum of ``squares``."""
    return Neuron("squares : 1 (compartment)\nrate = squares : 1 (usually during feedforward)")
