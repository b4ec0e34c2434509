"""Units that settle twice, first without and then with a teacher, and keep their rates from the first time."""

from __future__ import annotations

from ....arguments import checked_arguments
from ...description.neurons.neuron import Neuron
from ..transfer import transfer as find_transfer

__all__ = ["taught_output", "two_phase_unit"]

UNIT = """
    below : 1 (compartment)
    {other} : 1 (compartment)
    rate  = rate + step*({drive} - rate) : 1 (during {free} and {taught})
    free  = rate : 1 (after {free})
"""


@checked_arguments
def two_phase_unit(
    *, transfer: str = "logistic", gain: float = 1.0, step: float = 0.5, free: str = "free", taught: str = "taught"
) -> Neuron:
    """Return a unit between two layers, whose rate follows f(below + gain above) in two phases.

    At the end of the first phase it keeps its rate as ``free``, which rules such as `generec` and `contrastive_hebbian`
    compare with the rate at the end of the second phase.

    Parameters
    ----------
    transfer : str
        The name of a transfer function, or an expression of ``below``, ``above`` and ``gain``.
    gain : float
        The factor of the input from above.
    step : float
        The share of the distance to its input that a rate covers in one step, dt/tau.
    free, taught : str
        The names of the two phases.

    References
    ----------
    O'Reilly 1996; Xie and Seung 2003.
    """
    drive = find_transfer(transfer, field="(below + gain*above)")[0]
    text = UNIT.format(other="above", drive=drive, free=free, taught=taught)
    return Neuron(text, step=float(step), gain=float(gain))


@checked_arguments
def taught_output(
    *, transfer: str = "logistic", step: float = 0.5, free: str = "free", taught: str = "taught"
) -> Neuron:
    """Return an output unit that follows f(below) in the first phase, and the target of a teacher in the second phase.

    The target arrives in the compartment ``wanted``. The rate at the end of the first phase is kept as ``free``.

    Parameters
    ----------
    transfer : str
        The name of a transfer function, or an expression of ``below``.
    step : float
        The share of the distance to its input that a rate covers in one step, dt/tau.
    free, taught : str
        The names of the two phases.
    """
    drive = f"(1 - in_{taught})*{find_transfer(transfer, field='below')[0]} + in_{taught}*wanted"
    return Neuron(UNIT.format(other="wanted", drive=drive, free=free, taught=taught), step=float(step))
