"""The jobs of a sweep, over seeds and variants. A job has the same result wherever it is run.

A job is a plain dict that can be written as JSON, so that it can be sent to another machine; so is its result. Each job is
run by a process of its own, with one thread, so that its bits do not depend on the machine, or on what else runs there.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...circuits.backends.divergence import Diverged
from ...errors import RecircuitError, UsageError
from ...paths import path_of
from ..data import Dataset, load
from ..runs.config import RunConfig
from ..runs.result_file import finite, read_result, write_result
from ..training.loop import train
from ..training.machine import choose, versions
from ..training.modes import all_modes
from ..training.samples import augmented
from .result_format import is_result

__all__ = ["Job", "experiment_jobs", "perform", "seeds_of", "training_jobs", "values_of"]

Result = dict[str, Any]
#: No sweep has more runs.
MOST = 100_000


@dataclass(frozen=True)
class Job:
    """One run of a sweep.

    Parameters
    ----------
    kind : {"train", "reproduce"}
        Whether it is a training or an experiment.
    options : mapping of str
        All options that decide the result, except the seed.
    seed : int or None
        The seed. It is None if nothing is drawn at random.
    where : mapping of str
        What does not decide the result: the paths of data and rule.
    """

    kind: str
    options: Mapping[str, Any]
    seed: int | None
    where: Mapping[str, Any]

    @property
    def payload(self) -> dict[str, Any]:
        """Return the job as it is sent to a worker."""
        return {"kind": self.kind, "options": dict(self.options), "seed": self.seed, "where": dict(self.where)}

    @property
    def key(self) -> str:
        """Return a readable file name for its result, which is different for other options."""
        identity = {"kind": self.kind, "options": self.options, "seed": self.seed}
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]
        name = str(self.options.get("rule", self.options.get("id"))).rpartition(":")[2]
        seed = "" if self.seed is None else f"-{self.seed}"
        return f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', name)}{seed}-{digest}"

    def finished(self, folder: Path) -> Result | None:
        """Return the result of the job, if a folder holds it. A file that cannot be read is ignored."""
        found = (read_result(folder / f"{self.key}.json") or {}).get("result")
        return found if is_result(self.kind, found) else None

    def keep(self, folder: Path, result: Result) -> None:
        """Write its result, either completely or not at all.

        Raises
        ------
        RecircuitError
            If the disk is full, or the folder cannot be written.
        """
        write_result(folder / f"{self.key}.json", {**self.payload, "result": result}, indent=1)


def seeds_of(text: str) -> list[int]:
    """Return the seeds that a text lists, as in ``"0-4"``, ``"3"`` or ``"0,2,5-7"``.

    Raises
    ------
    UsageError
        If the text is no list of whole numbers.
    """
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,10})\s*(?:-\s*(\d{1,10})\s*)?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last or last >= 2**32:
            raise UsageError(f"--seeds: expected whole numbers such as 0-4 or 0,2,5-7; got {text!r}.")
        _check_number(len(found) + last + 1 - first)
        found += range(first, last + 1)
    return list(dict.fromkeys(found))


def _check_number(runs: int) -> None:
    """Refuse more runs than anybody can wait for, before a list of them fills the memory."""
    if runs > MOST:
        raise UsageError(f"These are {runs:,} runs, and at most {MOST:,} are possible. Give fewer seeds or variants.")


def values_of(text: str) -> list[str]:
    """Return the values of an option, which commas separate. Commas in brackets separate nothing: ``clip(basal, -1, 1)``."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return list(dict.fromkeys(part.strip() for part in parts))


def training_jobs(data: str, variants: Mapping[str, Sequence[Any]], seeds: Sequence[int], **fixed: Any) -> list[Job]:
    """Return a run for every seed and every combination of the variants.

    Parameters
    ----------
    data : str
        The data, as in `recircuit.models.data.load`.
    variants : Mapping[str, Sequence[Any]]
        Option -> its values, as of RunConfig.
    seeds : Sequence[int]
        The seeds of weights, order and noise.
    fixed : Any
        Options that are the same for all.

    Raises
    ------
    UsageError
        If an option does not hold, or does not fit the data.
    """
    _check_number(len(seeds) * math.prod(map(len, variants.values())))
    samples = load(data, fixed.get("data_dir"))
    jobs: dict[str, Job] = {}  # by their keys, since two variants may be the same, as the rates .1 and 0.10
    for values in itertools.product(*variants.values()):
        given = {**fixed, **dict(zip(variants, values, strict=True))}
        given["rule"] = _whole_path(str(given.get("rule", "urfb")))
        config = RunConfig.of(data=_whole_path(data), **given).filled(samples)
        circuit = config.circuit(samples)
        presentations = (config.epochs or 1) * -(-samples.n_train // circuit.batch_size)
        config = config.model_copy(update={"backend": choose(circuit, config.backend, presentations)[0]})
        options = config.model_dump(mode="json", exclude={"seed", "data_dir"})
        where = {"data": config.data, "data_dir": _resolved(config.data_dir), "rule": config.rule}
        options |= {"data": samples.name, "rule": config.rule.rpartition(":")[2], **_identity(config, samples)}
        for job in (Job("train", options, seed, where) for seed in seeds):
            jobs.setdefault(job.key, job)
    return [*jobs.values()]


def experiment_jobs(
    ids: Sequence[str],
    seeds: Sequence[int],
    *,
    backend: str,
    quick: bool,
    epochs: int | None = None,
    data_dir: str | None = None,
    out: Path | None = None,
) -> list[Job]:
    """Return a run of each experiment for every seed, one for those that draw nothing at random.

    Parameters
    ----------
    ids : Sequence[str]
        The ids of the experiments.
    seeds : Sequence[int]
        The seeds of the runs.
    backend : str
        The backend that runs them.
    quick : bool
        Whether fewer and shorter runs are made.
    epochs : int | None
        The number of epochs; None: that of the experiment.
    data_dir : str | None
        The folder with the files of the data.
    out : Path | None
        Below it each experiment has a folder, in which it keeps what it trains; None: nowhere.

    Raises
    ------
    UsageError
        If there is no such experiment or backend, or if the experiment cannot be run for another number of epochs.
    """
    from ..experiments import EXPERIMENTS, settings_for

    jobs = []
    for experiment in map(EXPERIMENTS.find, ids):
        chosen = settings_for(experiment, backend=backend, quick=quick, epochs=epochs).backend
        options = {"id": experiment.id, "backend": chosen, "quick": quick}
        options |= {} if epochs is None else {"epochs": epochs}
        folder = None if out is None else str((out / experiment.id).resolve())
        where = {"data_dir": _resolved(data_dir), "out": folder}
        jobs += [
            Job("reproduce", options, seed, where)
            for seed in (seeds if experiment.seeds or experiment.drawn else [None])
        ]
    return jobs


def perform(payload: Mapping[str, Any]) -> Result:
    """Run a job in this process.

    Returns
    -------
    Result
        `rows` (of the history) of a training run, or `checks` of an experiment; `diverged` with the message if
        something diverged; and `seconds`, `versions`.

    Raises
    ------
    RecircuitError
        If it cannot be done.
    """
    found = _trained(payload) if payload["kind"] == "train" else _reproduced(payload)
    return finite(found | {"versions": versions()})


def _trained(payload: Mapping[str, Any]) -> Result:
    options = dict(payload["options"])
    identity = {name: options.pop(name) for name in ("fingerprint", "equations")}
    config = RunConfig.of(**{**options, **payload["where"], "seed": payload["seed"]})
    data = load(config.data, config.data_dir)
    for name, value in _identity(config, data).items():
        if value != identity[name]:
            what = f"data {config.data!r} are" if name == "fingerprint" else f"rule {config.rule!r} is"
            raise RecircuitError(f"The {what} not the same on this machine as where the sweep was started.")
    try:
        circuit = config.circuit(data)
        history = train(
            circuit, augmented(data, config.augment), config.epochs or 1, backend=config.backend, measures=config.measure,
            progress=False, mode=all_modes(circuit),
        )  # fmt: skip
    except Diverged as problem:
        return {"rows": [], "seconds": None, "diverged": str(problem)}
    return {"rows": history.rows, "seconds": float(history["seconds"].sum()), "diverged": ""}


def _reproduced(payload: Mapping[str, Any]) -> Result:
    from ..experiments import EXPERIMENTS, Settings

    options, seed = payload["options"], payload["seed"]
    data, out = (None if (path := payload["where"][name]) is None else Path(path) for name in ("data_dir", "out"))
    experiment = EXPERIMENTS.find(options["id"])
    settings = Settings(
        options["backend"], (seed,) if experiment.seeds else (), options["quick"], data=data, out=out,
        epochs=options.get("epochs"), first_seed=seed or 0,
    )  # fmt: skip
    began = time.perf_counter()
    try:
        report = experiment.run(settings)
    except Diverged as problem:
        return {"checks": [], "seconds": None, "diverged": str(problem)}
    seconds = time.perf_counter() - began + sum(settings.earlier)
    return {"checks": [check.row() for check in report.checks], "seconds": seconds, "diverged": ""}


def _identity(config: RunConfig, data: Dataset) -> dict[str, str]:
    """Return what a name or a path stands for."""
    return {"fingerprint": data.fingerprint(), "equations": str(config.made_rule())}


def _whole_path(spec: str) -> str:
    """Return a rule or data set in a file, by its whole path: a worker has another folder."""
    file, colon, attribute = spec.rpartition(":") if ":" in spec else (spec, "", "")
    is_file = file.endswith((".py", ".npz"))
    return f"{path_of(file, 'sweep').resolve()}{colon}{attribute}" if is_file else spec


def _resolved(folder: str | None) -> str | None:
    return None if folder is None else str(path_of(folder, "sweep").resolve())
