"""Samples of the speed of a program, which may have to share the processors with others."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Sample(NamedTuple):
    """A measurement of presentations per second, and how many processors the program had on average.

    Beside other programs it has a share of the processors that changes from sample to sample.
    """

    rate: float
    processors: float

    @classmethod
    def of(cls, facts: Mapping[str, Any], batch_size: int) -> Sample:
        """Return what a peer answers to the command "time" (peers/server.py); batch elements count each."""
        return cls(batch_size * facts["presentations"] / facts["seconds"], facts["processors"])


def median_rate(samples: Sequence[Sample]) -> float:
    """Return presentations per second; 0 if there is no sample."""
    return statistics.median(sample.rate for sample in samples) if samples else 0.0


def of_processor_time(samples: Sequence[Sample]) -> float | None:
    """Return presentations per second of processor time, of all samples together, which take about the same time.

    None is returned if Linux has counted no processor time, since the samples are too short.
    """
    processors = sum(sample.processors for sample in samples)
    return sum(sample.rate for sample in samples) / processors if processors else None
