"""The result of an evaluation: errors, loss and answers; and the checks of labels that it begins with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import RecircuitError
from ...other_libraries import NamesFromElsewhere
from ...tables import folded, html_table
from ..description.network import Network
from ..description.populations.shown_values import array_of
from ..inputs.rows import Inputs
from ..inputs.series import lengths_in_rows
from .readout import Readout

__all__ = ["Evaluation", "checked_labels", "masked_answers"]

#: The confusion matrix of so many classes is unfolded in Jupyter.
MOST = 20


@dataclass(frozen=True)
class Evaluation(NamesFromElsewhere):
    """The result of `Circuit.evaluate`.

    Parameters
    ----------
    error : float
        The share of wrong answers, from 0 to 1; NaN where real values are wanted.
    loss : float or None
        The mean loss of a sample; None if the output circuit does not define a loss.
    confusion : array of int
        How often each class (row) was answered by each class (column), of shape (classes, classes); empty where real
        values are wanted.
    answers : array
        The class that was answered for each sample, of shape (samples,), by its name if the circuit was trained with
        names; or the real values, of shape (samples, units) or (samples, rows, units).
    mse : float
        Where real values are wanted, the mean of (answer - wanted)^2 over samples, rows and units; NaN for classes.
    classes : tuple of str, optional
        The names of the classes, in the order of the rows of ``confusion``, if the circuit was trained with names.
    """

    error: float
    loss: float | None
    confusion: NDArray[np.int64] = field(repr=False)
    answers: NDArray[Any] = field(repr=False)
    mse: float = float("nan")
    classes: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        known = {"error": self.error, "loss": self.loss, "mse": self.mse}
        shown = [f"{name}={value:.4g}" for name, value in known.items() if value is not None and not np.isnan(value)]
        return f"Evaluation({', '.join([*shown, f'{len(self.answers)} samples'])})"

    def _repr_html_(self) -> str:
        names = self.classes or [str(label) for label in range(len(self.confusion))]
        rows = [(name, *map(str, counts)) for name, counts in zip(names, self.confusion)]
        table = html_table(("class", *(f"answered {name}" for name in names)), rows)
        return f"<p>{self!r}</p>" + (folded("confusion matrix", table, opened=len(rows) <= MOST) if rows else "")


def masked_answers(
    network: Network, inputs: Inputs, readout: Readout, answers: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return answers, of which those after the end of a sample are masked, where the samples have different lengths."""
    lengths = lengths_in_rows(network, {name: r.series for name, r in inputs.rows.items()}, readout.rows, readout.mode)
    if lengths is None:
        return answers
    after = np.arange(answers.shape[1]) >= lengths[:, None]
    return np.ma.masked_array(answers, np.broadcast_to(after[:, :, None], answers.shape))


def checked_labels(labels: Any, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return labels as whole numbers, one for each sample; ``shape`` is (samples, classes)."""
    given, (samples, classes) = _array(labels), shape
    given = given.reshape(-1) if given.shape == (samples, 1) else given
    if given.shape == shape and _is_one_hot(given):
        given = given.argmax(axis=1)
    whole = given.shape == (samples,) and given.dtype.kind in "uifb" and bool((given == np.floor(given)).all())
    if not whole or (given.size and not 0 <= given.min() <= given.max() < classes):
        raise RecircuitError(
            f"evaluate: expected {samples} labels, whole numbers from 0 to {classes - 1}, or the names of classes with which "
            f"the circuit was trained; got {given.dtype} of shape {given.shape}."
        )
    return given.astype(np.int64)


def _array(labels: Any) -> NDArray[Any]:
    try:
        return array_of(labels, "evaluate")
    except ValueError:
        raise RecircuitError(
            "evaluate: the labels are no array: they are lists of different lengths, or nested too deeply."
        ) from None


def _is_one_hot(labels: NDArray[Any]) -> bool:
    """Say whether each row has a single 1 and zeros, which `train` takes as a class too."""
    return labels.dtype.kind in "uifb" and bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all())
