"""The answers of a circuit: outputs, predictions and errors. Measuring them changes nothing in the circuit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...arguments import checked_arguments
from ...errors import RecircuitError
from ..answers.answered_rows import mean_square, show
from ..answers.evaluation import Evaluation, checked_labels, masked_answers
from ..answers.readout import Readout, confusion
from ..inputs.given_samples import coded, is_pair, stimuli, x_and_y
from ..inputs.rows import Inputs, as_inputs, dataset_inputs, rows_for
from ..running.untouched import untouched
from .storing import StorageMethods

__all__ = ["AnswerMethods"]


class AnswerMethods(StorageMethods):
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
        """Return the values of the output units at the end of an evaluation, for each sample, or for each row of series.

        The answer to a row of a series is read at the end of the row's last step. Answers to series of different lengths are a
        masked array. Nothing in the circuit changes: its variables, its clock and its random numbers are restored. Within the
        evaluation, each batch element continues from the sample before, as in a run.

        Parameters
        ----------
        x : array, mapping or Dataset
            An array (samples, ...), a mapping from stimulus to array, an iterator over samples, or a data set, whose
            test samples are presented.
        read : str, optional
            The variable that is read, such as ``"h.rate"``. The default is the basal field of the output, or its rate
            if it has no such field. In a circuit with a target, it is the variable ``answer`` of the output, or its rate.
        output : str, optional
            The population that answers. The default is the one that a supervisor or target projects to.
        rows : {"all", "last"}, optional
            Whether the answers to all rows of a series are returned, or those at the end of the evaluation. The default
            is all if the target is a series, or if series are presented and there is no target.
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
        return masked_answers(self, inputs, readout, answers) if answers.ndim > 2 else answers

    @checked_arguments
    def predict(self, x: Any, *, output: str | None = None, mode: str | None = None) -> NDArray[Any]:
        """Return the answer to each sample. Nothing in the circuit changes.

        The answer is the class of the output unit with the largest field: its number, or its name if the circuit was trained
        with names. In a circuit with a target, the answer is the real values, as in `outputs`.

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
            The classes, of shape (samples,); for real values the shape is (samples, units) or (samples, rows, units).
        """
        if Readout.of(self, output, mode=mode).real:
            return self.outputs(x, output=output, mode=mode)
        return self._named(self.outputs(x, output=output, rows="last", mode=mode).argmax(axis=1))

    @checked_arguments
    def evaluate(self, data: Any, *, output: str | None = None, mode: str | None = None) -> Evaluation:
        """Measure the error on samples with known labels or targets. Nothing in the circuit changes.

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
        labels = checked_labels(coded(y, self.classes, "evaluate"), fields.shape)
        answers = fields.argmax(axis=1)
        circuit = self.outputs_of.get(readout.output.name)
        losses = None if circuit is None else circuit.losses(fields, labels)
        return Evaluation(
            error=float(np.mean(answers != labels)),
            loss=None if losses is None else float(np.mean(losses)),
            confusion=confusion(labels, answers, fields.shape[1]),
            answers=self._named(answers),
            classes=self.classes if self.classes and len(self.classes) == fields.shape[1] else None,
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
        given = masked_answers(self, inputs, readout, answers) if answers.ndim > 2 else answers
        return Evaluation(float("nan"), None, np.zeros((0, 0), dtype=np.int64), given, mse)

    def _named(self, answers: NDArray[np.int64]) -> NDArray[Any]:
        """Return the classes by their names, if the circuit was trained with names."""
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
