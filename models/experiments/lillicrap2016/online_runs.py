"""The runs of `lillicrap-online`: a teacher's function learned from minibatches of many sizes, and by a global reward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ....circuits import Circuit
from ....circuits.backends.divergence import Diverged
from ....plasticity import find
from ....plasticity.rules import reinforcement
from ...networks.feedback_alignment import Synapses, even, feedback_alignment
from ...networks.node_perturbation import Perturbation, node_perturbation
from ...networks.node_perturbation import Synapses as PerturbedSynapses
from ..framework.experiment import Settings
from .teacher_task import CHANNEL, Teacher, follow

#: The standard deviation of the noise from which a global reward is correlated.
NOISE = 0.1
#: The error of a network in which a variable became NaN or infinite.
DIVERGED = 9.0

#: Name of a network -> what its runs found, one from each seed.
Found = Mapping[str, list[dict[str, list[float]]]]


@dataclass(frozen=True)
class StudentNetwork:
    """A network, and how it learns a teacher's function.

    Parameters
    ----------
    rule : str
        ``frfb`` (feedback alignment), ``bp``, or ``reward``: the global reward of Supp. Fig. 1.
    sizes : tuple[int, ...]
        Units of each layer.
    teacher : tuple[int, ...]
        Those of the teacher.
    rate, minibatches, batch_size
        The learning rate, how many minibatches are shown, and the samples of each.
    spread : float
        The size of W as it begins, over that of the other experiments on this task.
    transfer : str
        The transfer function of the hidden units.
    served : int
        How many hidden units each modulatory neuron projects to.
    part : int
        The error is noted once for so many minibatches.
    """

    rule: str
    sizes: tuple[int, ...]
    teacher: tuple[int, ...] = (30, 20, 10, 10)
    rate: float = 0.05
    minibatches: int = 3000
    batch_size: int = 100
    spread: float = 1.0
    transfer: str = "tanh"
    served: int = 1
    part: int = 100

    def with_(self, **changes: Any) -> StudentNetwork:
        """Return a changed copy."""
        return replace(self, **changes)

    def circuit(self, seed: int) -> Circuit:
        """Return the network as it begins."""
        begin = even(0.5 * self.spread)
        if self.rule == "reward":
            return node_perturbation(
                self.sizes, reinforcement.with_parameters(rate=self.rate), transfer=self.transfer, target="values",
                perturbation=Perturbation(NOISE), synapses=PerturbedSynapses(begin), batch_size=self.batch_size, seed=seed,
            )  # fmt: skip
        return feedback_alignment(
            self.sizes, find(self.rule).with_parameters(rate=self.rate), transfer=self.transfer, target="values",
            synapses=Synapses(begin, CHANNEL, served=self.served), batch_size=self.batch_size, seed=seed,
        )  # fmt: skip

    def errors(self, seed: int, settings: Settings) -> list[float]:
        """Return the NSE of each part, from a seed's weights and teacher; DIVERGED everywhere if a variable became NaN
        or infinite.
        """
        net = self.circuit(seed)
        teacher = Teacher.drawn(seed, self.teacher)
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                found = follow(net, teacher, self.minibatches, seed, settings, self.part)
        except Diverged:  # the rate is too high for this network
            found = [DIVERGED] * (self.minibatches // self.part)
        net.close()
        return [round(value, 6) for value in found]


def needed(errors: Sequence[float], error: float, part: int) -> int:
    """Return the minibatches until an error is reached; one part more than there are if it is not."""
    below = np.flatnonzero(np.asarray(errors) <= error)
    return part * (int(below[0]) + 1 if below.size else len(errors) + 1)


def late(errors: Sequence[float]) -> float:
    """Return the mean error of the last tenth of the samples."""
    return float(np.mean(errors[-max(1, len(errors) // 10) :]))
