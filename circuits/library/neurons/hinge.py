"""The two units of the hinge circuit (Amit 2019, Eq. 8 and 9). `outputs.hinge` says how they work together."""

from __future__ import annotations

from itertools import pairwise

from brian2.units import Quantity

from ....arguments import checked_arguments
from ...description.neurons.neuron import Neuron

#: The phases of the units. In `feedforward` they return to rest, since the pathways that drive them are closed.
RESTS = "(usually during feedforward and error)"


@checked_arguments
def hinge_unit(*, M: float = 1000.0, S: float = 1.0, mu: float = 0.1, epsilon: float = 0.1, tau: Quantity) -> Neuron:
    """Return the output unit o of the hinge circuit, whose rate has five levels.

    With H = basal + supervision + control::

        tau drate/dt = -rate + (1+epsilon if H > 2M+S;  1 if M <= H <= 2M+S;  0 if |H| < M;
                                -mu if -2M-S <= H <= -M;  -mu-epsilon below)

    ``error`` is the rate; ``target`` is +1 or -1; ``beyond`` counts the presentations with abs(basal) >= M.

    Parameters
    ----------
    M, S, mu, epsilon : float
        See `HingeOutput`.
    tau : Quantity
        The time constant of the rate.

    Notes
    -----
    In each step of ``feedforward`` and ``error`` the rate reads the compartments of this step and the rate before it;
    in ``feedforward`` it decays to 0.

    References
    ----------
    Amit 2019, Eq. 8 and 9, left.

    Examples
    --------
    >>> import recircuit as rc
    >>> from brian2 import ms
    >>> rc.hinge_unit(tau=1*ms).compartments
    ['basal', 'supervision', 'control']
    """
    return Neuron(
        """
        basal       : 1 (compartment)
        supervision : 1 (compartment)
        control     : 1 (compartment)
        H           = basal + supervision + control : 1
        above       = (1 + epsilon)*int(H > 2*M + S) + int(H >= M and H <= 2*M + S) : 1
        below       = (mu + epsilon)*int(H < -2*M - S) + mu*int(H <= -M and H >= -2*M - S) : 1
        drate/dt    = ((above - below)*in_error - rate)/tau : 1 (usually during feedforward and error)
        error       = rate : 1
        target      = supervision/(2*M) : 1
        beyond      = beyond + int(abs(basal) >= M) : 1 (usually during plasticity)
        """,
        M=M, S=S, mu=mu, epsilon=epsilon, tau=tau,
    )  # fmt: skip


@checked_arguments
def control_unit(*, mu: float = 0.1, tau: Quantity, relays: int = 0) -> Neuron:
    """Return the control unit t of the hinge circuit, which is 1 while o overshoots, and -1 while o undershoots.

    ::

        tau drate/dt = -rate + (1 if o > 1; -1 if o < -mu; 0 between)

    Parameters
    ----------
    mu : float
        See `HingeOutput`.
    tau : Quantity
        The time constant of the rate, and of each relay.
    relays : int, default 0
        The number of relays through which the signal of o passes, each with the time constant tau, so that t answers late.

    Notes
    -----
    In each step of ``feedforward`` and ``error`` the rate reads the compartment of this step, and the relays and the
    rate before it; in ``feedforward`` it decays to 0.

    References
    ----------
    Amit 2019, Eq. 9, right.

    Examples
    --------
    >>> import recircuit as rc
    >>> from brian2 import ms
    >>> rc.control_unit(tau=1*ms).compartments
    ['drive']
    """
    seen = ["drive", *(f"late{k}" for k in range(1, relays + 1))]
    late = [f"d{b}/dt = ({a}*in_error - {b})/tau : 1 {RESTS}" for a, b in pairwise(seen)]
    answer = f"drate/dt = ((int({seen[-1]} > 1) - int({seen[-1]} < -mu))*in_error - rate)/tau : 1 {RESTS}"
    return Neuron("\n".join(["drive : 1 (compartment)", *late, answer]), mu=mu, tau=tau)


@checked_arguments
def control_switch(*, mu: float = 0.1, epsilon: float = 0.1, off: float) -> Neuron:
    """Return the control unit t of the hinge circuit as a switch with hysteresis, without a time constant.

    It turns on when the distance of o from its peak is less than the share ``off`` of the peak, and off when the distance of
    o from 0 is less than that share.

    Parameters
    ----------
    mu, epsilon, off : float
        See `HingeOutput`.

    Notes
    -----
    In each step of ``feedforward`` and ``error`` the rate is assigned, from the compartment of this step and the rate
    before it.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.control_switch(off=0.05).compartments
    ['drive']
    """
    return Neuron(
        f"""
        drive : 1 (compartment)
        share = abs(drive)/(epsilon + int(drive > 0) + mu*int(drive < 0)) : 1
        rate  = in_error*sign(drive)*int(share > 1 - off or (share >= off and rate*drive > 0)) : 1 {RESTS}
        """,
        mu=mu, epsilon=epsilon, off=off,
    )  # fmt: skip
