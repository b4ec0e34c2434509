"""A circuit that is trained epoch by epoch: one epoch shows all samples and measures; and whatever stops it undoes it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ...circuits import Circuit
from ...circuits.answers.answered_rows import Shown, mean_square, show
from ...circuits.answers.readout import Readout
from ...circuits.backends.divergence import Diverged
from ...circuits.backends.interrupts import postponed
from ...circuits.description.fingerprint import described
from ...circuits.inputs import Inputs, Rows
from ...circuits.inputs.given_samples import stimuli, supervisors
from ...circuits.lowering.timetable import Timetable
from ...circuits.lowering.variables import split_key
from ...circuits.running.untouched import untouched
from ...errors import UsageError
from ..analysis.measures import checked, measure
from ..analysis.weight_alignment import alignment
from ..data.augment import Augmentation, Augmented
from .callbacks import Callbacks
from .checkpoint import About, Checkpoint
from .history import History, Row, row
from .machine import threads, versions
from .modes import modes_in_words
from .progress_bar import Bar
from .samples import Part, Samples

__all__ = ["Training"]


class Training:
    """A circuit, its data, and how far its training is. `epoch()` trains one more epoch and measures it.

    Parameters
    ----------
    circuit : Circuit
        The circuit that learns.
    samples : Samples
        The data.
    backend : str
        The backend that runs the circuit.
    output : str, optional
        The population that answers. The default is the one that a supervisor projects to.
    measures : sequence of str
        The names of measures, for more columns of the history.
    callbacks : Callbacks
        The callbacks, which measure more columns, and keep arrays in checkpoints.
    images : Augmented, optional
        The training images, if they are changed in each epoch.
    modes : sequence of str or None
        The modes of the circuit through which an epoch goes, one after the other. Errors are measured in the first.
    """

    def __init__(
        self,
        circuit: Circuit,
        samples: Samples,
        backend: str,
        *,
        output: str | None = None,
        measures: Sequence[str] = (),
        callbacks: Callbacks | None = None,
        images: Augmented | None = None,
        modes: Sequence[str | None] = (None,),
    ) -> None:
        self.images = images if images is not None and images.how != Augmentation() else None
        self.circuit, self.seed, self.measures = circuit, circuit.seed, checked(measures)
        self.callbacks = Callbacks(()) if callbacks is None else callbacks
        self.samples = samples
        self.parts = dict(self.samples.parts)
        self.readout = _readout(circuit, output, modes[0])
        self.program = circuit.program(backend)
        for mode, part in product(modes, self.parts.values()):  # series last as long in each of the modes
            part.inputs.check_lengths(circuit, mode)
        self.modes, self.further = tuple(modes), {mode: circuit.timetable(mode=mode) for mode in modes[1:]}
        self.tables = {part: self._table(part, modes[0]) for part in ("train", "evaluate")}
        self.history = History(backend=backend, classes=self.samples.classes)
        how = Augmentation() if self.images is None else self.images.how
        self._about = About(
            seed=self.seed, network=described(circuit) | modes_in_words(modes), backend=backend,
            threads=threads(backend), versions=versions(backend),
            data={"name": self.samples.name, "fingerprint": replace(self.samples, how=how).fingerprint()},
        )  # fmt: skip
        self.good = self.checkpoint()

    def _table(self, part: str, mode: str | None) -> Timetable:
        return self.circuit.timetable(part, mode=mode) if self.readout is None else self.readout.table(part)

    def go_on_from(self, checkpoint: Checkpoint) -> None:
        """Take over the state and the history of a checkpoint."""
        checkpoint.restore(self.circuit)
        self.history.rows[:] = checkpoint.about.rows
        self.good = checkpoint

    def epoch(self, bar: Bar) -> Row:
        """Present all training samples in the order of this epoch, then evaluate.

        Raises
        ------
        Diverged, KeyboardInterrupt
            If a variable became NaN or infinite, or Ctrl-C was pressed. The circuit is then as it was before the epoch.
        """
        number = self.circuit.epoch + 1
        before = self._out_of_range()
        try:
            with np.errstate(all="ignore"):  # what overflows is found by its result, on every backend alike
                seconds, errors = self._train(number, bar)
                errors |= self._evaluate(number)
            beyond = None if before is None else int((self._out_of_range() or 0) - before)
            made = row(number, seconds, errors, alignment(self.circuit), self.parts["train"].count, beyond)
            self.history.rows.append(
                _with_columns(made | self._measured(), self.callbacks.measure(number, self.circuit))
            )
            self.circuit.epoch = number
            self.good = self.checkpoint()
        except BaseException:
            del self.history.rows[self.good.about.epoch :]
            self.go_back()
            raise
        return self.history.rows[-1]

    def go_back(self) -> None:
        """Restore the circuit as it was after the last whole epoch, in a new program if its own has ended. Ctrl-C waits."""
        with postponed():
            if not self.program.alive:
                self.circuit.close()
                self.program = self.circuit.program(self.history.backend)
            self.good.restore(self.circuit)

    def checkpoint(self) -> Checkpoint:
        """Return all that is needed to go on from here."""
        done, rows = len(self.history), list(self.history.rows)
        moment, kept = self.circuit.moment(), self.callbacks.arrays(self.circuit) if done else {}
        about = self._about.model_copy(update={"epoch": done, "before": moment.epoch - done, "rows": rows})
        return Checkpoint(moment.state, about, moment.noise, kept)

    def _train(self, number: int, bar: Bar) -> tuple[float, dict[str, float]]:
        """Train for an epoch, and return its seconds and the error of the training samples as they were shown."""
        part, how = self.parts["train"], self.samples.order
        order = part.taken(how.order(part.count, self.circuit.batch_size, self.seed, number))
        if (noise := how.noise(self.seed, number)) is not None:
            self.program.seed(noise)
        if self.images is not None and self.samples.data is not None:
            data = self.samples.data
            images = Rows(self.images.epoch(number), data.scale, data.offset)
            shown = dict.fromkeys((p.name for p in stimuli(self.circuit)), images)
            part = replace(part, inputs=Inputs({**part.inputs.rows, **shown}))
            self.parts = {**self.parts, "train": part}
        begin = time.perf_counter()
        read: tuple[Shown, NDArray[np.int32]] | None = None
        for mode, rows in how.passes(order, self.modes, self.seed, number):
            if mode == self.modes[0] and read is None:
                read = self._show(part, self.tables["train"], rows, number, bar), rows
            else:
                self._show(part, self.further[mode], rows, number, None)
        seconds = time.perf_counter() - begin
        return seconds, {} if read is None else self._error("train", part, *read)

    def _evaluate(self, number: int) -> dict[str, float]:
        """Return the errors of all samples that are not trained on; the circuit stays as it was."""
        errors: dict[str, float] = {}
        for name, part in self.parts.items():
            if name != "train" and self.readout is not None and part.wanted(self.readout.wanted) is not None:
                order = part.in_batches(self.circuit.batch_size)
                with untouched(self.program, self.tables["evaluate"]):
                    shown = self._show(part, self.tables["evaluate"], order, number, None)
                errors |= self._error(name, part, shown, order)
        return errors

    def _show(self, part: Part, table: Timetable, order: NDArray[np.int32], number: int, bar: Bar | None) -> Shown:
        part.inputs.load(self.program)
        tick = None if bar is None else (lambda n: bar.at(len(self.history), min(n * order.shape[1], part.count)))
        if self.readout is None or not any(table is one for one in self.tables.values()):
            shown = Shown(self.program.run(table, order, progress=tick), np.zeros(0))
        else:
            shown = show(self.program, self.readout, table, order, tick)
        result = shown.result
        if result.diverged:
            raise Diverged(
                f"Training diverged in epoch {number}, presentation {result.presentations} of {len(order)}: "
                f"{_in_words(self.circuit, result.diverged)} became NaN or infinite. A smaller learning rate may help; "
                "or a rule or an equation divides by zero.",
                result.diverged,
            )
        return shown

    def _error(self, name: str, part: Part, shown: Shown, order: NDArray[np.int32]) -> dict[str, float]:
        """Return the error of what was shown, by the name of its column; nothing where nothing says what was wanted."""
        wanted = None if self.readout is None else part.wanted(self.readout.wanted)
        if self.readout is None or wanted is None:
            return {}
        if self.readout.real:
            return {f"{name}_mse": mean_square(shown.answers, order, wanted)}
        there = order >= 0
        wrong = shown.answers.argmax(axis=-1)[there] != wanted.values[order[there], 0]
        return {f"{name}_error": float(np.mean(wrong))}

    def _measured(self) -> Row:
        if not self.measures:
            return {}
        data = self.parts["train"].inputs.rows if self.samples.data is None else self.samples.data
        return measure(self.circuit, self.measures, data)

    def _out_of_range(self) -> float | None:
        """Return how often the output's field has been out of its circuit's range, where the circuit counts it."""
        name = "" if self.readout is None else f"{self.readout.output.name}.beyond"
        return float(self.circuit[name].sum(dtype=float)) if name in self.program.variables else None


def _with_columns(made: Row, more: Mapping[str, float]) -> Row:
    """Return the row of an epoch with the columns of callbacks. Refuse those that have the name of another column."""
    taken = [name for name in more if name in made]
    if taken:
        raise UsageError(
            f"callbacks: on_epoch_measure returns the column {taken[0]!r}, which the history has already. Give it another "
            f"name; taken are {[*made]}."
        )
    return made | dict(more)


def _readout(circuit: Circuit, output: str | None, mode: str | None) -> Readout | None:
    """Return where the answer is read; None: the circuit has no output, and no error is measured."""
    if output is None and not supervisors(circuit) and not circuit.outputs_of:
        return None
    found = Readout.of(circuit, output, mode=mode)
    return found if found.real else Readout.of(circuit, output, rows="last", mode=mode)


def _in_words(circuit: Circuit, key: str) -> str:
    owner, variable = split_key(key)
    if owner in circuit.projections:
        projection = circuit.projections[owner]
        what = "weights" if variable == "w" else variable
        return f"{what} of the projection from {projection.pre.name!r} to {projection.post.name!r} ({key})"
    return f"{variable} of the population {owner!r} ({key})"
