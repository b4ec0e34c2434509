"""The kernels of signals that arrive later, as `recircuit.circuits.lowering.kernels` has those of all else."""

from __future__ import annotations

from dataclasses import dataclass

from ..terms import Kernel, Term


@dataclass(frozen=True)
class Delay(Kernel):
    """A delay line moves on by a step: its taps get the signals of some steps ago, and it keeps that of this step.

    Parameters
    ----------
    population : str
        The population that sends.
    signal : Term
        The signal that is kept.
    line : str
        The variable that keeps it, a row for each of ``length`` steps; step n is in row n modulo ``length``.
    taps
        For each delay that is asked for, the number of steps and the variable.
    """

    population: str
    signal: Term
    line: str
    length: int
    taps: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class DelayedPropagate(Kernel):
    """field = sum over synapses of w * what the pre unit sent as many steps ago as the synapse has its delay.

    Parameters
    ----------
    projection : str
        The projection whose tables ``delay_start``, ``delay_pre``, ``delay_weight`` and ``delay_steps`` say where
        synapses are.
    n_pre, n_post : int
        The numbers of pre and post units.
    line : str
        The delay line of the pre population, which has moved on in this step.
    length : int
        How many steps it holds.
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
    """signals = for each pair of a pre unit and a delay, what that unit sent so many steps ago.

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
    """spread = each weight at the place of its synapse: the table ``delay_place``; other places are zero, and stay so."""

    projection: str
    weights: str
    spread: str
