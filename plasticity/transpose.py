"""Feedback weights that are the transpose of an array of the forward synapses."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from ..errors import RecircuitError

__all__ = ["Transpose"]


@dataclass(frozen=True)
class Transpose:
    """The transpose of the forward weights, or of a state of the forward synapses, as the feedback weights of a rule.

    No synapse knows the values of another one, so that a rule with such feedback weights is not local: it is a control.

    Parameters
    ----------
    of : str, default "w"
        ``"w"`` for the forward weights, which makes R = W^T as in backpropagation, or the name of a state of the rule.

    Examples
    --------
    >>> import recircuit as rc
    >>> bp = rc.Rule("bp", source="Rumelhart, Hinton and Williams 1986", forward="dw = rate*error_post*x_pre",
    ...     feedback=rc.Transpose(), parameters=dict(rate=.1), local=False)
    >>> print(bp.feedback)
    transpose of the forward weights, at all times
    """

    of: str = "w"

    def check(self, where: str, local: bool, state: Container[str]) -> None:
        """Refuse a rule that says it is local, or that has no such state.

        Parameters
        ----------
        where : str
            The rule, for error messages.
        local : bool
            Whether the rule says that it is local.
        state : container of str
            The names of the rule's states.
        """
        if self.of != "w" and self.of not in state:
            raise RecircuitError(
                f"{where}: feedback={self!r} reads a state of the forward synapses, and the rule declares no state "
                f"{self.of!r}. Declare it in `state`, or write Transpose() for the transpose of the forward weights."
            )
        if local:
            raise RecircuitError(
                f"{where}: feedback={self!r} reads what the forward synapses keep, which no feedback synapse can. Say "
                "local=False to declare the rule as a control that is not local."
            )
