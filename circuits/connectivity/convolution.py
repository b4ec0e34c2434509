"""Convolutions: windows that share their weights."""

from __future__ import annotations

from dataclasses import dataclass

from ...door import door
from .local import Local


@door
@dataclass(frozen=True)
class Convolution(Local):
    """A convolution: connections as those of `Local`, in which all places share one set of weights.

    ::

        field[m, p] = sum over channels c and taps k of w[m, c, k] * sent[c, pixel k of window p]

    It is a control, since learning is not local. The change of a weight is a sum over places: the terms of the rule that
    read a variable of a unit are summed over the synapses that share the weight; terms that read none (decay, momentum)
    count once. The parameters are those of `Local`.

    The weights w have the shape (maps, channels, taps); transposed (channels, maps, taps).
    """

    shared = True
