"""The peers' environments: one folder each under benchmarks/.venvs/, from benchmarks/requirements/NAME.txt."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / ".venvs"

#: The Pythons to try, in this order. There are wheels of torch for processors alone where PyPI is not asked.
PYTHONS = {"torch": ("3.11", "3.12", "3.13", "3.10")}
USUAL = ("3.12", "3.13", "3.14", "3.11")


class Missing(Exception):
    """An environment that could not be made; the message says why."""


def python_of(name: str) -> Path:
    """Return the Python of an environment, which is made, or brought up to date, if need be.

    Raises Missing: no Python of a version that will do, or none in which the packages could be installed.
    """
    requirements = HERE / "requirements" / f"{name}.txt"
    home = FOLDER / name
    stamp, python = home / ".ready", home / "bin" / "python"
    if stamp.exists() and stamp.read_text() == requirements.read_text() and _works(python):
        return python
    reasons = []
    for version in PYTHONS.get(name, USUAL):
        base = find_python(version)
        if base is None:
            reasons.append(f"no Python {version}")
            continue
        why_not = _make(home, base, version, requirements)
        if not why_not:
            stamp.write_text(requirements.read_text())
            return python
        reasons.append(f"Python {version}: {why_not}")
    raise Missing("; ".join(reasons))


def _make(home: Path, base: str, version: str, requirements: Path) -> str:
    """Make the environment and install; returns what went wrong, or nothing."""
    python = home / "bin" / "python"
    if not _works(python, version):
        print(f"benchmarks: making {home} with Python {version}", file=sys.stderr, flush=True)
        shutil.rmtree(home, ignore_errors=True)
        made = _run([base, "-m", "venv", str(home)])
        if made.returncode:
            return _last_line(made, "venv failed")
    print(f"benchmarks: installing {requirements.stem}", file=sys.stderr, flush=True)
    done = _run([str(python), "-m", "pip", "install", "--quiet", "--retries", "1", "-r", str(requirements)])
    return _last_line(done, "pip failed") if done.returncode else ""


def _last_line(done: subprocess.CompletedProcess[str], otherwise: str) -> str:
    lines = [line for line in done.stdout.splitlines() if line.startswith("ERROR")] or done.stdout.splitlines()
    return lines[-1].removeprefix("ERROR: ")[:200] if lines else otherwise


def find_python(version: str) -> str | None:
    """Return a Python of this version, such as "3.12": on the PATH, or of pyenv or uv."""
    return next((found for found in _candidates(version) if _works(Path(found), version)), None)


def _candidates(version: str):
    yield sys.executable if sys.version.startswith(f"{version}.") else ""
    yield shutil.which(f"python{version}") or ""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from (str(home / "bin" / "python") for home in sorted(root.glob(f"versions/{version}.*"), reverse=True))
    if shutil.which("uv"):
        found = _run(["uv", "python", "find", "--no-project", version])
        yield found.stdout.strip() if found.returncode == 0 else ""


def _works(python: Path, version: str = "3.") -> bool:
    """Return whether it runs, is of this version, and can make environments."""
    if not python.name or not python.exists():
        return False
    answer = _run([str(python), "-c", "import venv, ensurepip, sys; print(sys.version)"])
    return answer.returncode == 0 and answer.stdout.startswith(version if version.endswith(".") else f"{version}.")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment
    )
