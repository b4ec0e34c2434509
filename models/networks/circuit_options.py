"""The options that every network hands on to its circuit."""

from __future__ import annotations

from typing import TypedDict

from brian2.units import Quantity

from ...circuits import Circuit

__all__ = ["CircuitOptions", "new_circuit"]


class CircuitOptions(TypedDict, total=False):
    """The options of the circuit that every network takes, as in ``layered(sizes, batch_size=100, seed=3)``.

    Parameters
    ----------
    batch_size : int
        The number of samples that are presented at the same time; an update is the mean over them (default: 1).
    dt : Quantity
        The time step (default: 1 ms).
    precision : str
        ``"float32"`` (default) or ``"float64"``.
    seed : int
        The seed of the initial weights, the masks and the noise (default: 0).
    lowering : str
        ``"dense"`` (default), or ``"reference"`` for Brian2's own ``Synapses`` (one batch element, slow).
    matmul : str
        ``"full"`` (default), or ``"tf32"`` for faster and coarser products on the backend cuda.
    """

    batch_size: int
    dt: Quantity
    precision: str
    seed: int
    lowering: str
    matmul: str


def new_circuit(options: CircuitOptions, precision: str = "float32") -> Circuit:
    """Return an empty circuit with these options; ``precision`` holds where they name none."""
    return Circuit(**{"precision": precision, **options})
