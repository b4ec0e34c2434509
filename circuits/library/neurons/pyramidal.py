"""A unit with separate variables for its rate and its error."""

from __future__ import annotations

from typing import Any

from brian2.units import Quantity, ms

from ....arguments import checked_arguments
from ....errors import RecircuitError
from ...description.neurons.neuron import Neuron
from ..transfer import transfer as find_transfer


@checked_arguments
def pyramidal(
    transfer: str = "clip",
    tau: Quantity = 1 * ms,
    *,
    derivative: str | None = None,
    gated: bool = True,
    dropped: float = 0.0,
    added: str = "",
    more: str = "",
    **parameters: Any,
) -> Neuron:
    """Return a unit with a basal and an apical compartment, which has a rate and an error at the same time.

    The rate follows the basal field in the phase ``feedforward``. The error is computed in the phase ``feedback`` and
    keeps its value in the other phases::

        tau drate/dt = -rate + f(basal)
        error = apical f'(basal)

    Rate, error and both fields are numbers without a unit; there is one of each per unit and batch element. Input to
    the apical compartment never changes the rate.

    Parameters
    ----------
    transfer : str, default "clip"
        The transfer function f: ``clip``, ``tanh``, ``logistic``, ``relu``, ``leaky``, ``linear``, or an expression of
        ``basal``.
    tau : Quantity, default 1 ms
        The time constant of the rate. In step-by-step mode it equals the dt of the circuit.
    derivative : str, optional
        f' as an expression of ``basal``. It is needed only if it cannot be derived from f.
    gated : bool, default True
        Whether the error is multiplied by f' (Baldi et al. 2018, section 4.2).
    dropped : float, default 0
        The probability that a unit, with its error, is silent for a presentation; the others are multiplied by
        1/(1 - dropped). The silent units are drawn in the phase ``draw``. In the phase ``whole``, before it, no unit is
        silent, so that an evaluation with the phase ``whole`` and without ``draw`` uses all units.
    added : str, default ""
        An expression that is added to f(basal), for instance ``noise*in_perturbed``.
    more : str, default ""
        Further lines of equations.
    parameters : number or Quantity
        The values of names that these equations use.

    Raises
    ------
    RecircuitError
        If the transfer function or a line cannot be read, or ``dropped`` is not a probability below 1.

    Notes
    -----
    In each step of ``feedforward`` the rate reads the basal field of this step and the rate before it; in each step of
    ``feedback`` the error is assigned, from the fields of this step.

    References
    ----------
    Amit 2019, Eq. 6; Lillicrap et al. 2016.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.pyramidal(transfer="tanh").compartments
    ['basal', 'apical']
    """
    f, slope = find_transfer(transfer, derivative)
    error = f"apical*{slope}" if gated else "apical"
    soma = f" + {added}" if added else ""
    if dropped:
        if not 0 < dropped < 1:
            raise RecircuitError(f"pyramidal: dropped is a probability below 1; got {dropped!r}.")
        return Neuron(
            f"""
            basal    : 1 (compartment)
            apical   : 1 (compartment)
            kept     = 1 - in_draw + in_draw*int(rand() >= dropped)/(1 - dropped) : 1 (during whole and draw)
            drate/dt = (kept*{f}{soma} - rate)/tau : 1 (usually during feedforward)
            error    = kept*{error} : 1 (usually during feedback)
            {more}
            """,
            tau=tau, dropped=float(dropped), **parameters,
        )  # fmt: skip
    return Neuron(
        f"""
        basal    : 1 (compartment)
        apical   : 1 (compartment)
        drate/dt = ({f}{soma} - rate)/tau : 1 (usually during feedforward)
        error    = {error} : 1 (usually during feedback)
        {more}
        """,
        tau=tau, **parameters,
    )  # fmt: skip
