"""The two units of the softmax circuit. `outputs.softmax` says how they work together."""

from __future__ import annotations

from brian2.units import Quantity

from ....arguments import checked_arguments
from ...description.neurons.neuron import Neuron

#: The lines of a unit that sends its part of the loss to a unit for the loss, in the phase `feedforward`.
TELLS_LOSS = """
raised = expressed : 1 (during feedforward)
named = supervision*clip(basal, -80, 80) : 1 (during feedforward)
"""


@checked_arguments
def softmax_unit(*, tau: Quantity, tells_loss: bool = False, shifted: bool = False) -> Neuron:
    """Return the output unit of the softmax circuit, which is inhibited by division.

    ::

        tau drate/dt = -rate + supervision - exp(basal)/inhibition
        error = rate

    If it is shifted, it sends exp(basal - largest), where ``largest`` receives the largest field of all outputs.

    Parameters
    ----------
    tau : Quantity
        The time constant of the rate.
    tells_loss : bool, default False
        Whether the unit has the variables that a unit for the loss reads.
    shifted : bool, default False
        Whether the unit has a compartment ``largest``, whose value is subtracted from the field.

    Notes
    -----
    In each step of ``error`` the rate reads the compartments of this step and the rate before it.

    Examples
    --------
    >>> import recircuit as rc
    >>> from brian2 import ms
    >>> rc.softmax_unit(tau=1*ms).compartments
    ['basal', 'supervision', 'inhibition']
    """
    return Neuron(
        f"""
        basal       : 1 (compartment)
        supervision : 1 (compartment)
        {"largest     : 1 (compartment)" if shifted else ""}
        inhibition  : 1 (compartment)
        expressed   = exp({"clip(basal - largest, -200, 80)" if shifted else "clip(basal, -80, 80)"}) : 1
        answer      = expressed/(inhibition + int(inhibition == 0)) : 1
        drate/dt    = (supervision - answer - rate)/tau : 1 (during error)
        error       = rate : 1
        target      = 2*supervision - 1 : 1
        {TELLS_LOSS if tells_loss else ""}
        """,
        tau=tau,
    )


@checked_arguments
def normalising_unit(*, tau: Quantity) -> Neuron:
    """Return the unit of the softmax circuit that sums the signals of all output units.

    ::

        tau drate/dt = -rate + drive

    Parameters
    ----------
    tau : Quantity
        The time constant of the rate.

    Notes
    -----
    In each step of ``error`` the rate reads the compartment of this step and the rate before it.

    Examples
    --------
    >>> import recircuit as rc
    >>> from brian2 import ms
    >>> rc.normalising_unit(tau=1*ms).compartments
    ['drive']
    """
    return Neuron(
        """
        drive    : 1 (compartment)
        drate/dt = (drive - rate)/tau : 1 (during error)
        """,
        tau=tau,
    )


@checked_arguments
def cross_entropy_unit() -> Neuron:
    """Return a unit whose rate is the loss of the softmax circuit.

    ::

        rate = log(total) - named

    Notes
    -----
    In each step of ``feedforward`` the rate is assigned, from the compartments of this step.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.cross_entropy_unit().compartments
    ['total', 'named']
    """
    return Neuron(
        """
        total : 1 (compartment)
        named : 1 (compartment)
        rate  = log(total + int(total == 0)) - named : 1 (usually during feedforward)
        """
    )
