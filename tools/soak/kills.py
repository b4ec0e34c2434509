"""Commands that are killed at random moments and continued: they end in the same bits, and leave nothing behind."""

from __future__ import annotations

import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import recircuit as rc

from .tally import Tally

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
#: Seconds that a command may take.
LIMIT = 300.0


@dataclass(frozen=True)
class Scene:
    """A command, how it goes on, and what it leaves that is compared."""

    name: str
    begin: list[str]
    go_on: list[str]
    result: Callable[[Path], Mapping[str, Any]]
    own_cache: bool = False


def weights(folder: Path) -> Mapping[str, Any]:
    """Return what a training run ends with, except for times."""
    found = dict(rc.Checkpoint.load(folder / "weights.safetensors").state)
    rows = list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))
    return found | {"errors": np.array([[float(row["train_error"]), float(row["test_error"])] for row in rows])}


def tables(folder: Path) -> Mapping[str, Any]:
    """Return what a sweep ends with, except for times."""
    rows = csv.DictReader((folder / "table.csv").read_text().splitlines())
    return {"table": np.array([[v for k, v in row.items() if "second" not in k] for row in rows])}


def scenes() -> list[Scene]:
    """Return the scenes: a run on each backend, a run that has to be built first, and a sweep."""
    train = ["train", "digits", "--layers", "64-12-10", "--epochs", "8"]
    sweep = ["sweep", "digits", "--rule", "urfb,frfb", "--layers", "64-8-10", "--epochs", "2", "--seeds", "0-1",
             "--backend", "numpy", "--workers", "1"]  # fmt: skip
    return [
        Scene("numpy", [*train, "--backend", "numpy"], [*train, "--backend", "numpy", "--resume"], weights),
        Scene("cpp", [*train, "--backend", "cpp"], [*train, "--backend", "cpp", "--resume"], weights),
        Scene("build", [*train, "--backend", "cpp"], [*train, "--backend", "cpp", "--resume"], weights, own_cache=True),
        Scene("sweep", sweep, sweep, tables),
    ]


class Place:
    """Folders of their own for a command: where it runs, its temp folder, and its cache."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.out, self.temp, self.cache = folder / "out", folder / "temp", cache
        for one in (folder, self.temp, cache):
            one.mkdir(exist_ok=True)

    def start(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        """Start a command, as a shell does. While Python itself starts, and imports what holds `main`, Ctrl-C is ignored."""
        ready = (
            "import signal; from recircuit.cli import main; signal.signal(signal.SIGINT, signal.default_int_handler)"
        )
        code = f"{ready}; main()"
        env = os.environ | {"TMPDIR": str(self.temp), "RECIRCUIT_CACHE": str(self.cache), "MPLBACKEND": "Agg"}
        command = [sys.executable, "-W", "ignore", "-c", code, *arguments, "--out", str(self.out)]
        ignored = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
        return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=ignored)

    def left(self) -> list[str]:
        """Return what a command that ended a while ago has left: files, and processes that run in the cache."""
        found = [str(p) for p in self.temp.iterdir()] + [str(p) for p in self.cache.rglob("building-*")]
        return found + [f"process {p.name}" for p in Path("/proc").iterdir() if _within(p, self.cache)]


def _within(process: Path, folder: Path) -> bool:
    """Return whether a process works in a folder."""
    try:
        return process.name.isdigit() and Path(os.readlink(process / "cwd")).is_relative_to(folder)
    except OSError:
        return False


def finish(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Wait for the end."""
    try:
        _, output = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return -99, "hangs"
    return process.returncode, output.decode(errors="replace")


def kills(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Kill commands so many times, the scenes in turn; a scene is killed up to three times before it may end."""
    rng, shared = random.Random(number), folder / "cache"
    right: dict[str, tuple[Mapping[str, Any], float]] = {}
    memory = {f for f in os.listdir("/dev/shm") if "recircuit" in f}
    turn = 0
    while tally.tried < count:
        scene = scenes()[turn % 4]
        turn += 1
        if scene.name not in right:
            right[scene.name] = _undisturbed(scene, Place(folder / f"right-{scene.name}", shared))
        result, seconds = right[scene.name]
        place = Place(folder / f"{turn}", folder / f"{turn}-cache" if scene.own_cache else shared)
        arguments = scene.begin
        for _ in range(min(rng.choice((1, 1, 2, 3)), count - tally.tried)):
            tally.tried += 1
            _kill(tally, scene, place, arguments, rng, seconds)
            started = scene.name == "sweep" or (place.out / "weights.safetensors").exists()
            arguments = scene.go_on if started else scene.begin
        _go_on(tally, scene, place, arguments, result)
        shutil.rmtree(place.out.parent, ignore_errors=True)
    if new := {f for f in os.listdir("/dev/shm") if "recircuit" in f} - memory:
        tally.fault("left behind", f"in /dev/shm: {sorted(new)}")


def _undisturbed(scene: Scene, place: Place) -> tuple[Mapping[str, Any], float]:
    begin = time.monotonic()
    code, output = finish(place.start(scene.begin))
    if code:
        raise SystemExit(f"soak: {scene.name} does not run at all: {output}")
    return scene.result(place.out), time.monotonic() - begin


def _kill(tally: Tally, scene: Scene, place: Place, arguments: list[str], rng: random.Random, seconds: float) -> None:
    process, how = place.start(arguments), rng.choice(SIGNALS)
    try:
        process.wait(rng.uniform(0.05, seconds))
    except subprocess.TimeoutExpired:
        process.send_signal(how)
    code, output = finish(process)
    if code == -99:
        tally.fault("hangs", f"{scene.name} after {how.name}")
    if "bug in recircuit" in output or "Traceback" in output:
        tally.fault("raw errors", f"{scene.name} after {how.name}: {output[-3000:]}")
    if how is not signal.SIGKILL:
        time.sleep(0.5)  # workers end by themselves
        if left := place.left():
            tally.fault("left behind", f"{scene.name} after {how.name}: {left}")


def _go_on(tally: Tally, scene: Scene, place: Place, arguments: list[str], right: Mapping[str, Any]) -> None:
    code, output = finish(place.start(arguments))
    if code:
        tally.fault("lost", f"{scene.name} does not go on: {code}: {output[-3000:]}")
        return
    found = scene.result(place.out)
    if set(found) != set(right) or any(not np.array_equal(found[key], value) for key, value in right.items()):
        tally.fault("wrong", f"{scene.name} ends in other bits")
    if left := place.left():
        tally.fault("left behind", f"{scene.name} at the end: {left}")
