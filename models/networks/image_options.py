"""Options of networks for images: which synapses exist and how they begin, and how errors go back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ...circuits import glorot
from ...circuits.description.initial import Initial
from ...errors import UsageError

__all__ = ["Feedback", "Synapses"]


@dataclass(frozen=True)
class Feedback:
    """The way of the errors in a network for images.

    Parameters
    ----------
    direct : bool | Literal['pools']
        Feedback from the output straight to each layer that learns (Baldi's skipped random backpropagation; direct
        feedback alignment), in place of the way back through all layers; ``"pools"``: where a layer is pooled, to the
        pool, and from there to its winners (Crafton et al. 2019; Lansdell et al. 2020, C.4).
    gated : bool
        Whether errors are multiplied by f' (Baldi et al. 2018, section 4.2).
    skipped : bool
        With backpropagation, what is passed down is not multiplied by f': errors reach each layer through the product
        of the transposed matrices (Baldi et al. 2018, section 3: SBP).
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
    """The synapses of a network for images: which exist, share a weight or stay, and how they begin.

    Parameters
    ----------
    tied : bool | Collection[str] | None
        Whether convolutions share their weights over places (a control), or the names of those that do; None: as in the
        paper.
    frozen : Collection[str]
        Layers whose incoming weights, and those of the feedback from there, stay as they are.
    connectivity : float
        Probability of each synapse, drawn for forward and feedback separately; all of them to and from the output exist
        (Amit 2019, as in its code).
    weights, feedback_weights : Initial | None
        How they begin; None: `glorot`, and feedback as forward.
    clipped : float
        Above 0: after each update weights are clipped at so many times Glorot's limit (Amit 2019's code: 1.5).
    """

    tied: bool | Collection[str] | None = None
    frozen: Collection[str] = ()
    connectivity: float = 1.0
    weights: Initial | None = None
    feedback_weights: Initial | None = None
    clipped: float = 0.0

    @property
    def first(self) -> Initial:
        """How the forward weights begin."""
        return self.weights or glorot(counting="possible")

    @property
    def first_feedback(self) -> Initial:
        """How the feedback weights begin."""
        return self.feedback_weights or self.first
