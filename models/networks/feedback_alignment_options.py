"""Options of networks with feedback alignment: their targets, dropout and synapses (Lillicrap et al. 2016)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from ...circuits import Local
from ...circuits.description.projections.initial import Initial

__all__ = ["Dropout", "Labels", "Pseudoinverse", "Synapses", "even"]


def even(gain: float = 1.0) -> Initial:
    """Return initial weights that are uniform in +-gain*sqrt(3/n_pre).

    The root mean square of the input is then gain times that of the signal, so that "roughly the same magnitude of error"
    arrives at each layer (Note 5).
    """

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        limit = gain * np.sqrt(3 / shape[-1])
        return rng.uniform(-limit, limit, shape)

    return draw


@dataclass(frozen=True)
class Labels:
    """The targets of a supervisor `s`.

    Parameters
    ----------
    on, off : float
        The target of the class that is presented, and of the other classes.
    """

    on: float = 1.0
    off: float = 0.0


@dataclass(frozen=True)
class Pseudoinverse:
    """Pseudobackprop (Note 15), a control.

    The modulators and the residual ``r1``, ... of their layer settle in steps to delta = W^+ (delta f') by W^T and W.

    Parameters
    ----------
    pull : float
        The size of a step; ``pull`` |W|^2 must stay below 1.
    loops : int
        The number of loops through W^T and W.
    """

    pull: float = 0.1
    loops: int = 100


@dataclass(frozen=True)
class Dropout:
    """The probabilities with which units are dropped during training.

    Parameters
    ----------
    hidden, stimulus : float
        The probabilities for hidden units and for units of the stimulus.
    """

    hidden: float = 0.0
    stimulus: float = 0.0


@dataclass(frozen=True)
class Synapses:
    """The synapses of a network with feedback alignment: which exist, how they begin, and which stay fixed.

    Parameters
    ----------
    weights : Initial, optional
        The initial W. The default is uniform, as proposed by Glorot and Bengio. Biases begin as the weights of their unit do.
    channel : Initial, optional
        The initial B. The default is `even`.
    connectivity : float
        The probability of each synapse of W and B, except those of the stimulus (sparse feedback alignment).
    local : Local, optional
        The fields of the lowest hidden layer, which are windows on the stimulus with weights of their own (Note 5); sizes[1] is
        the number of units of its ``above``. With None, each unit sees all of the stimulus.
    frozen : collection of int
        The layers of weights that stay as they are, with their biases; the lowest is 1 (Note 3).
    bias : bool
        Whether the units have biases, which are weights from a unit ``one`` whose rate is always 1 (Note 16, Eq. 60-62).
    served : int
        The number of hidden units that each modulatory neuron projects to (Supp. Fig. 3). It is more than 1 only with one
        hidden layer.
    """

    weights: Initial | None = None
    channel: Initial | None = None
    connectivity: float = 1.0
    local: Local | None = None
    frozen: Collection[int] = ()
    bias: bool = True
    served: int = 1
