"""`recircuit sweep`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm

from recircuit.atomic_files import make_folder, write_whole
from recircuit.cli import completion
from recircuit.cli.shared_options import FolderOption, OptionalBackendOption, SeedsOption
from recircuit.errors import UsageError
from recircuit.folder_lock import FolderLock, locked
from recircuit.models.data import DATA
from recircuit.models.sweeps.jobs import Job, Result, experiment_jobs, seeds_of, training_jobs, values_of
from recircuit.models.sweeps.summary_tables import Summary, csv_text, lines, summaries
from recircuit.registry import closest

__all__ = ["sweep"]

WHAT = (
    "A data set, as in `recircuit train`; or experiments, separated by commas. `recircuit reproduce --list` shows all "
    "experiments."
)
LIST = " This option and those down to --precision take one value, or several separated by commas; all combinations are run."
OUT = "The folder of the sweep, which receives runs/*.json, table.csv and summary.csv. [default: runs/sweep-WHAT]"
SCHEDULER = (
    "The address of a Dask scheduler, for instance tls://host:8786. Without it, the cores of this machine are used. "
    "docs/sweep.md describes clusters."
)
CLUSTER = (
    "Let the queue of a cluster start the workers: slurm, pbs or lsf; or local, which starts them on this machine, to try "
    "it. Call the command on a machine from which jobs are submitted, in a folder that all machines share."
)
JOBS = "With --cluster: the number of jobs in the queue, each of which does one run at a time. [default: 1]"
CLUSTER_OPTIONS = (
    "With --cluster: a TOML file with options of the jobs, such as queue, walltime, memory and job_script_prologue."
)
WORKERS = "The number of runs at a time on this machine. [default: the number of cores]"


def sweep(
    what: Annotated[str, typer.Argument(metavar="DATA|ID,ID", autocompletion=completion.what_is_swept, help=WHAT)],
    rule: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.several(completion.rules), help="The rules, for instance urfb,frfb,bp." + LIST
        ),
    ] = None,
    layers: Annotated[str | None, typer.Option(metavar="N-N-N,N-N", help="The number of units of each layer.")] = None,
    loss: Annotated[
        str | None, typer.Option(autocompletion=completion.several(completion.losses), help="The losses.")
    ] = None,
    transfer: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.several(completion.transfers), help="The transfer functions of the hidden units."
        ),
    ] = None,
    epochs: Annotated[str | None, typer.Option(help="The numbers of epochs.")] = None,
    batch_size: Annotated[str | None, typer.Option(help="The batch sizes.")] = None,
    rate: Annotated[str | None, typer.Option(help="The learning rates.")] = None,
    rate_decay: Annotated[str | None, typer.Option(help="The decays of the learning rate.")] = None,
    momentum: Annotated[str | None, typer.Option(help="The momenta of the updates.")] = None,
    weight_decay: Annotated[str | None, typer.Option(help="The weight decays.")] = None,
    connectivity: Annotated[str | None, typer.Option(help="The probabilities that a synapse exists.")] = None,
    precision: Annotated[str | None, typer.Option(help="The precisions: float32, float64 or both.")] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[,NAME]",
            autocompletion=completion.several(completion.measures),
            help="Measures that are made after every epoch, as in `recircuit train`.",
        ),
    ] = None,
    seeds: SeedsOption = "0-4",
    quick: Annotated[bool, typer.Option("--quick", help="Make fewer and shorter runs of the experiments.")] = False,
    backend: OptionalBackendOption = None,
    data_dir: FolderOption = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help=OUT)] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help=SCHEDULER)] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help=WORKERS)] = None,
    cluster: Annotated[str | None, typer.Option(metavar="QUEUE", help=CLUSTER)] = None,
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help=JOBS)] = None,
    cluster_options: Annotated[Path | None, typer.Option(metavar="FILE", help=CLUSTER_OPTIONS)] = None,
) -> None:
    """Train networks, or run experiments, over seeds and variants, many runs at a time.

    Ctrl-C stops the sweep; the same command continues it. A run gives the same numbers wherever it runs.
    """
    variants = dict(
        rule=rule, layers=layers, loss=loss, transfer=transfer, epochs=epochs, batch_size=batch_size, rate=rate,
        rate_decay=rate_decay, momentum=momentum, weight_decay=weight_decay, connectivity=connectivity,
        precision=precision,
    )  # fmt: skip
    given = {name: values_of(value) for name, value in variants.items() if value is not None}
    other = {"backend": backend, "data_dir": data_dir, "measure": measure or None}
    fixed = {name: value for name, value in other.items() if value is not None}
    folder = out or Path("runs") / f"sweep-{re.sub(r'[^A-Za-z0-9_,-]+', '_', Path(what).stem)}"
    _check_places(scheduler, workers, cluster, jobs, cluster_options)
    requested = _jobs(what, given, seeds_of(seeds), quick, fixed, None if scheduler or cluster else folder)
    with locked(folder) as lock:
        _Sweep(requested, folder).run(lock, _place(scheduler, cluster, jobs or 1, cluster_options, folder), workers)


def _check_places(
    scheduler: str | None, workers: int | None, cluster: str | None, jobs: int | None, options: Path | None
) -> None:
    """Refuse two places where the runs should be."""
    given = {"--scheduler": scheduler, "--workers": workers, "--cluster": cluster}
    places = [name for name, value in given.items() if value is not None]
    if len(places) > 1:
        raise UsageError(f"{places[0]} and {places[1]} are two ways to say where the runs are; give one of them.")
    if cluster is None and (jobs is not None or options is not None):
        raise UsageError("--jobs and --cluster-options go with --cluster slurm, pbs, lsf or local.")


@contextmanager
def _place(scheduler: str | None, cluster: str | None, jobs: int, options: Path | None, folder: Path) -> Iterator[Any]:
    """Open the scheduler of the runs: an address, the cluster of a queue, or None for this machine."""
    if cluster is None:
        yield scheduler
        return
    from recircuit.models.sweeps.queue_cluster import options_in, queue_cluster

    with queue_cluster(cluster, jobs, options_in(options), folder / "cluster") as found:
        typer.echo(f"{jobs} job{'s' * (jobs != 1)} in the queue of {cluster}.")
        yield found


def _jobs(
    what: str,
    given: dict[str, list[str]],
    seeds: Sequence[int],
    quick: bool,
    fixed: dict[str, Any],
    folder: Path | None,
) -> list[Job]:
    from recircuit.models.experiments import EXPERIMENTS

    if what in DATA or what.endswith(".npz"):
        if quick:
            raise UsageError("--quick is an option of experiments. Shorten a training run with --epochs.")
        return training_jobs(what, given, seeds, **fixed)
    unknown = [name for name in values_of(what) if name not in EXPERIMENTS]
    if unknown:
        raise UsageError(
            f"sweep: {unknown[0]!r} is neither data nor an experiment.{closest(unknown[0], [*DATA, *EXPERIMENTS])} Data are "
            f"{DATA.listed()}, or the path of an .npz file. Experiments are {EXPERIMENTS.listed()}."
        )
    wrong = [*(set(given) - {"epochs"}), *(set(fixed) - {"backend", "data_dir"})]
    if wrong:
        option = "--" + wrong[0].replace("_", "-")
        raise UsageError(
            f"{option} is an option of training runs, and an experiment decides itself what it trains. Leave "
            f"{option} out."
        )
    jobs = []
    for epochs in dict.fromkeys(_whole_number(text) for text in given.get("epochs", [])) or [None]:
        jobs += experiment_jobs(
            values_of(what), seeds, backend=fixed.get("backend", "numpy"), quick=quick, epochs=epochs,
            data_dir=fixed.get("data_dir"), out=folder,
        )  # fmt: skip
    return jobs


def _whole_number(text: str) -> int:
    """Return a number of epochs."""
    if not text.isdecimal():
        raise UsageError(f"--epochs: expected a whole number, at least 1; got {text}.")
    return int(text)


class _Sweep:
    """Jobs, and the folder of their results."""

    def __init__(self, jobs: Sequence[Job], folder: Path) -> None:
        self.jobs, self.folder, self.runs = jobs, folder, folder / "runs"
        found = {job.key: job.finished(self.runs) for job in jobs}
        self.results: dict[str, Result] = {key: result for key, result in found.items() if result is not None}

    def run(self, lock: FolderLock, place: AbstractContextManager[Any], workers: int | None) -> None:
        """Do what is not done, and write the tables."""
        from recircuit.models.sweeps.dask_workers import dispatch

        lock.make()
        make_folder(self.runs)
        left = [job for job in self.jobs if job.key not in self.results]
        earlier = f", {len(self.results)} of them done before" if self.results else ""
        typer.echo(f"{_runs(len(self.jobs))}{earlier}, in {self.folder}")
        try:
            with (
                place if left else nullcontext() as scheduler,
                tqdm(
                    total=len(self.jobs), initial=len(self.results), unit=" runs", leave=False, disable=None
                ) as self.bar,
            ):
                failed = dispatch(left, self._done, scheduler=scheduler, workers=workers, announce=tqdm.write)
        except KeyboardInterrupt:
            self._write()
            typer.echo(
                f"recircuit: Stopped after {len(self.results)} of {len(self.jobs)} runs, which are in {self.folder}; "
                "the same command goes on with the others.",
                err=True,
            )
            raise typer.Exit(130) from None
        self._conclude(failed)

    def _done(self, job: Job, result: Result) -> None:
        job.keep(self.runs, result)
        self.results[job.key] = result
        self.bar.update()
        tqdm.write(_line(job, result))

    def _write(self) -> list[Summary]:
        found = lines(self.jobs, self.results)
        over_seeds = summaries(found)
        for name, table in (("table.csv", found), ("summary.csv", over_seeds)):
            write_whole(self.folder / name, csv_text([line.row() for line in table]).encode())
        return over_seeds

    def _conclude(self, failed: dict[str, str]) -> None:
        for key, why in failed.items():
            typer.echo(f"recircuit: {key} has no result: {why}", err=True)
        for summary in self._write():
            typer.echo(_variant_text(summary))
        typer.echo(f"See {self.folder / 'table.csv'} and summary.csv beside it.")
        for name in dict.fromkeys(job.options["id"] for job in self.jobs if job.kind == "reproduce"):
            if (self.folder / name / "runs").is_dir():
                typer.echo(
                    f"The runs of {name} are kept; this makes its figure and its checks of all seeds: recircuit reproduce "
                    f"{name} --out {self.folder / name}"
                )
        if failed:
            raise typer.Exit(1)


def _line(job: Job, result: Result) -> str:
    """Return a finished run in words."""
    name = f"{job.options.get('id', job.options.get('rule'))}{'' if job.seed is None else f', seed {job.seed}'}"
    if result["diverged"]:
        return f"{name}: {result['diverged']}"
    took = f"{result['seconds']:.0f} s"
    if job.kind == "reproduce":
        checks = result["checks"]
        return f"{name}: {sum(check['ok'] for check in checks)} of {len(checks)} checks hold ({took})"
    return f"{name}: test error {result['rows'][-1]['test_error']:.2%} ({took})"


def _variant_text(summary: Summary) -> str:
    """Return a variant of the summary in words."""
    named = {name: value for name, value in summary.variant.items() if name not in ("check", "relation", "target")}
    name = ", ".join(f"{v}" if k in ("rule", "id", "what") else f"{k} {v}" for k, v in named.items())
    runs = _runs(summary.runs)
    runs += f" ({summary.diverged} diverged)" if summary.diverged else ""
    if summary.holds is not None:
        return f"{name}: {_mean(summary, 'value', '.4g')}holds in {summary.holds} of {runs}"
    return f"{name}: {_mean(summary, 'test_error', '.2%')}{runs}"


def _mean(summary: Summary, measure: str, digits: str) -> str:
    mean, sd = summary.measured.get(measure, (None, None))
    if mean is None:
        return ""
    name = "" if measure == "value" else f"{measure.replace('_', ' ')} "
    return f"{name}{mean:{digits}}{'' if sd is None else f' ± {sd:{digits}}'}, "


def _runs(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"
