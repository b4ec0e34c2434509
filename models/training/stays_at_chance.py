"""The warning of a training that has learned little, with what usually helps."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from ..networks.usual_rate import FEW
from .epochs import Training

__all__ = ["warn_near_chance"]

#: After so many epochs an error near chance is no longer that of the beginning.
EPOCHS = 3
#: The share of the error at chance from which little is learned: by the mean over many samples, and over few.
SHARES = (0.9, 0.5)


def warn_near_chance(training: Training, progress: bool | Callable[[str], None]) -> None:
    """Warn of a training error that is hardly better than always answering with the most frequent class.

    Parameters
    ----------
    training : Training
        The training, which has ended.
    progress : bool or function
        Whether progress is shown; or a function that is called with the text in place of a warning.
    """
    text = _text(training) if progress else ""
    if text and callable(progress):
        progress(text)
    elif text:
        warnings.warn(text, stacklevel=4)


def _text(training: Training) -> str:
    """Return the text of the warning; it is empty if the error is well below chance, or if there are no classes, or one."""
    rows, batch_size = training.history.rows, training.circuit.batch_size
    error, chance = rows[-1].get("train_error") if rows else None, _chance(training)
    if not (error and chance) or len(rows) < EPOCHS or error < chance * SHARES[batch_size < FEW]:
        return ""
    few = f", the more so where updates are means over few samples, here over {batch_size}" if batch_size < FEW else ""
    return (
        f"train: {error:.1%} of the training samples are answered wrongly in the last epoch; always answering with the most "
        f"frequent class makes {chance:.1%} wrong. A smaller learning rate often helps{few}: "
        "rule.with_parameters(rate=...), or --rate on the command line. Inputs should lie between -1 and 1 for the most part."
    )


def _chance(training: Training) -> float:
    """Return the share of training samples that are not of the most frequent class; NaN without classes."""
    part, readout = training.parts["train"], training.readout
    wanted = None if readout is None or readout.real else part.wanted(readout.wanted)
    if wanted is None or not part.count:
        return float("nan")
    return 1 - float(np.bincount(wanted.values[part.rows, 0].astype(int)).max()) / part.count
