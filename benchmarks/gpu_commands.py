"""How the parts of benchmarks.gpu run programs, within the time that there is."""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import NoReturn

from benchmarks.client import ROOT
from recircuit.circuits.backends.cuda import gpu, toolkit
from recircuit.circuits.backends.cuda.loop import OURS

#: Seconds in which nothing that is worth it ends.
LEAST = 5.0
#: As much of what a command that failed has said is kept: it may not be possible to ask again.
SHOWN_CHARACTERS = 3000


class OutOfTime(RuntimeError):
    """The time of the call is spent; a later call goes on."""


def seconds_left(arguments: argparse.Namespace) -> float:
    """Return the seconds until the time is spent. Raises OutOfTime if there are too few."""
    left = arguments.deadline - time.monotonic()
    if left < LEAST:
        raise OutOfTime("the time is spent")
    return left


def answer_of(
    command: list[str], arguments: argparse.Namespace, folder: str | Path = ROOT, *,
    answers: bool = True, most: float = float("inf"), **environment: str,
) -> str:  # fmt: skip
    """Return the last line that a command says.

    Raises RuntimeError: what went wrong, or it took more than `most` seconds. OutOfTime: it did not end in the time that there
    is.
    """
    left = seconds_left(arguments)
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | environment,
            timeout=min(left, most),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        _raise_late(left, most)
    lines = done.stdout.strip().splitlines()
    if done.returncode or (answers and not lines):
        raise RuntimeError(
            done.stderr.strip()[-SHOWN_CHARACTERS:] or f"it said nothing, and ended with status {done.returncode}"
        )
    return lines[-1] if lines else ""


def lines_of(
    command: list[str], arguments: argparse.Namespace, folder: str | Path = ROOT, *, most: float = float("inf")
) -> Iterator[str]:
    """Yield what a command says, line by line, as it says it.

    Raises OutOfTime: it was ended, since the time was spent. RuntimeError: it failed by a signal, or it took more than `most`
    seconds.
    """
    left = seconds_left(arguments)
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    ending = Timer(min(left, most), process.kill)
    ending.start()
    assert process.stdout is not None
    try:
        yield from (line.rstrip() for line in process.stdout)
    finally:
        ended = not ending.is_alive()
        ending.cancel()
        process.kill()
        status = process.wait()
    if ended:
        _raise_late(left, most)
    if status < 0:
        raise RuntimeError(f"it was ended by signal {-status}")


def _raise_late(left: float, most: float) -> NoReturn:
    """Raise what is to be said of a command that was ended: it is at fault if it had all the time that it may take."""
    if left > most:
        raise RuntimeError(f"it did not end within {most:.0f} s") from None
    raise OutOfTime("it did not end before the time was spent") from None


def compiled(source: str, folder: Path, arguments: argparse.Namespace) -> Path:
    """Return a program of one file beside this one, compiled for this GPU."""
    tools, found = toolkit.find_toolkit(), gpu.find_gpu()
    assert tools is not None and isinstance(found, gpu.Gpu)
    program = folder / Path(source).stem
    tools.link_into(folder)
    (folder / "source").symlink_to(OURS, target_is_directory=True)
    options = [
        "-O3",
        "-std=c++17",
        "-w",
        *tools.architecture(found.capability),
        "-I",
        "source",
        *tools.include_options,
        *tools.library_options,
    ]
    command = [str(tools.nvcc), *options, str(Path(__file__).with_name(source)), "-o", str(program)]
    answer_of(command, arguments, folder, answers=False)
    return program
