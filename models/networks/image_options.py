"""Options of networks for images: which synapses exist and how they begin, and how errors go back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ...circuits import glorot
from ...circuits.description.projections.initial import Initial
from ...errors import UsageError

__all__ = ["Feedback", "Synapses"]


@dataclass(frozen=True)
class Feedback:
    """How errors return in a network for images.

    Parameters
    ----------
    direct : bool | Literal['pools']
        Whether feedback runs from the output directly to each layer that learns (Baldi's skipped random backpropagation;
        direct feedback alignment), instead of through all layers. With ``"pools"`` the feedback of a layer that is pooled
        runs to the pool, and from there to the units that won (Crafton et al. 2019; Lansdell et al. 2020, C.4).
    gated : bool
        Whether errors are multiplied by f' (Baldi et al. 2018, section 4.2).
    skipped : bool
        With backpropagation: what is passed down is not multiplied by f', so that errors reach each layer through the
        product of the transposed matrices (Baldi et al. 2018, section 3: SBP).
    """

    direct: bool | Literal["pools"] = False
    gated: bool = True
    skipped: bool = False

    def __post_init__(self) -> None:
        if self.direct not in (False, True, "pools"):
            raise UsageError(f"direct: expected False, True or 'pools'; got {self.direct!r}.")
        if self.skipped and self.direct:
            raise UsageError(
                "skipped: errors that go straight to each layer skip all others already; leave out one of them."
            )


@dataclass(frozen=True)
class Synapses:
    """The synapses of a network for images: which exist, share a weight or stay fixed, and how they begin.

    Parameters
    ----------
    tied : bool | Collection[str] | None
        Whether convolutions share their weights over places (a control), or the names of those that do. None stands for
        what the paper does.
    frozen : Collection[str]
        The layers whose incoming weights, and whose feedback weights, stay as they are.
    connectivity : float
        The probability of each synapse, drawn for forward and feedback synapses separately. All synapses to and from the
        output exist (Amit 2019, as in its code).
    weights, feedback_weights : Initial | None
        The initial weights. None stands for `glorot`, and for feedback weights as the forward weights.
    clipped : float
        If it is above 0, weights are clipped after each update at this multiple of Glorot's limit. It was 1.5 in one version
        of Amit's code; his text has no limit.
    """

    tied: bool | Collection[str] | None = None
    frozen: Collection[str] = ()
    connectivity: float = 1.0
    weights: Initial | None = None
    feedback_weights: Initial | None = None
    clipped: float = 0.0

    @property
    def first(self) -> Initial:
        """The initial forward weights."""
        return self.weights or glorot(counting="possible")

    @property
    def first_feedback(self) -> Initial:
        """The initial feedback weights."""
        return self.feedback_weights or self.first
