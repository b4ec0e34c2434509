"""The files of a training run: weights.safetensors, metrics.csv, curves.png, and what the command line adds to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...arguments import kept_arguments
from ...atomic_files import check_places, read_file, write_together, write_whole
from ...circuits.backends.interrupts import interruptible
from ...errors import RecircuitError, UsageError
from ...folder_lock import FolderLock, locked
from ...paths import unusable_name
from .checkpoint import Checkpoint
from .history import History

__all__ = ["CONFIG", "CURVES", "METRICS", "WEIGHTS", "RunFiles", "RunFolder", "checkpoint_in", "run_folder"]

WEIGHTS, METRICS, CURVES, CONFIG = "weights.safetensors", "metrics.csv", "curves.png", "config.json"


def checkpoint_in(folder: Path) -> Checkpoint | None:
    """Return the checkpoint from which a run continues; None if no run has begun in the folder.

    Raises
    ------
    RecircuitError
        If the weights of the run are damaged, or missing beside its other files.
    """
    path = folder / WEIGHTS
    if path.exists() or path.is_symlink():
        return Checkpoint.load(path)
    if (folder / CONFIG).exists() or _epochs(folder):
        raise RecircuitError(
            f"resume: {folder} holds a run without its weights ({WEIGHTS}), with which it cannot go on. Bring the file "
            "back, or start a new run: give the options of the run, without --resume (resume=False)."
        )
    return None


def check_holds_no_run(folder: Path) -> None:
    """Refuse to write over a run.

    Raises
    ------
    UsageError
        If the folder holds a run that has trained, or whose weights cannot be read.
    """
    try:
        found = checkpoint_in(folder)
        held = found is not None and found.about.epoch > 0
        what = f"a run of {found.about.epoch} epoch{'s' * (found.about.epoch != 1)}" if found is not None else ""
    except RecircuitError:
        held, what = (folder / WEIGHTS).exists(), "a run that cannot be read"
    if held:
        raise UsageError(
            f"train: {folder} holds {what}. Go on with it (out=RunFiles(folder, resume=True)), choose another folder, or write "
            "over it (out=RunFiles(folder, overwrite=True))."
        )


@kept_arguments
@dataclass(frozen=True)
class RunFiles:
    """The folder of a training run, with options; ``train(..., out=RunFiles(folder, resume=True))``.

    Parameters
    ----------
    folder : str or Path or None
        The folder of the files.
    resume : bool, default False
        Whether to continue from the checkpoint in the folder, if there is one.
    overwrite : bool, default False
        Whether to write over a run in the folder; otherwise a folder that holds a run is refused.
    files : mapping of str to bytes
        More files for the folder, by name, which are written with the first checkpoint.
    """

    folder: str | Path | None
    resume: bool = False
    overwrite: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.files:
            if name == ".." or Path(name).name != name or unusable_name(name):
                raise UsageError(
                    f"RunFiles: files has names of files in the folder, such as 'notes.txt'; got {name!r:.80}. A file "
                    "elsewhere is written by your program."
                )


class RunFolder:
    """The folder of a run that is under way, or none. Ctrl-C takes effect after a file is written, never while it is written.

    Attributes
    ----------
    found : Checkpoint or None
        The checkpoint from which the run continues.
    beside : mapping of str to bytes
        More files, by name, that are written first.
    """

    def __init__(self, lock: FolderLock | None, found: Checkpoint | None, beside: Mapping[str, bytes]) -> None:
        self.lock, self.found, self.beside = lock, found, beside
        self.started = lock is None

    def begin(self, checkpoint: Checkpoint, history: History) -> None:
        """Write the files of a new run in the place of those of an older one, or those that change if a run continues.

        Raises
        ------
        RecircuitError
            If they cannot be written, or another run has begun in the folder.
        """
        if self.lock is None:
            return
        with _shielded():
            self.lock.make()
            folder = self.lock.folder
            check_places(folder, (*self.beside, WEIGHTS, METRICS, CURVES))
            _sweep(folder)
            if self.found is None:
                files = {**self.beside, METRICS: history.csv().encode(), WEIGHTS: checkpoint.packed()}
                write_together(folder, files, WEIGHTS, without=(CURVES,))
            else:
                self._go_on(checkpoint, history, folder)
            self.started = True

    def _go_on(self, checkpoint: Checkpoint, history: History, folder: Path) -> None:
        for name, content in self.beside.items():
            write_whole(folder / name, content)
        checkpoint.save(folder / WEIGHTS)
        write_whole(folder / METRICS, history.csv().encode())

    def save(self, checkpoint: Checkpoint, history: History, *, stopping: bool = False) -> None:
        """Write the files that an epoch has changed. If the run is stopping, another Ctrl-C changes nothing."""
        if self.lock is not None:
            with _shielded(swallow=stopping):
                checkpoint.save(self.lock.folder / WEIGHTS)
                write_whole(self.lock.folder / METRICS, history.csv().encode())

    def draw(self, history: History) -> None:
        """Draw the learning curves."""
        if self.lock is None:
            return
        with _shielded(swallow=True):
            from .learning_curves import curves, png  # matplotlib takes a while to load

            write_whole(self.lock.folder / CURVES, png(curves(history.columns(), kept=history.kept_epoch)))


@contextmanager
def run_folder(out: RunFiles) -> Iterator[RunFolder]:
    """Open the folder of a run, which no other run uses meanwhile. Nothing in it is changed before `RunFolder.begin`.

    Raises
    ------
    UsageError
        If it holds a run, and neither resume nor overwrite is given; or if there is no folder to resume from.
    RecircuitError
        If another run uses it, or its files cannot be read.
    """
    if out.folder is None:
        if out.resume:
            raise UsageError("resume: say from which folder, with out=RunFiles(folder, resume=True).")
        yield RunFolder(None, None, {})
        return
    with locked(Path(out.folder)) as lock:
        if not (out.resume or out.overwrite):
            check_holds_no_run(lock.folder)
        yield RunFolder(lock, checkpoint_in(lock.folder) if out.resume else None, out.files)


@contextmanager
def _shielded(*, swallow: bool = False) -> Iterator[None]:
    """Finish a ``with`` block before Ctrl-C takes effect."""
    with interruptible() as interrupted:
        yield
    if interrupted.is_set() and not swallow:
        raise KeyboardInterrupt


def _epochs(folder: Path) -> int:
    """Return the number of epochs in metrics.csv."""
    try:
        return max(0, len(read_file(folder / METRICS).splitlines()) - 1)
    except OSError:
        return 0


def _sweep(folder: Path) -> None:
    """Remove half-written files of a process that was killed; no other run uses the folder."""
    for name in (WEIGHTS, METRICS, CURVES, CONFIG):
        for left in folder.glob(f".{name}.*"):
            with suppress(OSError):
                left.unlink()
