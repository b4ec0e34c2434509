"""The neurons of feedback alignment's circuits (Lillicrap et al. 2016, Supp. Fig. 1-4): hidden, error and modulatory."""

from __future__ import annotations

from typing import Any

from brian2.units import Quantity

from ...circuits import Neuron
from ...circuits.library.transfer import transfer as find_transfer

__all__ = ["LOSS", "RESIDUAL", "dropped_input", "error", "modulatory", "settling", "unit"]

#: What a neuron of the feedback path sends on: its rate times the slope of the unit that it projects to.
PASSED = "gain : 1 (compartment)\npassed = rate*gain : 1"

#: Its rate is the loss, half the sum of the squared errors.
LOSS = Neuron("squares : 1 (compartment)\nrate = squares : 1 (usually during error)")

#: The part of the signal sent down that the modulatory neurons do not account for yet (pseudobackprop).
RESIDUAL = Neuron(
    """
    wanted : 1 (compartment)
    received  : 1 (compartment)
    rate   = wanted - received : 1 (usually during feedback)
    """
)

#: Dropout (Hinton et al. 2012): in each presentation and batch element a unit is lost with the probability `dropped`, and the
#: rates of the other units are multiplied by 1/(1 - dropped). It is 0 outside of training, so that an evaluation loses nothing.
LOST = "lost = in_draw*(1 - int(rand() >= dropped)/(1 - dropped)) : 1 (during draw and plasticity)"


def unit(transfer: str, tau: Quantity, dropped: float = 0.0) -> Neuron:
    """Return a pyramidal unit of the forward path.

    tau drate/dt = f(basal) - rate in ``feedforward``; error = apical f'(basal), latched in ``feedback``: the modulatory
    signal that its synapses learn from (Eq. 71). With dropout, f and f' are those of what was drawn in ``draw``.

    Parameters
    ----------
    transfer : str
        ``tanh``, ``logistic``, ``leaky`` (Eq. 1), ``clip`` (saturated), ``linear``, ... or an expression.
    tau : Quantity
        Time constant of the rate; equal to the circuit's dt for step-by-step mode.
    dropped : float
        The probability of dropout.
    """
    f, slope = find_transfer(transfer)
    kept = "*(1 - lost)" if dropped else ""
    equations = f"""
        basal    : 1 (compartment)
        apical   : 1 (compartment)
        drate/dt = ({f}{kept} - rate)/tau : 1 (usually during feedforward)
        slope    = {slope}{kept} : 1
        error    = apical*slope : 1 (usually during feedback)
        {LOST if dropped else ""}
        """
    parameters: dict[str, Any] = dict(tau=tau, dropped=dropped) if dropped else dict(tau=tau)
    return Neuron(equations, **parameters)


def dropped_input(dropped: float) -> Neuron:
    """Return the neuron of a stimulus, clamped to ``input``, some of whose units are dropped during training."""
    return Neuron(f"input : 1\n{LOST}\nrate = input*(1 - lost) : 1 (during feedforward)", dropped=dropped)


def error(*, gated: bool) -> Neuron:
    """Return an error neuron, whose rate is e = y* - y.

    Parameters
    ----------
    gated : bool
        Whether what it sends on, ``passed``, is e times the slope of the output unit that it receives. This is minus the
        derivative of half the squared error by the output's field, for outputs that are not linear.
    """
    return Neuron(
        f"""
        wanted  : 1 (compartment)
        received   : 1 (compartment)
        rate    = wanted - received : 1 (usually during error)
        squares = rate**2 : 1
        {PASSED if gated else ""}
        """
    )


def modulatory(*, gated: bool) -> Neuron:
    """Return the neuron of a modulator of a unit of the forward path. Its rate, delta, is its input.

    Parameters
    ----------
    gated : bool
        Whether what it sends on to the layer below, ``passed``, is delta times the slope of the unit that it modulates.
    """
    return Neuron(f"drive : 1 (compartment)\nrate = drive : 1 (usually during feedback)\n{PASSED if gated else ''}")


def settling(pull: float, *, gated: bool) -> Neuron:
    """Return the modulator of pseudobackprop: delta moves by pull W^T (e - W delta) in each step, from 0 to W^+ e.

    Parameters
    ----------
    pull : float
        The size of a step.
    gated : bool
        As for `modulatory`.
    """
    return Neuron(
        f"""
        drive  : 1 (compartment)
        rate   = in_feedback*(rate + pull*drive) : 1 (during error and feedback)
        {PASSED if gated else ""}
        """,
        pull=pull,
    )
