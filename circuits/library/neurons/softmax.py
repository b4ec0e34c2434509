"""The two units of the softmax circuit. `outputs.softmax` says how they work together."""

from __future__ import annotations

from brian2.units import Quantity

from ....door import door
from ...description.neuron import Neuron

#: The lines of a unit that sends its part of the loss to a unit for the loss, in the phase `feedforward`.
TELLS_LOSS = """
raised = expressed : 1 (during feedforward)
named = supervision*clip(basal, -80, 80) : 1 (during feedforward)
"""


@door
def softmax_unit(*, tau: Quantity, tells_loss: bool = False) -> Neuron:
    """The output unit of the softmax circuit, which is inhibited by division.

    tau drate/dt = -rate + supervision - exp(basal)/inhibition, and the error is the rate

    Parameters
    ----------
    tau : Quantity
        Time constant of the rate.
    tells_loss : bool
        Whether it has the variables that a unit for the loss reads.
    """
    return Neuron(
        f"""
        basal       : 1 (compartment)
        supervision : 1 (compartment)
        inhibition  : 1 (compartment)
        expressed   = exp(clip(basal, -80, 80)) : 1
        answer      = expressed/(inhibition + int(inhibition == 0)) : 1
        drate/dt    = (supervision - answer - rate)/tau : 1 (during error)
        error       = rate : 1
        target      = 2*supervision - 1 : 1
        {TELLS_LOSS if tells_loss else ""}
        """,
        tau=tau,
    )


@door
def normalising_unit(*, tau: Quantity) -> Neuron:
    """The unit of the softmax circuit that sums what all output units send: tau drate/dt = -rate + drive.

    Parameters
    ----------
    tau : Quantity
        Time constant of the rate.
    """
    return Neuron(
        """
        drive    : 1 (compartment)
        drate/dt = (drive - rate)/tau : 1 (during error)
        """,
        tau=tau,
    )


def cross_entropy_unit() -> Neuron:
    """A unit whose rate is the loss of the softmax circuit: the logarithm of ``total``, minus ``named``."""
    return Neuron(
        """
        total : 1 (compartment)
        named : 1 (compartment)
        rate  = log(total + int(total == 0)) - named : 1 (usually during feedforward)
        """
    )
