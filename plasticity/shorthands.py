"""Short forms of the modifiers, as methods of a rule: ``rule.with_momentum(.9)`` is ``rule.modified(momentum(.9))``."""

from abc import ABC, abstractmethod
from typing import Any, Self

from ..arguments import checked_arguments
from . import modifiers
from .modifiers import Modifier

__all__ = ["Shorthands"]


class Shorthands(ABC):
    """The methods of a rule that stand for single modifiers."""

    @abstractmethod
    def modified(self, *changes: Modifier) -> Self:
        """Return a copy that is changed by modifiers, one after the other."""

    @checked_arguments
    def with_momentum(self, momentum: float) -> Self:
        """Return a copy with momentum; see `modifiers.momentum`.

        Parameters
        ----------
        momentum : float
            The share of the velocity that is kept from one update to the next.
        """
        return self.modified(modifiers.momentum(momentum))

    @checked_arguments
    def with_adam(self, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Self:
        """Return a copy whose updates follow the moments of the gradient; see `modifiers.adam`.

        Parameters
        ----------
        beta1, beta2 : float
            The shares of the two moments that are kept from one update to the next.
        epsilon : float
            The number that is added to the root mean square.
        """
        return self.modified(modifiers.adam(beta1, beta2, epsilon))

    @checked_arguments
    def with_weight_limit(self, *limits: Any) -> Self:
        """Return a copy that clips the weights after each update; see `modifiers.weight_limit`.

        Parameters
        ----------
        limits : float
            The largest absolute value, as in ``(.5)``, or the lowest and the highest value, as in ``(0, 1)`` or ``(0,
            None)``.
        """
        return self.modified(modifiers.weight_limit(*limits))

    @checked_arguments
    def with_signs(self) -> Self:
        """Return a copy whose weights keep their signs (Dale's law); see `modifiers.signs`."""
        return self.modified(modifiers.signs())

    @checked_arguments
    def with_weight_decay(self, weight_decay: float) -> Self:
        """Return a copy whose weights decay in each update; see `modifiers.weight_decay`.

        Parameters
        ----------
        weight_decay : float
            The share of a weight that is lost in an update.
        """
        return self.modified(modifiers.weight_decay(weight_decay))

    @checked_arguments
    def with_rate_decay(self, rate_decay: float) -> Self:
        """Return a copy whose rate decays with the number of updates; see `modifiers.rate_decay`.

        Parameters
        ----------
        rate_decay : float
            The speed of the decay; after 1/rate_decay updates the rate is half of what it was.
        """
        return self.modified(modifiers.rate_decay(rate_decay))

    @checked_arguments
    def with_rate_steps(self, *updates: int, factor: float = 0.1) -> Self:
        """Return a copy whose rate falls at some numbers of updates; see `modifiers.rate_steps`.

        Parameters
        ----------
        updates : int
            The numbers of updates at which the rate falls.
        factor : float
            The factor by which the rate is multiplied each time.
        """
        return self.modified(modifiers.rate_steps(*updates, factor=factor))

    @checked_arguments
    def with_gate(self, broadcast: str) -> Self:
        """Return a copy whose updates are multiplied by a broadcast; see `modifiers.gate`.

        Parameters
        ----------
        broadcast : str
            The name of the broadcast.
        """
        return self.modified(modifiers.gate(broadcast))
