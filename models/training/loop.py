"""Training a circuit on data, epoch by epoch, so that it can be stopped at any moment and goes on exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Unpack

from ...arguments import checked_arguments
from ...callables import check_takes
from ...circuits import Circuit
from ...circuits.backends.divergence import Diverged
from ...circuits.backends.interrupts import interruptible
from ...errors import Interruption
from ..data.augment import Augmented
from .callbacks import Callback, Callbacks
from .checks import check
from .epochs import Training
from .history import History, Row
from .machine import choose
from .measured_text import errors_in
from .modes import ModeOptions, modes_of
from .progress_bar import Bar
from .run_files import WEIGHTS, RunFiles, RunFolder, run_folder
from .samples import Samples
from .stays_at_chance import warn_near_chance

__all__ = ["TrainingDiverged", "TrainingInterrupted", "train"]


class TrainingInterrupted(Interruption):
    """Ctrl-C was pressed during `train`. The circuit and the files are as after the last whole epoch.

    Parameters
    ----------
    history : History
        The measurements until then.
    """

    def __init__(self, history: History) -> None:
        done = f"after epoch {history.rows[-1]['epoch']:.0f}" if history.rows else "before the first epoch"
        super().__init__(
            f"Training was stopped. The circuit, and the files of the run if there are any, are as {done}. The attribute "
            "`history` of this exception holds the epochs until then."
        )
        self.history = history

    def __reduce__(self) -> tuple[Any, ...]:
        return TrainingInterrupted, (self.history,)


class TrainingDiverged(Diverged):
    """A variable became NaN or infinite during `train`. The circuit and the files are as after the last good epoch.

    Parameters
    ----------
    message : str
        What happened, and what may help.
    variable : str
        The variable that became NaN or infinite.
    history : History
        The measurements until then.
    """

    def __init__(self, message: str, variable: str, history: History) -> None:
        super().__init__(message, variable)
        self.history = history

    def __reduce__(self) -> tuple[Any, ...]:
        return TrainingDiverged, (str(self), self.variable, self.history)


@checked_arguments
def train(
    circuit: Circuit,
    data: Any,
    epochs: int = 1,
    *,
    backend: str = "auto",
    out: str | Path | RunFiles | None = None,
    validation: Any = None,
    output: str | None = None,
    measures: Sequence[str] = (),
    callbacks: Callback | Sequence[Callback] | None = (),
    progress: bool | Callable[[str], None] = True,
    **schedule: Unpack[ModeOptions],
) -> History:
    """Train a circuit: present each training sample once per epoch, and measure after every epoch.

    Any circuit with a stimulus can be trained; `layered` makes the usual ones. Its weights are changed. The epochs of a
    circuit are counted (`circuit.epoch`), so that three calls with epochs=1 are the same as one with epochs=3. The
    order of epoch k, and its noise, depend on the circuit's seed and k alone, so that a resumed run equals one that was
    not interrupted, bit for bit on one backend and thread count. Measurements change nothing in the circuit.

    Parameters
    ----------
    circuit : Circuit
        The circuit. As many samples as it has batch elements are presented at the same time.
    data : Dataset, AugmentedData, pair of arrays, array, or iterator
        A `Dataset`, with its test samples; a pair (x, y) of arrays or tables, where y holds classes (numbers from 0, or
        names) or real-valued targets; x alone for a circuit without supervision; an iterator over such pairs or samples, or a
        data set or loader of PyTorch, which is read once, to its end; ((x, y), (x_test, y_test)), with test samples; or
        `augmented` images. x is an array (samples, ...) or a mapping from stimulus to array.
    epochs : int, default 1
        The number of epochs of this run; a resumed run counts those before.
    backend : {"auto", "numpy", "cpp", "cuda", "interpreter"}
        The backend.
    out : str, Path or RunFiles, optional
        A folder for weights.safetensors (written after each epoch), metrics.csv and curves.png; or ``RunFiles(folder,
        resume=True)``, which continues from the checkpoint in the folder, or ``RunFiles(folder, overwrite=True)``.
    validation : float or pair of arrays, optional
        A share of the training samples, such as .1, or a pair (x, y). It is measured after each epoch and not trained
        on.
    output : str, optional
        The population that answers. The default is the one that a supervisor or target projects to.
    measures : sequence of str
        Names from `recircuit.models.analysis.measures.MEASURES`, for more columns of the history.
    callbacks : function, object, sequence of them, or None
        Functions of (epoch, metrics, net), or objects with a method ``on_epoch_end(epoch, metrics, net)`` such as
        `EarlyStopping`. They are called after each epoch, and training stops if one of them returns True.
        `recircuit.models.training.callbacks` describes the other methods that such an object may have.
    progress : bool or function
        Whether to show a progress bar (on a terminal or in a notebook); or a function that is called with a line of
        text after each epoch, beside the bar. Unless it is False, there is a warning if the error stays near chance.
    **schedule : Unpack[ModeOptions]
        ``mode``, the mode in which the circuit is trained. The default is the one that was declared first. With several, as
        in ``mode=["wake", "sleep"]``, each epoch presents all samples in the first mode, and then all of them in the next.
        The error is measured in the first mode.

    Returns
    -------
    History
        The measurements, a row for each epoch.

    Raises
    ------
    UsageError
        If the circuit does not fit the data, or an argument makes no sense.
    TrainingDiverged
        If a variable became NaN or infinite. The circuit and the checkpoint are as after the last good epoch, and its
        attribute ``history`` has the epochs until then.
    TrainingInterrupted
        After Ctrl-C; it is a KeyboardInterrupt. The circuit and the files are as after the last whole epoch, and its
        attribute ``history`` has the epochs until then.
    RecircuitError
        If a file cannot be read or written, or the checkpoint is of another run.

    Examples
    --------
    >>> net = rc.layered([64, 100, 10], "urfb", batch_size=20)                                      # doctest: +SKIP
    >>> history = rc.train(net, (x, y), 50, validation=.1, callbacks=rc.EarlyStopping())            # doctest: +SKIP
    """
    seed, called = circuit.seed, Callbacks(callbacks)
    if callable(progress):
        check_takes(progress, ("line",), "train, progress")
    modes = modes_of(schedule, train.__annotations__)
    samples = Samples.of(circuit, data, validation, modes[0])
    check(circuit, samples, epochs, output)
    files = out if isinstance(out, RunFiles) else RunFiles(out)
    with run_folder(files) as folder:
        if folder.found is not None:
            folder.found.check(circuit, samples.fingerprint(), seed, modes)
            backend = folder.found.about.backend if backend == "auto" else backend
        report = progress if callable(progress) else lambda _: None
        name, _ = choose(circuit, backend, epochs * -(-samples.parts["train"].count // circuit.batch_size))
        with _images(samples, seed, circuit.epoch + epochs) as images:
            training = Training(
                circuit,
                samples,
                name,
                output=output,
                measures=measures,
                callbacks=called,
                images=images,
                modes=modes,
            )
            if folder.found is not None:
                training.go_on_from(folder.found)
            circuit.classes = samples.classes or circuit.classes
            try:
                history = _run(training, epochs, folder, Bar(bool(progress)), report, called)
            finally:
                called.close(circuit)
            warn_near_chance(training, progress)
            return history


def _images(samples: Samples, seed: int, epochs: int) -> AbstractContextManager[Augmented | None]:
    return nullcontext() if samples.data is None else Augmented(samples.data, samples.how, seed, epochs)


def _run(
    training: Training, epochs: int, folder: RunFolder, bar: Bar, report: Callable[[str], None], called: Callbacks
) -> History:
    history, circuit = training.history, training.circuit
    try:
        folder.begin(training.good, history)
        stop = _begin(called, training, folder)
        with bar.over(epochs, training.parts["train"].count, len(history)):
            while len(history) < epochs and not stop:
                called.begin_epoch(circuit.epoch + 1, circuit)
                measured = training.epoch(bar)
                bar.measured(measured)
                report(_line(measured, epochs))
                folder.save(training.good, history)
                stop = called.epoch(int(measured["epoch"]), measured, circuit)
        history.kept_epoch = called.end(circuit)
    except KeyboardInterrupt:
        if not folder.started:
            raise
        _go_back(training)
        history.interrupted = True
        folder.save(training.good, history, stopping=True)  # it may have come while they were written
        folder.draw(history)
        raise TrainingInterrupted(history) from None
    except Diverged as problem:
        _go_back(training)
        where = "in the circuit" if folder.lock is None else f"in {folder.lock.folder / WEIGHTS}"
        text = f"{problem} The weights after epoch {len(history)} are kept {where}."
        raise TrainingDiverged(text, problem.variable, history) from None
    if history.kept_epoch is not None:
        folder.save(training.checkpoint(), history)
    folder.draw(history)
    return history


def _begin(called: Callbacks, training: Training, folder: RunFolder) -> bool:
    """Call what is called before the first epoch, or where a run goes on; return whether a callback ends it there."""
    if folder.found is not None and training.history.rows:
        return called.resume(training.history.rows, folder.found.of_callbacks, training.circuit)
    called.begin(training.circuit)
    return False


def _go_back(training: Training) -> None:
    """Undo what a callback that was stopped has done to the circuit. Another Ctrl-C changes nothing meanwhile."""
    with interruptible():
        training.go_back()


def _line(measured: Row, epochs: int) -> str:
    angles = [f"{k.removesuffix('_angle')} {v:.0f}°" for k, v in measured.items() if k.endswith("_angle")]
    text = f"epoch {measured['epoch']:>{len(str(epochs))}.0f}/{epochs}"
    text += "".join(f"  {name} {error:>6}" for name, error in errors_in(measured).items())
    text += f"  angle {', '.join(angles)}" if angles else ""
    text += f"  beyond M {measured['beyond']:.0f}" if measured.get("beyond") else ""
    return f"{text}  {measured['presentations_per_second']:,.0f} presentations/s"
