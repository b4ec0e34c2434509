"""The default options of a training run, which depend on the size of the data or on the paper of a model."""

from __future__ import annotations

from typing import Any, Protocol

from ...errors import UsageError
from ..data import Dataset
from ..networks.architectures import ARCHITECTURES

__all__ = ["RATE_DECAY", "SMALL", "of_model", "usual_batch_size", "usual_epochs"]

#: Fewer training samples than this are a small data set.
SMALL = 10_000
#: The learning rate of a rule that has one is rate/(1 + RATE_DECAY*n) after n updates.
RATE_DECAY = 5e-4


class RunOptions(Protocol):
    """The options of a run that `of_model` reads. `RunConfig` has them."""

    model: str | None
    layers: str | None
    batch_size: int | None
    epochs: int | None

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the options that were given."""
        ...


def usual_epochs(samples: int) -> int:
    """Return the usual number of epochs: 20 for a small data set, and 6 otherwise."""
    return 20 if samples < SMALL else 6


def usual_batch_size(samples: int) -> int:
    """Return about a 64th of the number of samples, from 10 to 100, in round numbers."""
    share = min(100, max(10, samples // 64))
    return min(samples, share - share % 10)


def of_model(config: RunOptions, data: Dataset) -> dict[str, Any]:
    """Return the options of a model that were not given: the transfer function, loss, rate and batch size of its paper.

    The paper's batch elements are taken where the data have 20 times as many samples.

    Raises
    ------
    UsageError
        If the options or the data do not go with a model.
    """
    if config.layers is not None:
        raise UsageError("--model and --layers are two ways to say what the network is: give one of them.")
    if len(data.shape) not in (2, 3):
        raise UsageError(f"--model {config.model}: {data.name!r} has samples of the shape {data.shape}, not images.")
    paper = ARCHITECTURES.get(config.model or "")
    found: dict[str, Any] = {}
    if paper is not None:
        found = {k: getattr(paper, k) for k in ("transfer", "loss") if k not in config.model_fields_set}
        found |= {k: v for k, v in (("rate", paper.rate), ("rate_decay", 0.0)) if getattr(config, k) is None}
    batch_size = (
        paper.batch_size
        if paper is not None and data.n_train >= 20 * paper.batch_size
        else usual_batch_size(data.n_train)
    )
    batch_size = config.batch_size or batch_size
    if batch_size > data.n_train:
        raise UsageError(f"--batch-size {batch_size}: {data.name!r} has only {data.n_train} training samples.")
    return {**found, "batch_size": batch_size, "epochs": config.epochs or usual_epochs(data.n_train)}
