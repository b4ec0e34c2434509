"""The units of an output with squared error."""

from __future__ import annotations

from brian2.units import Quantity

from ....arguments import checked_arguments
from ...description.neurons.neuron import Neuron
from ..transfer import transfer as find_transfer


@checked_arguments
def squared_unit(*, transfer: str = "linear", tau: Quantity, tells_loss: bool = False) -> Neuron:
    """Return an output unit whose rate is minus the derivative of half the squared error with respect to its field.

    ::

        tau drate/dt = -rate + (supervision - f(basal)) f'(basal)
        error = rate

    Parameters
    ----------
    transfer : str, default "linear"
        The transfer function f, as in `pyramidal`.
    tau : Quantity
        The time constant of the rate.
    tells_loss : bool, default False
        Whether the unit has the variable ``squares``, which a unit for the loss reads.

    Notes
    -----
    In each step of ``error`` the rate reads the compartments of this step and the rate before it.

    Examples
    --------
    >>> import recircuit as rc
    >>> from brian2 import ms
    >>> rc.squared_unit(tau=1*ms).compartments
    ['basal', 'supervision']
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


@checked_arguments
def squared_error_unit() -> Neuron:
    """Return a unit whose rate is the loss of an output with squared error.

    ::

        rate = squares

    Notes
    -----
    In each step of ``feedforward`` the rate is assigned, from the compartment of this step.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.squared_error_unit().compartments
    ['squares']
    """
    return Neuron("squares : 1 (compartment)\nrate = squares : 1 (usually during feedforward)")
