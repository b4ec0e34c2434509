"""Install the package in every environment that this machine offers, and run some tests there: ``make matrix``.

An environment is a Python, a Brian2 with the newest of all other packages, and a compiler. The wheel is installed, and the
tests run from the unpacked source distribution, in which all of them must be found. The table says what a machine lacks, and
this counts as no failure.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "matrix"

PYTHONS = ("3.12", "3.13", "3.14")
#: What pip is asked for; MATRIX_BRIAN2 names another, such as the path of a checkout.
BRIAN2 = ("brian2==2.10.1", os.environ.get("MATRIX_BRIAN2", "brian2>=2.11,<3"))
#: What the tests need.
TOOLS = tuple(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["test"])

#: Some of everything, a few minutes on two cores. Those that compile come last.
TESTS = (
    "tests/test_strictness.py", "tests/circuits/test_circuit.py", "tests/circuits/time/test_latches.py",
    "tests/circuits/methods/test_saving.py", "tests/circuits/inputs/test_what_is_shown.py",
    "tests/circuits/backends/test_dynamics_backends.py",
)  # fmt: skip
COMPILED = ("tests/circuits/backends/test_dynamics_backends.py",)
#: A compiler for other processors than this one, on which nothing can be run: the kernels are only compiled.
ARM = "clang for ARM"
KERNELS = """
import re, scipy_openblas32 as blas
from recircuit.circuits.backends.cpp.kernels import OURS, kernels
texts = [file.read_text() for file in OURS.glob("*.cpp")]
called = [f"recircuit::{name}(" for text in texts for name in re.findall(r"^template void (\\w+)\\(", text, re.M)]
files = {file for real in ("float", "double") for file in kernels(called, real, blas.get_include_dir())}
print(len(files), "files of kernels are compiled")
"""


@dataclass(frozen=True)
class Place:
    """An environment that is to be made."""

    python: str
    brian2: str
    compiler: str

    @property
    def folder(self) -> Path:
        """The folder in which it is made."""
        return WORK / re.sub(r"[^A-Za-z0-9.]+", "-", f"{self.python} {Path(self.brian2).name}")

    def __str__(self) -> str:
        return f"Python {self.python}, {Path(self.brian2).name}, {self.compiler}"


def places() -> Iterator[Place]:
    """Yield every Python with both versions of Brian2, and the first with clang too, for this processor and for one of ARM."""
    for python in PYTHONS:
        for brian2 in BRIAN2:
            yield Place(python, brian2, "g++")
    yield Place(PYTHONS[0], BRIAN2[0], "clang")
    yield Place(PYTHONS[0], BRIAN2[0], ARM)


def run(*command: str | Path, folder: Path = ROOT, **environment: str) -> tuple[bool, str]:
    """Run a command, and return whether it succeeds, and the last line that it says."""
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    with (WORK / "log.txt").open("a") as log:
        log.write(f"$ {shlex.join(map(str, command))}\n{done.stdout}\n")
    result = [line for line in done.stdout.strip().splitlines() if not line.startswith("WARNING")]
    return done.returncode == 0, result[-1] if result else ""


def interpreter(version: str) -> str | None:
    """Return the path of a Python: on the PATH, of pyenv, or of uv."""
    lookups = {f"python{version}": (), "pyenv": ("prefix", version), "uv": ("python", "find", "--no-project", version)}
    check = f"import sys, venv; assert '{version}' == '%d.%d' % sys.version_info[:2]"
    for command, arguments in lookups.items():
        if shutil.which(command) is None:
            continue
        found = command
        if arguments:
            found = subprocess.run([command, *arguments], capture_output=True, text=True, check=False).stdout.strip()
            found = f"{found}/bin/python" if command == "pyenv" else found
        if shutil.which(found) and run(found, "-c", check)[0]:
            return found
    return None


def distributions() -> tuple[Path, Path]:
    """Build wheel and source distribution from a copy of what is committed; return the wheel and the unpacked folder."""
    source = WORK / "source"
    source.mkdir()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if not name.startswith("results/") and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    build = "from setuptools import build_meta as b; b.build_sdist('../dist'); b.build_wheel('../dist')"
    ok, result = run(sys.executable, "-c", build, folder=source)
    if not ok:
        sys.exit(f"matrix: nothing can be built: {result}")
    (sdist,) = (WORK / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(WORK / "unpacked", filter="data")
    (wheel,) = (WORK / "dist").glob("*.whl")
    return wheel, next((WORK / "unpacked").iterdir())


def environment(place: Place, wheel: Path) -> str:
    """Make it; return why it cannot be, or nothing."""
    pip = (place.folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    tools = [t for t in TOOLS if place.brian2 == BRIAN2[0] or not t.startswith("brian2cuda")]
    done = place.folder / "done"  # holds what has been installed
    if done.exists() and done.read_text() == "\n".join(tools):
        ok, result = run(*pip, "--force-reinstall", "--no-deps", wheel)
        return "" if ok else f"FAILS to install: {result}"
    python = interpreter(place.python)
    if python is None:
        return f"not here: Python {place.python}"
    run(python, "-m", "venv", "--clear", place.folder)
    ok, result = run(*pip, place.brian2)
    if not ok:
        return f"not here: {place.brian2} ({result})"
    ok, result = run(*pip, wheel, *tools)
    if not ok:
        return f"FAILS to install: {result}"
    done.write_text("\n".join(tools))
    return ""


def compiler(place: Place) -> str:
    """Return the command of the compiler, or nothing. The wheel ziglang brings a clang along."""
    python = place.folder / "bin" / "python"
    if place.compiler not in ("clang", ARM):
        return place.compiler if shutil.which(place.compiler) else ""
    if place.compiler == "clang" and (found := shutil.which("clang++")):
        return found
    ok, _ = run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "ziglang")
    command = (
        str(python),
        "-m",
        "ziglang",
        "c++",
        *(("-target", "aarch64-linux-gnu") if place.compiler == ARM else ()),
    )
    (WORK / "one.cpp").write_text("int main() { return 0; }\n")
    return (
        shlex.join(command) if ok and run(*command, "one.cpp", "-o", "one", folder=WORK)[0] else ""
    )  # fills its cache


def outcome(place: Place, wheel: Path, unpacked: Path) -> str:
    """Return what came of an environment, in a line."""
    if why := environment(place, wheel):
        return why
    command = compiler(place)
    if not command:
        return f"not here: {place.compiler}"
    pytest = (place.folder / "bin" / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    options = {
        "CXX": command,
        "RECIRCUIT_CACHE": str(WORK / "cache"),
        "OPENBLAS_NUM_THREADS": "1",
        "RECIRCUIT_THREADS": "1",
    }
    if place.compiler == ARM:
        ok, said = run(pytest[0], "-W", "ignore", "-c", KERNELS, folder=unpacked, **options)
        return f"{'ok' if ok else 'FAILS'}: {said}"
    works = (
        "from recircuit.circuits.backends.cpp.compiler import missing_compiler as missing; why = missing()\n"
        "if why: print('missing:', why)"
    )
    imported, why = run(pytest[0], "-W", "ignore", "-c", works, folder=unpacked, **options)
    if not imported or why.startswith("missing:"):
        return f"not here: {place.compiler}: {why}" if imported else f"FAILS: {why}"
    found, result = run(*pytest, "--collect-only", "tests", folder=unpacked, **options)
    if not found:
        return f"FAILS: not all tests are found: {result}"
    tests = COMPILED if place.compiler == "clang" else TESTS
    ok, tested = run(*pytest, *tests, folder=unpacked, **options)
    return f"{'ok' if ok else 'FAILS'}: {result}; {tested}"


def main() -> None:
    """Print a line for each environment, or for those in whose names the argument is; exit with 1 if one fails."""
    for old in ("source", "dist", "unpacked"):
        shutil.rmtree(WORK / old, ignore_errors=True)
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "log.txt").write_text("")
    wheel, unpacked = distributions()
    failed, wanted = False, " ".join(sys.argv[1:])
    for place in [p for p in places() if wanted in str(p)]:
        result = outcome(place, wheel, unpacked)
        failed |= result.startswith("FAILS")
        print(f"{place!s:45}  {result}", flush=True)
    print(f"All that was said is in {WORK / 'log.txt'}.")
    sys.exit(failed)


if __name__ == "__main__":
    main()
