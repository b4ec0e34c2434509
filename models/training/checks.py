"""Checks that refuse what cannot be trained, before anything is built."""

from __future__ import annotations

import numpy as np

from ...circuits import Circuit
from ...circuits.inputs.given_samples import supervisors
from ...errors import UsageError
from .samples import Samples

__all__ = ["check"]


def check(circuit: Circuit, samples: Samples, epochs: int, output: str | None = None) -> None:
    """Refuse a training that cannot be done.

    Raises
    ------
    UsageError
        If there are no phases, all batch elements share one series, there are more batch elements than samples, or the
        number of epochs cannot be used, or labels are given of which the circuit makes nothing.
    """
    count = samples.parts["train"].count
    if circuit.schedule is None:
        raise UsageError(
            "train: the circuit has no phases and just runs, so that there is no presentation of a sample. Say what one is, as "
            "in circuit.phases('feedforward', 20*ms); or let it run on one series, as in circuit.run(series, 10*second)."
        )
    if isinstance(epochs, bool) or not isinstance(epochs, int | np.integer) or not 1 <= epochs < 2**31:
        raise UsageError(f"epochs: expected a whole number, at least 1 and below 2^31; got {epochs!r:.60}.")
    if not count:
        raise UsageError(
            "train: the data are one series that all batch elements share. Give samples, (samples, rows, units), as x[None]."
        )
    if samples.y_given and output is None and not supervisors(circuit) and not circuit.outputs_of:
        raise UsageError(
            "train: y was given, but nothing in the circuit presents it, and no output answers, so that it would have no "
            "effect. Give x alone; or let circuit.supervisor(...), circuit.target(...) or an output circuit present y; or "
            "name the population whose answers are compared with y, as in output='h'."
        )
    if circuit.batch_size > count:
        raise UsageError(
            f"batch_size: {circuit.batch_size} samples at a time, but {samples.name!r} has only {count} for training."
        )
