"""Convolutions: windows that share their weights."""

from __future__ import annotations

from dataclasses import dataclass

from ...arguments import checked_arguments
from .local import Local


@checked_arguments
@dataclass(frozen=True)
class Convolution(Local):
    """A convolution: the connections of `Local`, with one set of weights for all places.

    ::

        field[m, p] = sum over channels c and taps k of w[m, c, k] * sent[c, pixel k of window p]

    It is a control, since learning is not local. The change of a weight is a sum over places: the terms of the rule
    that read a variable of a unit are summed over the synapses that share the weight; terms that read no unit (decay,
    momentum) count once. The weights w have the shape (maps, channels, taps), or (channels, maps, taps) if transposed.

    Parameters
    ----------
    image, maps, kernel, stride, padding, probability, transposed
        See `Local`.

    Notes
    -----
    See `Connectivity` for when in a step signals are read and arrive.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.Convolution((1, 8, 8), maps=4, kernel=3).shape(64, 256)
    (4, 1, 9)
    """

    shared = True
