"""The answers of a circuit: outputs, predictions and errors. To measure them changes nothing in the circuit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..door import door
from ..errors import RecircuitError
from .inputs import Inputs, as_inputs, dataset_inputs
from .readout import Readout, confusion
from .stored import Stored
from .untouched import untouched

__all__ = ["Answering", "Evaluation"]


@dataclass(frozen=True)
class Evaluation:
    """The result of `Circuit.evaluate`.

    Parameters
    ----------
    error : float
        The share of wrong answers, from 0 to 1.
    loss : float or None
        The mean loss of a sample; None if the output circuit does not define a loss.
    confusion : array of int
        How often each class (row) was answered by each class (column), of shape (classes, classes).
    answers : array of int
        The class that was answered for each sample, of shape (samples,).
    """

    error: float
    loss: float | None
    confusion: NDArray[np.int64] = field(repr=False)
    answers: NDArray[np.int64] = field(repr=False)


class Answering(Stored):
    """The methods of a circuit with a stimulus and an output that give its answers."""

    @door
    def outputs(
        self, x: Any, *, read: str | None = None, output: str | None = None, mode: str | None = None
    ) -> NDArray[np.float64]:
        """Return the values of the output units at the end of an evaluation, for each sample.

        Nothing in the circuit changes: its variables, its clock and its random numbers are put back.

        Parameters
        ----------
        x : array, mapping or Dataset
            An array (samples, ...), a mapping from stimulus to array, or a data set, whose test samples are presented.
        read : str, optional
            The variable that is read, such as ``"h.rate"``. The default is the basal field of the output, or its rate
            if it has no such field.
        output : str, optional
            The population that answers. The default is the one that a supervisor projects to.
        mode : str, optional
            The schedule that the circuit goes through. The default is the one that was declared first.

        Returns
        -------
        array of float
            The values, of shape (samples, units).

        Raises
        ------
        RecircuitError
            If the data do not fit, if there is no output, or if a variable became NaN or infinite.

        Examples
        --------
        >>> net.outputs(digits.rates(digits.x_test[:5])).shape                                     # doctest: +SKIP
        (5, 10)
        """
        return self._outputs(self._shown(x, mode), Readout.of(self, output, read, mode))

    @door
    def predict(self, x: Any, *, output: str | None = None, mode: str | None = None) -> NDArray[np.int64]:
        """Return the answer to each sample, which is the output unit with the largest field. Nothing in the circuit changes.

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
        array of int
            The numbers of output units, which are those of the classes, of shape (samples,).
        """
        return self.outputs(x, output=output, mode=mode).argmax(axis=1)

    @door
    def evaluate(self, data: Any, *, output: str | None = None, mode: str | None = None) -> Evaluation:
        """Measure the error on samples whose classes are known. Nothing in the circuit changes.

        Parameters
        ----------
        data : Dataset or pair of arrays
            A data set, whose test samples are presented, or a pair (samples, labels).
        output : str, optional
            The population that answers. The default is the one that a supervisor projects to.
        mode : str, optional
            The schedule that the circuit goes through, as in `outputs`.

        Returns
        -------
        Evaluation
            The error, the loss, the confusion matrix and the answers.

        Raises
        ------
        RecircuitError
            If the samples or the labels do not fit, or if there is no output.

        Examples
        --------
        >>> net.evaluate(rc.load("digits")).error                                                   # doctest: +SKIP
        0.052
        """
        x, labels = (data, data.y_test) if hasattr(data, "x_test") else _pair(data)
        readout = Readout.of(self, output, within=mode)
        fields = self._outputs(self._shown(x, mode), readout)
        labels = _checked_labels(labels, fields.shape)
        answers = fields.argmax(axis=1)
        circuit = self.outputs_of.get(readout.output.name)
        losses = None if circuit is None else circuit.losses(fields, labels)
        return Evaluation(
            error=float(np.mean(answers != labels)),
            loss=None if losses is None else float(np.mean(losses)),
            confusion=confusion(labels, answers, fields.shape[1]),
            answers=answers,
        )

    def _shown(self, x: Any, mode: str | None) -> Inputs:
        """Return rows for every stimulus. Supervisors present nothing in an evaluation."""
        if hasattr(x, "x_test"):
            return dataset_inputs(self, x, "test", mode)
        stimuli = [p.name for p in self.populations.values() if p.clamp is not None and p.clamp.kind == "values"]
        given = x if isinstance(x, Mapping) else dict.fromkeys(stimuli[:1], x)
        missing = [name for name in stimuli if name not in given]
        if missing or not stimuli:
            raise RecircuitError(
                f"outputs: data are needed for the stimuli {stimuli or '(there are none)'}; none were given for {missing}. "
                "Give a mapping from stimulus to array."
            )
        return as_inputs(self, given, mode=mode)

    def _outputs(self, inputs: Inputs, readout: Readout) -> NDArray[np.float64]:
        program, table = self.program(), readout.table("evaluate")
        order = inputs.order(None, self.batch_size).astype(np.int32)
        inputs.load(program)
        with untouched(program, table):
            result = program.run(table, order, collect=readout.collect)
        result.raise_if_diverged()
        return np.asarray(readout.fields(result)[order >= 0], dtype=float)


def _pair(data: Any) -> tuple[Any, Any]:
    try:
        x, labels = data
    except (TypeError, ValueError):
        raise RecircuitError(
            f"evaluate: expected a data set or a pair (samples, labels); got {type(data).__name__}."
        ) from None
    return x, labels


def _checked_labels(labels: Any, shape: tuple[int, ...]) -> NDArray[np.int64]:
    given, (samples, classes) = np.asarray(labels), shape
    whole = given.shape == (samples,) and given.dtype.kind in "ui"
    if not whole or (given.size and not 0 <= given.min() <= given.max() < classes):
        raise RecircuitError(
            f"evaluate: expected {samples} labels, whole numbers from 0 to {classes - 1}; got {given.dtype} of shape "
            f"{given.shape}."
        )
    return given.astype(np.int64)
