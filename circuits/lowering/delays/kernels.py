"""The kernels of delayed signals. All other kernels are in `recircuit.circuits.lowering.kernels`."""

from __future__ import annotations

from dataclasses import dataclass

from ..terms import Kernel, Term


@dataclass(frozen=True)
class Delay(Kernel):
    """The move of a delay line by a step: its taps get signals from some steps ago, and it keeps the signal of this step.

    Parameters
    ----------
    population : str
        The population that sends.
    signal : Term
        The signal that is kept.
    line : str
        The variable that keeps the signal, with a row for each of ``length`` steps; step n is in row n modulo ``length``.
    taps
        For each delay that is read, the number of steps and the variable of the signal.
    """

    population: str
    signal: Term
    line: str
    length: int
    taps: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class DelayedPropagate(Kernel):
    """The sum of delayed signals: field = sum over synapses of w * the signal of the pre unit, a synapse's delay ago.

    Parameters
    ----------
    projection : str
        The projection whose tables ``delay_start``, ``delay_pre``, ``delay_weight`` and ``delay_steps`` list its
        synapses.
    n_pre, n_post : int
        The numbers of pre and post units.
    line : str
        The delay line of the pre population, which has moved on in this step.
    length : int
        The number of steps that the line holds.
    field, weights : str
        See `Propagate`.
    """

    projection: str
    n_pre: int
    n_post: int
    line: str
    length: int
    field: str
    weights: str


@dataclass(frozen=True)
class LateSignals(Kernel):
    """The gathering of delayed signals: for each pair of a pre unit and a delay, the signal of that unit that long ago.

    Parameters
    ----------
    projection : str
        The projection whose tables ``delay_pre`` and ``delay_steps`` say which pairs there are.
    count, n_pre : int
        The numbers of pairs and of pre units.
    line, length : str, int
        See `DelayedPropagate`.
    signals : str
        The variable of shape (batch, count).
    """

    projection: str
    count: int
    n_pre: int
    line: str
    length: int
    signals: str


@dataclass(frozen=True)
class SpreadWeights(Kernel):
    """The placing of weights: each goes to the place of its synapse, in the table ``delay_place``; the others stay zero."""

    projection: str
    weights: str
    spread: str
