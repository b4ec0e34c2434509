"""What a measurement was made on."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from recircuit.processor import cores


def facts(threads: int) -> dict[str, Any]:
    """Return the machine, the versions, the date and the command."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
        "commit": _output_of(["git", "rev-parse", "--short", "HEAD"]),
        "machine": {
            "processor": _cpu("model name") or platform.processor(), "processors": cores(),
            "threads": threads, "memory_GiB": round(_memory() / 2**30, 1), "caches": caches(),
            "system": f"{platform.system()} {platform.release()}", "load": os.getloadavg()[0],
        },
        "versions": {"python": platform.python_version(), "compiler": _output_of([os.environ.get("CXX", "g++"), "--version"])}
        | {name: version(name) for name in ("recircuit", "brian2", "numpy", "scipy-openblas32")},
    }  # fmt: skip


def summary(findings: dict[str, Any]) -> str:
    """Return the machine in a line."""
    machine = findings["machine"]
    return (
        f"{machine['processor']}, {machine['processors']} processors, {machine['threads']} threads, "
        f"{', '.join(f'{k} {v}' for k, v in machine['caches'].items())}, {findings['date'][:10]}"
    )


def caches() -> dict[str, str]:
    """Return the caches of the first processor by level, with their sizes."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (folder / "type").read_text().strip() != "Instruction":
            found[f"L{(folder / 'level').read_text().strip()}"] = (folder / "size").read_text().strip()
    return found


def _cpu(key: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _output_of(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    except OSError:
        return ""
    return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout else ""
