"""Jobs on Dask: the cores of this machine, or a cluster by the address of its scheduler."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ...errors import RecircuitError, UsageError
from .jobs import Job, Result, perform_apart

__all__ = ["cores", "dispatch"]

#: So often may a worker die under a job before the job is given up.
DEATHS = 5


def dispatch(
    jobs: Sequence[Job],
    done: Callable[[Job, Result], None],
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    begun: Callable[[str], None] = lambda text: None,
) -> dict[str, str]:
    """Run jobs beside one another. A worker that dies is replaced here, and its job done by another.

    Args:
        jobs: what there is to do.
        done: called, here, with each job and its result, as they come.
        scheduler: the address of a Dask scheduler, as tcp://host:8786; None: workers on this machine.
        workers: how many of those; None: one for each core.
        begun: told in a line where the jobs run.

    Returns:
        for each job that has no result, why.

    Raises:
        UsageError: Dask is not installed, or nobody answers at the address.
        KeyboardInterrupt: Ctrl-C; what was under way is dropped.
    """
    if not jobs:
        return {}
    _check_installed()
    from distributed import as_completed

    failed: dict[str, str] = {}
    with _quiet(), _client(scheduler, workers or min(cores(), len(jobs)), begun) as client:
        token = uuid.uuid4().hex[:8]  # a scheduler that serves others too, or an earlier sweep, knows no such keys
        futures = {client.submit(perform_apart, j.payload, key=f"{j.key}-{token}", retries=1): j for j in jobs}
        try:
            for future in as_completed(futures, loop=client.loop):
                job = futures[future]
                why = _problem(future)
                result: Result = {} if why else future.result()
                why = why or str(result.get("failed", ""))
                if why:
                    failed[job.key] = why
                else:
                    done(job, result)
                future.release()
        finally:
            client.cancel([future for future in futures if not future.done()], force=True)
    return failed


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _problem(future: Any) -> str:
    problem = future.exception() if future.status == "error" else None
    if future.status == "cancelled":
        return "it was cancelled at the scheduler"
    if problem is None:
        return ""
    if type(problem).__name__ == "KilledWorker":
        return f"{DEATHS} workers died of it"
    if isinstance(problem, ModuleNotFoundError):
        return f"a worker cannot import it ({problem}): install recircuit there"
    return f"{type(problem).__name__}: {problem}"


def _check_installed() -> None:
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise UsageError("sweep: Dask is not installed. Get it with pip install 'recircuit[sweep]'.") from None


@contextmanager
def _client(scheduler: str | None, workers: int, begun: Callable[[str], None]) -> Iterator[Any]:
    """A client of the cluster at an address, or of one on this machine, which ends with it."""
    import dask.config
    from distributed import Client, LocalCluster

    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=10, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as problem:
            raise UsageError(
                f"--scheduler {scheduler}: no Dask scheduler answers there ({problem}). Start one with `dask "
                "scheduler`, and workers with `dask worker ADDRESS`; or leave the option out to use this machine."
            ) from None
        with client:
            begun(f"{len(client.scheduler_info(n_workers=-1)['workers'])} workers at {scheduler}.")
            yield client
        return
    settings: Mapping[str, Any] = {"distributed.scheduler.allowed-failures": DEATHS}
    with dask.config.set(settings):
        try:
            cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, memory_limit=0, dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )  # fmt: skip
        except (OSError, RuntimeError) as problem:
            raise RecircuitError(f"sweep: workers cannot be started on this machine: {problem}.") from None
        with cluster, Client(cluster, set_as_default=False) as client:
            begun(f"{workers} worker{'s' * (workers != 1)} on this machine.")
            yield client


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Dask's log, in which a worker that is replaced takes a page."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
