"""Jobs in parallel: on the cores of this machine, or on a Dask cluster, by the address of its scheduler.

On this machine each run is a process of its own, for which a thread waits, and no port is opened. A scheduler that listens
on a port would run the code that anybody sends to it, including other users of the same machine.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from ...errors import UsageError
from ...optional import optional
from ...processor import cores
from ...waiting import as_completed
from .jobs import Job, Result
from .separate_process import Runs, perform_in_own_process

__all__ = ["dispatch"]


def dispatch(
    jobs: Sequence[Job],
    done: Callable[[Job, Result], None],
    *,
    scheduler: Any = None,
    workers: int | None = None,
    announce: Callable[[str], None] = lambda text: None,
) -> dict[str, str]:
    """Run jobs in parallel. A job whose process or worker dies is run once more.

    Parameters
    ----------
    jobs : sequence of Job
        The jobs.
    done : function
        A function that is called in this process with each job and its result, as they come.
    scheduler : str or Cluster, optional
        The address of a Dask scheduler, as tcp://host:8786, or a cluster of Dask; None for workers on this machine.
    workers : int, optional
        The number of these workers; None for one for each core.
    announce : function
        A function that is called with a line that says where the jobs run.

    Returns
    -------
    mapping of str to str
        For each job that has no result, the reason.

    Raises
    ------
    UsageError
        If a scheduler is given, and Dask is not installed or nobody answers at the address.
    KeyboardInterrupt
        After Ctrl-C; jobs under way are dropped.
    """
    if not jobs:
        return {}
    if scheduler is not None:
        return _on_cluster(jobs, done, scheduler, announce)
    return _here(jobs, done, min(workers or cores(), len(jobs)), announce)


def _here(
    jobs: Sequence[Job], done: Callable[[Job, Result], None], workers: int, announce: Callable[[str], None]
) -> dict[str, str]:
    announce(f"{workers} run{'s' * (workers != 1)} at a time on this machine.")
    failed: dict[str, str] = {}
    with ThreadPoolExecutor(workers) as pool, Runs() as runs:
        futures = {pool.submit(_perform_twice, runs, job): job for job in jobs}
        for future in as_completed(futures):
            job, problem = futures[future], future.exception()
            result: Result = {} if problem else future.result()
            if why := _in_words(problem) or str(result.get("failed", "")):
                failed[job.key] = why
            else:
                done(job, result)
    return failed


def _perform_twice(runs: Runs, job: Job) -> Result:
    """Do a job. If its process dies, do it once more."""
    try:
        return runs.perform(job.payload)
    except RuntimeError:
        return runs.perform(job.payload)


def _on_cluster(
    jobs: Sequence[Job], done: Callable[[Job, Result], None], scheduler: Any, announce: Callable[[str], None]
) -> dict[str, str]:
    distributed = optional("distributed", "sweep", "--scheduler")
    failed: dict[str, str] = {}
    with _quiet(), _client(distributed, scheduler, announce) as client:
        token = uuid.uuid4().hex[:8]  # a scheduler that serves others too, or an earlier sweep, knows no such keys
        futures = {client.submit(perform_in_own_process, j.payload, key=f"{j.key}-{token}", retries=1): j for j in jobs}
        try:
            for future in distributed.as_completed(futures, loop=client.loop):
                job = futures[future]
                why = _problem(future)
                result: Result = {} if why else future.result()
                if why := why or str(result.get("failed", "")):
                    failed[job.key] = why
                else:
                    done(job, result)
                future.release()
        finally:
            client.cancel([future for future in futures if not future.done()], force=True)
    return failed


def _problem(future: Any) -> str:
    if future.status == "cancelled":
        return "it was cancelled at the scheduler"
    return _in_words(future.exception() if future.status == "error" else None)


def _in_words(problem: BaseException | None) -> str:
    if problem is None:
        return ""
    if type(problem).__name__ == "KilledWorker":
        return "too many workers died of it"
    if isinstance(problem, ModuleNotFoundError):
        return f"a worker cannot import it ({problem}): install recircuit there"
    return f"{type(problem).__name__}: {problem}"


@contextmanager
def _client(distributed: Any, scheduler: Any, announce: Callable[[str], None]) -> Iterator[Any]:
    """Open a client of the cluster at an address, with the library `distributed`."""
    try:
        client = distributed.Client(scheduler, timeout=10, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as problem:
        raise UsageError(
            f"--scheduler {scheduler}: no Dask scheduler answers there ({problem}). Start one with `dask "
            "scheduler`, and workers with `dask worker ADDRESS`; or leave the option out to use this machine."
        ) from None
    with client:
        if isinstance(scheduler, str):
            announce(f"{len(client.scheduler_info(n_workers=-1)['workers'])} workers at {scheduler}.")
        yield client


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Dask's log, which takes a page for every worker that is replaced."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
