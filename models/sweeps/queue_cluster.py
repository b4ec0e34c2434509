"""Workers from the queue of a cluster: SLURM, PBS or LSF starts them, by dask-jobqueue."""

from __future__ import annotations

import signal
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ...atomic_files import make_folder, read_file
from ...errors import UsageError
from ...foreign_text import only_value_errors
from ...optional import optional
from ...registry import closest, reason

__all__ = ["QUEUES", "options_in", "queue_cluster"]

#: The queue -> the module and class of dask-jobqueue. "local" starts the jobs on this machine, to try it.
QUEUES = {
    "slurm": "dask_jobqueue:SLURMCluster",
    "pbs": "dask_jobqueue:PBSCluster",
    "lsf": "dask_jobqueue:LSFCluster",
    "local": "dask_jobqueue.local:LocalCluster",
}
#: Dask's pages about the runs need no key. So a worker shows none, and its server for them, which only says that it is there,
#: has an address that no other machine reaches. The same holds for the scheduler; `ROUTES` are its pages.
NO_PAGES = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
ROUTES = {"distributed.scheduler.http.routes": ["distributed.http.health"]}
#: A job of the queue is one worker, which does one run at a time.
USUAL: Mapping[str, Any] = {
    "cores": 1, "processes": 1, "memory": "4GB", "security": True, "worker_extra_args": NO_PAGES,
    "scheduler_options": {"dashboard": False, "dashboard_address": "127.0.0.1:0"},
}  # fmt: skip


def options_in(file: Path | None) -> dict[str, Any]:
    """Return the options of the jobs that a TOML file names, as ``queue = "long"`` and ``walltime = "08:00:00"``.

    Raises
    ------
    UsageError
        If the file cannot be read, or is no TOML.
    """
    if file is None:
        return {}
    try:
        with only_value_errors():
            return tomllib.loads(read_file(file).decode())
    except OSError as problem:
        raise UsageError(f"--cluster-options: cannot read {file} ({problem.strerror or problem}).") from None
    except ValueError as problem:
        raise UsageError(
            f'--cluster-options: {file} is no TOML ({problem}). Write a line for each option, as in: queue = "long".'
        ) from None


@contextmanager
def queue_cluster(kind: str, jobs: int, options: Mapping[str, Any], folder: Path) -> Iterator[Any]:
    """Open a cluster of so many jobs of a queue; a job whose worker dies is replaced by another one.

    What goes between this machine and the workers is encrypted, with new keys for each sweep, which lie in the folder,
    readable for their owner alone.

    Parameters
    ----------
    kind : str
        The queue, one of `QUEUES`.
    jobs : int
        The number of jobs, each of which does one run at a time.
    options : mapping of str
        Options of the jobs, as arguments of the class of dask-jobqueue.
    folder : Path
        A folder that this machine and the workers share.

    Raises
    ------
    UsageError
        If there is no such queue, if dask-jobqueue is not installed, or if it refuses the options.
    """
    if kind not in QUEUES:
        raise UsageError(f"--cluster: expected {', '.join(QUEUES)}; got {kind!r}.{closest(kind, QUEUES)}")
    made = _class(kind)
    make_folder(folder)
    given = {**USUAL, "shared_temp_directory": str(folder.resolve())}
    try:
        with optional("dask", "cluster", "--cluster").config.set(ROUTES):
            cluster = made(**{**given, **options})
    except Exception as problem:  # whatever the library raises of options that it does not check
        raise UsageError(f"--cluster {kind}: the options of the jobs are refused: {reason(problem)}") from None
    with cluster:
        cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
        yield cluster
    with suppress(OSError):
        folder.rmdir()


def _class(kind: str) -> Any:
    module, _, name = QUEUES[kind].partition(":")
    with _ctrl_c_kept():
        return getattr(optional(module, "cluster", "--cluster"), name)


@contextmanager
def _ctrl_c_kept() -> Iterator[None]:
    """Put back what Ctrl-C does: dask-jobqueue makes it end the process without a word when it is imported."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is not before:
            signal.signal(signal.SIGINT, before)
