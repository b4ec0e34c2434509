"""Training a circuit on a data set, epoch by epoch, so that it can be stopped at any moment and goes on exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...circuits import Circuit
from ...circuits.backends import RunResult
from ...circuits.backends.program import Diverged
from ...circuits.inputs import Inputs, Rows, dataset_inputs
from ...circuits.readout import Readout
from ...circuits.untouched import untouched
from ...errors import UsageError
from ..analysis.measures import checked, measure
from ..analysis.weight_alignment import alignment
from ..data import Dataset
from ..data.augment import Augmentation, Augmented
from .checkpoint import About, Checkpoint, described
from .history import History, Row, row
from .machine import choose, threads, versions
from .progress_bar import Bar
from .run_files import WEIGHTS, RunFolder, run_folder

__all__ = ["WEIGHTS", "Training", "train"]


def train(
    circuit: Circuit,
    data: Dataset,
    epochs: int = 1,
    *,
    backend: str = "auto",
    out: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    files: Mapping[str, bytes] | None = None,
    output: str | None = None,
    measures: Sequence[str] = (),
    augment: Augmentation | str = "",
    progress: bool | Callable[[str], None] = True,
) -> History:
    """Show the training samples to a circuit, each once an epoch, and measure after every epoch.

    Any circuit with a stimulus and a supervisor will do; `layered` makes the usual ones. Its weights are changed;
    call it again to train on: the epochs of a circuit are counted (`circuit.epoch`), so that three calls with epochs=1 are
    one with epochs=3. The order of epoch k, and its noise, depend on the circuit's seed and k alone, so that a resumed run
    equals one that was not interrupted, bit for bit on one backend and thread count. What is measured after an epoch
    changes nothing in the circuit.

    Args:
        circuit: what learns; its batch is filled with as many samples at a time.
        data: samples and labels.
        epochs: how many epochs this run has, each of which shows all samples; those of a resumed run are included.
        backend: "numpy", "cpp", "cuda" or "auto".
        out: a folder for weights.safetensors (written after each epoch), metrics.csv and curves.png.
        resume: go on from the checkpoint in `out`, where there is one.
        overwrite: write over a run in `out`; without it, a folder that holds a run is refused.
        files: by name, more files for the folder, which are written with the first checkpoint.
        output: the population that answers; None: the one that a supervisor projects to.
        measures: names from `recircuit.models.analysis.measures.MEASURES`: more columns for the history, after each epoch.
        augment: what is done to the training images anew in every epoch, as in "shift .1, flip .5, elastic 34 4".
        progress: whether to show a bar (on a terminal or in a notebook); or a function that is called with a line of
            text after each epoch, beside the bar.

    Returns:
        the history; after Ctrl-C it is `interrupted`, and the circuit is as after the last whole epoch.

    Raises:
        UsageError: the circuit does not fit the data, or the call makes no sense.
        Diverged: something became NaN or infinite; the circuit, like the checkpoint, is as after the last good epoch.
        RecircuitError: a file cannot be read or written, or the checkpoint is of another run.
    """
    seed = circuit.seed
    check(circuit, data, epochs, seed)
    how = Augmentation.of(augment) if isinstance(augment, str) else augment
    with run_folder(out, resume=resume, overwrite=overwrite, beside=files or {}) as folder:
        if folder.found is not None:
            folder.found.check(circuit, _fingerprint(data, how), seed)
            backend = folder.found.about.backend if backend == "auto" else backend
        report = progress if callable(progress) else lambda _: None
        name, _ = choose(circuit, backend, epochs * -(-data.n_train // circuit.batch_size))
        with Augmented(data, how, seed, epochs) as images:
            training = Training(circuit, data, name, seed, output, measures, images)
            if folder.found is not None:
                training.go_on_from(folder.found)
            return _run(training, epochs, folder, Bar(bool(progress)), report)


class Training:
    """A circuit, its data, and how far it is. `epoch()` trains one more and measures it."""

    def __init__(
        self,
        circuit: Circuit,
        data: Dataset,
        backend: str,
        seed: int,
        output: str | None = None,
        measures: Sequence[str] = (),
        images: Augmented | None = None,
    ) -> None:
        self.images = images if images is not None and images.how != Augmentation() else None
        self.circuit, self.data, self.seed, self.measures = circuit, data, seed, checked(measures)
        self.readout = Readout.of(circuit, output)
        self.inputs = {part: dataset_inputs(circuit, data, part) for part in ("train", "test")}
        self.program = circuit.program(backend)
        self.tables = {"train": self.readout.table("train"), "test": self.readout.table("evaluate")}
        self.history = History(backend=backend)
        self._about = About(
            seed=seed, network=described(circuit), data={"name": data.name, "fingerprint": self._fingerprint()},
            backend=backend, threads=threads(backend), versions=versions(backend),
        )  # fmt: skip
        self.good = self.checkpoint()

    def go_on_from(self, checkpoint: Checkpoint) -> None:
        """Take over its state and history."""
        checkpoint.restore(self.circuit)
        self.history.rows[:] = checkpoint.about.rows
        self.good = checkpoint

    def epoch(self, bar: Bar) -> Row:
        """Show all training samples in the order of this epoch, then evaluate.

        Raises Diverged, or KeyboardInterrupt; either leaves the circuit as it was before the epoch.
        """
        number = self.circuit.epoch + 1
        before = self._beyond()
        try:
            with np.errstate(all="ignore"):  # what overflows is found by its result, on every backend alike
                measured = self._train(number, bar)
            beyond = None if before is None else int((self._beyond() or 0) - before)
            made = row(number, measured[0], measured[1:], alignment(self.circuit), self.data.n_train, beyond)
            self.history.rows.append(made | (measure(self.circuit, self.measures, self.data) if self.measures else {}))
            self.circuit.epoch = number
            self.good = self.checkpoint()
        except BaseException:
            del self.history.rows[self.good.about.epoch :]
            self.good.restore(self.circuit)
            raise
        return self.history.rows[-1]

    def checkpoint(self) -> Checkpoint:
        """All that is needed to go on from here."""
        done, rows = len(self.history), list(self.history.rows)
        moment = self.circuit.moment()
        about = self._about.model_copy(update={"epoch": done, "before": moment.epoch - done, "rows": rows})
        return Checkpoint(moment.state, about, moment.noise)

    def _train(self, number: int, bar: Bar) -> tuple[float, float, float]:
        """Seconds, training error and test error of an epoch."""
        order = epoch_order(self.data.n_train, self.circuit.batch_size, self.seed, number)
        self.program.seed(epoch_seed(self.seed, number))
        if self.images is not None:
            rows = Rows(self.images.epoch(number), self.data.scale, self.data.offset)
            stimuli = (p.name for p in self.circuit.populations.values() if p.clamp and p.clamp.kind == "values")
            self.inputs["train"] = Inputs({**self.inputs["train"].rows, **dict.fromkeys(stimuli, rows)})
        begin = time.perf_counter()
        shown = self._show("train", order, number, bar)
        seconds = time.perf_counter() - begin
        train_error = self.readout.wrong(shown, order, self.data.y_train)
        order = in_batches(np.arange(self.data.n_test), self.circuit.batch_size)
        with untouched(self.program, self.tables["test"]):
            shown = self._show("test", order, number, None)
        return seconds, train_error, self.readout.wrong(shown, order, self.data.y_test)

    def _show(self, part: str, order: NDArray[np.int32], number: int, bar: Bar | None) -> RunResult:
        self.inputs[part].load(self.program)
        tick = None if bar is None else (lambda n: bar.at(number - 1, min(n * order.shape[1], self.data.n_train)))
        result = self.program.run(self.tables[part], order, collect=self.readout.collect, progress=tick)
        if result.diverged:
            raise Diverged(
                f"Training diverged in epoch {number}, presentation {result.presentations} of {len(order)}: "
                f"{_in_words(self.circuit, result.diverged)} became NaN or infinite. A smaller learning rate may help; "
                "or a rule or an equation divides by zero."
            )
        return result

    def _fingerprint(self) -> str:
        return _fingerprint(self.data, Augmentation() if self.images is None else self.images.how)

    def _beyond(self) -> float | None:
        """How often the output's field has been out of its circuit's range, where the circuit counts it."""
        name = f"{self.readout.output.name}.beyond"
        return float(self.circuit[name].sum(dtype=float)) if name in self.program.variables else None


def _fingerprint(data: Dataset, how: Augmentation) -> str:
    """Of all that training can see."""
    return data.fingerprint() + (f", {how}" if how != Augmentation() else "")


def epoch_order(count: int, batch_size: int, seed: int, number: int) -> NDArray[np.int32]:
    """The samples of an epoch in random order, (presentations, batch); it depends on seed and epoch alone."""
    return in_batches(np.random.default_rng([seed, number]).permutation(count), batch_size)


def epoch_seed(seed: int, number: int) -> int:
    """Where the random numbers of an epoch's noise begin."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def in_batches(rows: NDArray[np.integer], batch_size: int) -> NDArray[np.int32]:
    """Rows side by side, (presentations, batch); the last line is filled with -1, which shows nothing."""
    padded = np.full(-(-len(rows) // batch_size) * batch_size, -1, dtype=np.int32)
    padded[: len(rows)] = rows
    return padded.reshape(-1, batch_size)


def check(circuit: Circuit, data: Dataset, epochs: int, seed: int) -> None:
    """Refuse what cannot be trained.

    Raises UsageError: no stimulus, sizes that do not fit the data, more batch elements than samples, epochs or seed.
    """
    if isinstance(epochs, bool) or not isinstance(epochs, int | np.integer) or epochs < 1:
        raise UsageError(f"epochs: expected a whole number, at least 1; got {epochs!r}.")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise UsageError(f"seed: expected a whole number from 0 to 2^32 - 1; got {seed!r}.")
    if circuit.batch_size > data.n_train:
        raise UsageError(
            f"batch_size: {circuit.batch_size} samples at a time, but {data.name!r} has only {data.n_train} for training."
        )
    clamped = [p for p in circuit.populations.values() if p.clamp is not None]
    if not any(p.clamp and p.clamp.kind == "values" for p in clamped):
        raise UsageError("train: the circuit has no stimulus; add one with circuit.stimulus(name, size).")
    for population in clamped:
        labels = population.clamp is not None and population.clamp.kind == "labels"
        wanted, what = (data.classes, "classes") if labels else (data.n_features, "features")
        if population.size != wanted:
            raise UsageError(
                f"The population {population.name!r} has {population.size} units, but {data.name!r} has {wanted} "
                f"{what}: the {'last' if labels else 'first'} layer needs {wanted}."
            )


def _run(training: Training, epochs: int, folder: RunFolder, bar: Bar, report: Callable[[str], None]) -> History:
    history = training.history
    try:
        folder.begin(training.good, history)
        with bar.over(epochs, training.data.n_train, len(history)):
            while len(history) < epochs:
                measured = training.epoch(bar)
                report(_line(measured, epochs))
                folder.save(training.good, history)
    except KeyboardInterrupt:
        if not folder.begun:
            raise
        history.interrupted = True
        folder.save(training.good, history, stopping=True)  # it may have come while they were written
    except Diverged as problem:
        where = "in the circuit" if folder.lock is None else f"in {folder.lock.folder / WEIGHTS}"
        raise Diverged(f"{problem} The weights after epoch {len(history)} are kept {where}.") from None
    folder.draw(history)
    return history


def _line(measured: Row, epochs: int) -> str:
    angles = [f"{k.removesuffix('_angle')} {v:.0f}°" for k, v in measured.items() if k.endswith("_angle")]
    text = f"epoch {measured['epoch']:>{len(str(epochs))}.0f}/{epochs}"
    text += f"  train {measured['train_error']:6.2%}  test {measured['test_error']:6.2%}"
    text += f"  angle {', '.join(angles)}" if angles else ""
    text += f"  beyond M {measured['beyond']:.0f}" if measured.get("beyond") else ""
    return f"{text}  {measured['presentations_per_second']:,.0f} presentations/s"


def _in_words(circuit: Circuit, key: str) -> str:
    owner, _, variable = key.partition(".")
    if owner in circuit.projections:
        projection = circuit.projections[owner]
        what = "weights" if variable == "w" else variable
        return f"{what} of the projection from {projection.pre.name!r} to {projection.post.name!r} ({key})"
    return f"{variable} of the population {owner!r} ({key})"
