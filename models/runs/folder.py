"""The folder of a training run: what was asked for in it, how far it is, and whether it may be written over."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ...atomic_files import read_file
from ...errors import RecircuitError, UsageError
from ...json_models import as_json, from_json
from ...plasticity.registry import file_of_rule
from ..training.checkpoint import Checkpoint
from ..training.run_files import CONFIG, WEIGHTS, checkpoint_in
from .config import RunConfig

__all__ = ["CONFIG", "Record", "check_trusted", "may_start", "plan", "read_record", "rule_hash"]


class Record(BaseModel):
    """The content of config.json: the options of a run, its rule in full, its data, and the machine on which it was started.

    rule_hash: of the file of the rule, as it was when the run was started; empty where the rule is known by its name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: RunConfig
    rule: str
    rule_hash: str = ""
    data: dict[str, str | int]
    backend: str
    machine: dict[str, str | int]

    def content(self) -> bytes:
        """Return the content of the file."""
        return (as_json(self, indent=2) + "\n").encode()


def rule_hash(spec: str) -> str:
    """Return the hash of the file that a rule is in; empty if there is none.

    Raises
    ------
    UsageError
        If the file cannot be read.
    """
    path = file_of_rule(spec)
    try:
        return "" if path is None else hashlib.sha256(read_file(path)).hexdigest()
    except OSError as problem:
        raise UsageError(f"Rule {spec!r}: cannot read {path} ({problem.strerror or problem}).") from None


def read_record(folder: Path) -> Record | None:
    """Return the content of a folder's config.json; None if there is none.

    Raises
    ------
    RecircuitError
        If the file cannot be read.
    """
    path = folder / CONFIG
    try:
        return from_json(Record, read_file(path)) if path.exists() else None
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RecircuitError(
            f"{path} is not what recircuit writes ({where + ': ' if where else ''}{first['msg']}). Repair it, or use "
            "another folder."
        ) from None
    except OSError as problem:
        raise RecircuitError(f"Cannot read {path}: {problem.strerror or problem}.") from None


def plan(folder: Path, given: dict[str, Any], *, resume: bool, trust: bool = False) -> tuple[RunConfig, str]:
    """Return the options of a run in a folder, and a message for the user about it. Nothing is changed.

    A resumed run takes from config.json what was not given, and refuses what was given otherwise; how many epochs,
    which backend and where the data lie may change. A file with a rule is executed only where the user names it now, or
    trusts the folder and the file is what it was.

    Raises
    ------
    UsageError
        If an option does not hold, or is not what the run to resume was started with.
    RecircuitError
        If config.json or the weights cannot be read, or are missing.
    """
    record = read_record(folder) if resume else None
    if resume:
        checkpoint_in(folder)
    if record is None:
        return RunConfig.of(**given), f"There is nothing to resume in {folder}: a new run begins." if resume else ""
    requested = RunConfig.of(**(record.run.model_dump() | given))
    different = [k for k in record.run.differences(requested) if k in given and k != "data"]  # data: by fingerprint
    if different:
        name = different[0]
        raise UsageError(
            f"resume: the run in {folder} was started with --{name.replace('_', '-')} {getattr(record.run, name)}, and "
            f"now got {given[name]}. Leave the option out to continue it, or start a new run in another folder (--out)."
        )
    if "rule" not in given:
        check_trusted(folder, record, trust)
    return requested, ""


def check_trusted(folder: Path, record: Record, trust: bool) -> None:
    """Refuse to execute a file only because a folder, which may be someone else's, names it.

    Raises
    ------
    UsageError
        If the run's rule is in a file, and the folder is not trusted or the file has changed.
    """
    spec = record.run.rule
    path = file_of_rule(spec)
    if path is None:
        return
    naming = f"name the rule in the command: --rule {shlex.quote(spec)}"
    if not trust:
        raise UsageError(
            f"resume: the rule of the run in {folder} is in {path}, which would be executed. If you know that file, {naming}. "
            "If you trust the person who made the folder, add --trust."
        )
    if not record.rule_hash or rule_hash(spec) != record.rule_hash:
        changed = (
            "the file has changed since then" if record.rule_hash else "the run has not recorded what the file was"
        )
        raise UsageError(
            f"resume: --trust executes {path} only as it was when the run in {folder} was started, and "
            f"{changed}. If you know that file, {naming}."
        )


def may_start(folder: Path, config: RunConfig, *, overwrite: bool) -> str:
    """Return a message about a new run in a folder that may hold another.

    Raises
    ------
    UsageError
        If the folder holds a run that has trained or that cannot be read, and `overwrite` is not given.
    """
    held = (folder / CONFIG).exists() or (folder / WEIGHTS).exists()
    if not held:
        return ""
    if overwrite:
        return f"Writing over the run in {folder}."
    record, done = _progress(folder)
    if record is not None and not done:
        return f"A new run begins in {folder}, where a run was stopped before its first epoch ended."
    state, what = "a run", " that cannot be read"
    if record is not None:
        state = "a finished run" if done >= (record.run.epochs or 0) else "an unfinished run"
        different = record.run.differences(config)
        what = (
            f" ({done} of {record.run.epochs} epochs){', which differs in ' if different else ''}{', '.join(different)}"
        )
    raise UsageError(
        f"{folder} holds {state}{what}. Go on with it (--resume, with a larger --epochs if it is finished), choose another "
        "folder (--out), or write over it (--overwrite)."
    )


def _progress(folder: Path) -> tuple[Record | None, int]:
    """Return the record and the epochs done, where they can be read."""
    try:
        record = read_record(folder)
        return record, Checkpoint.load(folder / WEIGHTS).about.epoch if (folder / WEIGHTS).exists() else 0
    except RecircuitError:
        return None, 0
