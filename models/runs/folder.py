"""The folder of a training run: what was asked for in it, how far it is, and whether it may be written over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ...atomic_files import make_folder, write_whole
from ...errors import RecircuitError, UsageError
from ..training.checkpoint import Checkpoint
from ..training.loop import WEIGHTS
from .config import RunConfig

__all__ = ["CONFIG", "Record", "may_start", "plan", "read_record", "write_record"]

CONFIG = "config.json"


class Record(BaseModel):
    """What config.json holds: the options of a run, its rule in full, its data, and the machine it was started on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: RunConfig
    rule: str
    data: dict[str, str | int]
    backend: str
    machine: dict[str, str | int]


def write_record(folder: Path, record: Record) -> None:
    """Write config.json, making the folder.

    Raises RecircuitError: the folder cannot be written.
    """
    make_folder(folder)
    write_whole(folder / CONFIG, (record.model_dump_json(indent=2) + "\n").encode())


def read_record(folder: Path) -> Record | None:
    """What a folder's config.json says; None where there is none.

    Raises RecircuitError: it cannot be read.
    """
    path = folder / CONFIG
    try:
        return Record.model_validate_json(path.read_bytes()) if path.exists() else None
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RecircuitError(
            f"{path} is not what recircuit writes ({where + ': ' if where else ''}{first['msg']}). Repair it, or use "
            "another folder."
        ) from None
    except OSError as problem:
        raise RecircuitError(f"Cannot read {path}: {problem.strerror or problem}.") from None


def plan(folder: Path, given: dict[str, Any], *, resume: bool) -> tuple[RunConfig, str]:
    """The options of a run in a folder, and what to tell the user about it.

    A resumed run takes from config.json what was not given, and refuses what was given otherwise; how many epochs,
    which backend and where the data lie may change.

    Raises:
        UsageError: an option does not hold, or is not what the run to resume was started with.
        RecircuitError: config.json cannot be read.
    """
    record = read_record(folder) if resume else None
    if record is None:
        return RunConfig.of(**given), f"There is nothing to resume in {folder}: starting anew." if resume else ""
    asked = RunConfig.of(**(record.run.model_dump() | given))
    different = [k for k in record.run.differences(asked) if k in given and k != "data"]  # data: by fingerprint
    if different:
        name = different[0]
        raise UsageError(
            f"resume: the run in {folder} was started with --{name.replace('_', '-')} {getattr(record.run, name)}, and "
            f"now got {given[name]}. Leave the option out to go on with it, or start anew in another folder (--out)."
        )
    return asked, ""


def may_start(folder: Path, config: RunConfig, *, overwrite: bool) -> str:
    """What to tell about a new run in a folder that may hold another.

    A finished run is written over, and an unfinished one of the same options, which comes out the same.

    Raises UsageError: an unfinished run of other options lies there.
    """
    held = (folder / CONFIG).exists() or (folder / WEIGHTS).exists()
    if overwrite or not held:
        return ""
    record, done = _progress(folder)
    if record is not None and done >= (record.run.epochs or 0):
        return f"Writing over the finished run in {folder}."
    if record is not None and not record.run.differences(config):
        return f"Starting anew, over {done} of {record.run.epochs} epochs in {folder}; --resume would go on with them."
    what = f"in {', '.join(record.run.differences(config))}" if record is not None else "in what cannot be read"
    raise UsageError(
        f"{folder} holds an unfinished run ({done} epochs), which differs {what}. Go on with it (--resume), choose "
        "another folder (--out), or say --overwrite."
    )


def _progress(folder: Path) -> tuple[Record | None, int]:
    """The record and the epochs done, where they can be read."""
    try:
        record = read_record(folder)
        return record, Checkpoint.load(folder / WEIGHTS).about.epoch if (folder / WEIGHTS).exists() else 0
    except RecircuitError:
        return None, 0
