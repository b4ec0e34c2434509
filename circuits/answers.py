"""The answers of a circuit: outputs, predictions and errors. To measure them changes nothing in the circuit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..arguments import checked_arguments
from ..errors import RecircuitError
from .answered_rows import mean_square, show
from .given_samples import coded, is_pair, stimuli, x_and_y
from .inputs import Inputs, as_inputs, dataset_inputs, rows_for
from .readout import Readout, confusion
from .series_inputs import lengths_in_rows
from .stored import Stored
from .untouched import untouched

__all__ = ["Answering", "Evaluation"]


@dataclass(frozen=True)
class Evaluation:
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
    """

    error: float
    loss: float | None
    confusion: NDArray[np.int64] = field(repr=False)
    answers: NDArray[Any] = field(repr=False)
    mse: float = float("nan")

    def __repr__(self) -> str:
        known = {"error": self.error, "loss": self.loss, "mse": self.mse}
        told = [f"{name}={value:.4g}" for name, value in known.items() if value is not None and not np.isnan(value)]
        return f"Evaluation({', '.join([*told, f'{len(self.answers)} samples'])})"


class Answering(Stored):
    """The methods of a circuit with a stimulus and an output that give its answers."""

    @checked_arguments
    def outputs(
        self,
        x: Any,
        *,
        read: str | None = None,
        output: str | None = None,
        rows: Literal["all", "last"] | None = None,
        mode: str | None = None,
    ) -> NDArray[np.float64]:
        """Return the values of the output units at the end of an evaluation, for each sample; of series, for each row.

        The answer to a row of a series is read at the end of the row's last step. Answers to series of different lengths are a
        masked array. Nothing in the circuit changes: its variables, its clock and its random numbers are put back.

        Parameters
        ----------
        x : array, mapping or Dataset
            An array (samples, ...), a mapping from stimulus to array, an iterator over samples, or a data set, whose
            test samples are presented.
        read : str, optional
            The variable that is read, such as ``"h.rate"``. The default is the basal field of the output, or its rate
            if it has no such field. Where a target is wanted, it is the variable ``answer`` of the output, or its rate.
        output : str, optional
            The population that answers. The default is the one that a supervisor or target projects to.
        rows : {"all", "last"}, optional
            Whether the answers to all rows of a series are returned, or those at the end of the evaluation. The default
            is all where a series is wanted, or where series are presented and nothing is wanted.
        mode : str, optional
            The schedule that the circuit goes through. The default is the one that was declared first.

        Returns
        -------
        array of float
            The values, of shape (samples, units) or (samples, rows, units).

        Raises
        ------
        RecircuitError
            If the data do not fit, if there is no output, or if a variable became NaN or infinite.

        Examples
        --------
        >>> net.outputs(digits.rates(digits.x_test[:5])).shape                                     # doctest: +SKIP
        (5, 10)
        """
        readout, inputs = Readout.of(self, output, read, rows, mode), self._shown(x, mode)
        answers = self._outputs(inputs, readout)
        return _masked(self, inputs, readout, answers) if answers.ndim > 2 else answers

    @checked_arguments
    def predict(self, x: Any, *, output: str | None = None, mode: str | None = None) -> NDArray[Any]:
        """Return the answer to each sample. Nothing in the circuit changes.

        It is the output unit with the largest field: the number of its class, or the name if the circuit was trained with
        names. Where a target is wanted, it is the real values, as in `outputs`.

        Parameters
        ----------
        x : array, mapping or Dataset
            The samples, as in `outputs`.
        output : str, optional
            The population that answers, as in `outputs`.
        mode : str, optional
            The schedule that the circuit goes through, as in `outputs`.

        Returns
        -------
        array
            The classes, of shape (samples,); of real values the shape is (samples, units) or (samples, rows, units).
        """
        if Readout.of(self, output, mode=mode).real:
            return self.outputs(x, output=output, mode=mode)
        return self._named(self.outputs(x, output=output, rows="last", mode=mode).argmax(axis=1))

    @checked_arguments
    def evaluate(self, data: Any, *, output: str | None = None, mode: str | None = None) -> Evaluation:
        """Measure the error on samples for which it is known what is wanted. Nothing in the circuit changes.

        Parameters
        ----------
        data : Dataset, pair of arrays, or iterator
            A data set, whose test samples are presented; a pair (x, y), where y holds classes (numbers, or the names that
            the circuit was trained with) or the values of a target; or an iterator over such pairs.
        output : str, optional
            The population that answers. The default is the one that a supervisor or target projects to.
        mode : str, optional
            The schedule that the circuit goes through, as in `outputs`.

        Returns
        -------
        Evaluation
            The error, the loss, the confusion matrix and the answers; or the mean squared error and the answers.

        Raises
        ------
        RecircuitError
            If the samples or the labels do not fit, or if there is no output.

        Examples
        --------
        >>> net.evaluate(rc.load("digits")).error                                                   # doctest: +SKIP
        0.052
        """
        x, y = (data, data.y_test) if hasattr(data, "x_test") else x_and_y(self, data, "evaluate")
        readout = Readout.of(self, output, mode=mode)
        if y is None:
            raise RecircuitError(
                "evaluate: expected a data set, or a pair (x, y) of samples and targets; got samples without y."
            )
        if readout.real:
            return self._evaluate_real(x, y, readout)
        fields = self._outputs(self._shown(x, mode), readout)
        labels = _checked_labels(coded(y, self.classes, "evaluate"), fields.shape)
        answers = fields.argmax(axis=1)
        circuit = self.outputs_of.get(readout.output.name)
        losses = None if circuit is None else circuit.losses(fields, labels)
        return Evaluation(
            error=float(np.mean(answers != labels)),
            loss=None if losses is None else float(np.mean(losses)),
            confusion=confusion(labels, answers, fields.shape[1]),
            answers=self._named(answers),
        )

    def _evaluate_real(self, x: Any, y: Any, readout: Readout) -> Evaluation:
        inputs = self._shown(x, readout.mode)
        wanted = rows_for(self, readout.wanted, y, readout.mode)
        if not wanted.shared and wanted.count != inputs.count:
            raise RecircuitError(
                f"evaluate: x holds {inputs.count} samples, and y holds targets for {wanted.count}. Give one target "
                "for each sample."
            )
        answers, order = self._outputs(inputs, readout), np.arange(inputs.count, dtype=np.int32)
        mse = mean_square(answers[None], order[None], wanted)
        given = _masked(self, inputs, readout, answers) if answers.ndim > 2 else answers
        return Evaluation(float("nan"), None, np.zeros((0, 0), dtype=np.int64), given, mse)

    def _named(self, answers: NDArray[np.int64]) -> NDArray[Any]:
        """The classes by the names that training was given, if it was given names."""
        if self.classes is None or (answers.size and answers.max() >= len(self.classes)):
            return answers
        return np.array(self.classes)[answers]

    def _shown(self, x: Any, mode: str | None) -> Inputs:
        """Return rows for every stimulus. Supervisors present nothing in an evaluation."""
        if hasattr(x, "x_test"):
            return dataset_inputs(self, x, "test", mode)
        if isinstance(x, tuple) and is_pair(x):
            raise RecircuitError(
                "outputs: expected samples x alone; got a pair. Give x, or ask evaluate((x, y)) for errors."
            )
        x, _ = (x, None) if isinstance(x, tuple) else x_and_y(self, x, "outputs")
        shown = [p.name for p in stimuli(self)]
        given = x if isinstance(x, Mapping) else dict.fromkeys(shown[:1], x)
        missing = [name for name in shown if name not in given]
        if missing or not shown:
            raise RecircuitError(
                f"outputs: data are needed for the stimuli {shown or '(there are none)'}; none were given for {missing}. "
                "Give a mapping from stimulus to array."
            )
        return as_inputs(self, given, mode=mode)

    def _outputs(self, inputs: Inputs, readout: Readout) -> NDArray[np.float64]:
        program, table = self.program(), readout.table("evaluate")
        order = inputs.order(None, self.batch_size).astype(np.int32)
        inputs.load(program)
        with untouched(program, table):
            shown = show(program, readout, table, order)
        shown.result.raise_if_diverged()
        return np.asarray(shown.answers[order >= 0], dtype=float)


def _masked(circuit: Answering, inputs: Inputs, readout: Readout, answers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Answers, of which those after the end of a sample are masked, where the samples have different lengths."""
    lengths = lengths_in_rows(circuit, {name: r.series for name, r in inputs.rows.items()}, readout.rows, readout.mode)
    if lengths is None:
        return answers
    after = np.arange(answers.shape[1]) >= lengths[:, None]
    return np.ma.masked_array(answers, np.broadcast_to(after[:, :, None], answers.shape))


def _checked_labels(labels: Any, shape: tuple[int, ...]) -> NDArray[np.int64]:
    given, (samples, classes) = np.asarray(labels), shape
    given = given.reshape(-1) if given.shape == (samples, 1) else given
    whole = given.shape == (samples,) and given.dtype.kind in "uifb" and bool((given == np.floor(given)).all())
    if not whole or (given.size and not 0 <= given.min() <= given.max() < classes):
        raise RecircuitError(
            f"evaluate: expected {samples} labels, whole numbers from 0 to {classes - 1}, or the names of classes with which "
            f"the circuit was trained; got {given.dtype} of shape {given.shape}."
        )
    return given.astype(np.int64)
