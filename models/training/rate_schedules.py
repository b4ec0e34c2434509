"""Learning rates that change from epoch to epoch, as callbacks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from brian2.units import Quantity

from ...annotations import fits, short
from ...arguments import kept_arguments
from ...callables import check_takes
from ...circuits import Circuit
from ...errors import UsageError

__all__ = ["RateSchedule"]


@kept_arguments
@dataclass(frozen=True)
class RateSchedule:
    """Multiply the learning rates of a circuit by a factor that depends on the number of the epoch.

    The rate of each rule in epoch k is the rate with which it was declared times ``factor(k)``. It depends on the number
    of the epoch alone, so that a resumed run has the same rates. A rate that falls with the number of updates is a part
    of the rule: ``rule.with_rate_decay(...)``.

    Parameters
    ----------
    factor : function
        A function of the number of the epoch, from 1, that returns a factor above 0.
    parameter : str, default "rate"
        The parameter of the rules that is changed. Rules that have no such parameter stay as they are.

    Raises
    ------
    UsageError
        If no rule of the circuit has the parameter, or a factor is not finite and above 0.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.RateSchedule.steps(10, 20).factor(15)
    0.1
    >>> rc.train(net, (x, y), 30, callbacks=rc.RateSchedule.cosine(30))                             # doctest: +SKIP
    """

    factor: Callable[[int], float]
    parameter: str = "rate"

    def __post_init__(self) -> None:
        check_takes(self.factor, ("epoch",), "RateSchedule, factor")

    @classmethod
    @kept_arguments
    def steps(cls, *epochs: int, factor: float = 0.1) -> Self:
        """Return a schedule that multiplies the rate by a factor after each of some epochs.

        Parameters
        ----------
        epochs : int
            The numbers of the epochs after which the rate falls.
        factor : float, default 0.1
            The factor.
        """
        return cls(lambda epoch: factor ** sum(epoch > last for last in epochs))

    @classmethod
    @kept_arguments
    def exponential(cls, factor: float) -> Self:
        """Return a schedule that multiplies the rate by a factor after every epoch.

        Parameters
        ----------
        factor : float
            The factor, such as .95.
        """
        return cls(lambda epoch: factor ** (epoch - 1))

    @classmethod
    @kept_arguments
    def cosine(cls, epochs: int, *, least: float = 0.01) -> Self:
        """Return a schedule that falls from 1 along half a period of a cosine.

        Parameters
        ----------
        epochs : int
            The number of the epoch in which the factor is the least, as it is afterwards.
        least : float, default 0.01
            The least factor.
        """

        def factor(epoch: int) -> float:
            done = min((epoch - 1) / max(epochs - 1, 1), 1.0)
            return least + (1 - least) * (1 + math.cos(math.pi * done)) / 2

        return cls(factor)

    def on_epoch_begin(self, epoch: int, net: Circuit) -> None:
        """Set the rates of an epoch.

        Parameters
        ----------
        epoch : int
            The number of the epoch.
        net : Circuit
            The circuit.
        """
        factor = self.factor(epoch)
        if not (fits(factor, float) and math.isfinite(factor) and factor > 0):
            raise UsageError(
                f"RateSchedule: the factor of epoch {epoch} is to be a finite number above 0; got {short(factor)}."
            )
        equations = {
            name: p.equation
            for name, p in net.projections.items()
            if p.plastic and p.equation is not None and self.parameter in p.equation.parameters
        }
        if not equations:
            raise UsageError(f"RateSchedule: no rule of the circuit has a parameter {self.parameter!r}.")
        for name, equation in equations.items():
            rate = factor * float(equation.parameters[self.parameter])
            net[f"{name}.{self.parameter}"] = Quantity(rate, dim=equation.dimension(self.parameter))
