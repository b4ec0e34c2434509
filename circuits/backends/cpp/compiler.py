"""The C++ compiler and the matrix library: where they are found, and with which options the code is compiled."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from ....errors import RecircuitError

#: Without -fno-finite-math-only (which Brian2 adds), so that tanh and exp vectorise; NaN is looked for by its bits.
FLAGS = ("-w", "-O3", "-ffast-math", "-march=native", "-std=c++17")
if platform.machine() in ("x86_64", "AMD64"):
    FLAGS += ("-mprefer-vector-width=512",)  # the widest there are; by itself GCC takes half of it on many processors

#: Without them no circuit compiles; the others are left out where the compiler does not know them.
NEEDED = ("-w", "-O3", "-std=c++17")
#: Seconds in which a compiler compiles a program of one line, if it works.
PATIENCE = 60


def compiler() -> tuple[str, ...]:
    """Return the command of the C++ compiler as a list of words: $CXX, split as a shell would split it, or g++.

    Raises
    ------
    RecircuitError
        If $CXX cannot be split.
    """
    command = _command()
    if isinstance(command, str):
        raise RecircuitError(f"{command}.")
    return command


def _command() -> tuple[str, ...] | str:
    """Return the command of the compiler; or, as a text without a full stop, why $CXX is not a command and what to do."""
    given = os.environ.get("CXX", "")
    try:
        return tuple(shlex.split(given)) or ("g++",)
    except ValueError as problem:
        return f"CXX: {given!r} is not a command ({problem}). Write a command, as in CXX='ccache g++'"


def missing_compiler() -> str:
    """Return what is missing for compiled circuits, and what to do about it; empty if nothing is."""
    command = _command()
    if isinstance(command, str):
        return command
    for word in command if command[0].endswith(("ccache", "distcc")) else command[:1]:
        if not word.startswith("-") and shutil.which(word) is None:
            return f"no C++ compiler ({word!r} is not on the PATH; install g++, or name one in CXX)"
    path = os.environ.get("PATH", "")
    return _problem(command, FLAGS, path) and _problem(command, NEEDED, path)


def flags() -> tuple[str, ...]:
    """Return the options by which circuits are compiled: those of `FLAGS` that the compiler knows."""
    command, path = compiler(), os.environ.get("PATH", "")
    if not _problem(command, FLAGS, path):
        return FLAGS
    return tuple(flag for flag in FLAGS if flag in NEEDED or not _problem(command, (flag,), path))


@cache
def _problem(command: tuple[str, ...], options: tuple[str, ...], path: str) -> str:
    """Return why a program of one line cannot be compiled and linked; empty if it can."""
    del path  # on which the answer depends
    with tempfile.TemporaryDirectory(prefix="recircuit-") as folder:
        (Path(folder) / "a.cpp").write_text("int main() { return 0; }\n")
        try:
            done = subprocess.run(
                [*command, *options, "a.cpp", "-o", "a"], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, errors="replace", check=False, timeout=PATIENCE, env=os.environ | {"TMPDIR": folder},
            )  # fmt: skip
        except OSError as problem:
            return f"the C++ compiler {shlex.join(command)} cannot be started ({problem.strerror or problem})"
        except subprocess.TimeoutExpired:
            return f"the C++ compiler {shlex.join(command)} needs more than {PATIENCE} s for a program of one line"
        lines = (done.stderr + done.stdout).strip().splitlines() or ["no output"]
        if done.returncode == 0 and not (Path(folder) / "a").is_file():
            return f"the C++ compiler {shlex.join(command)} ends without a program"
    if done.returncode:
        return f"the C++ compiler {shlex.join(command)} fails on a program of one line: {lines[0]}"
    return ""


def tools() -> tuple[str, ...]:
    """Return everything that calls of the compiler depend on, without compiling anything; empty if it is missing."""
    try:
        command = compiler()
    except RecircuitError:
        return ()
    program, library = shutil.which(command[0]), find_spec("scipy_openblas32")
    if program is None or library is None:
        return ()
    file = os.stat(program)
    return (*command, program, f"{file.st_size} {file.st_mtime_ns}", *FLAGS, str(library.origin), toolchain())


def toolchain() -> str:
    """Return everything that a compiled program depends on, besides the sources and the call of the compiler."""
    return _toolchain(compiler(), os.environ.get("PATH", ""))


@cache
def _toolchain(command: tuple[str, ...], path: str) -> str:
    del path  # on which the answer depends
    said = compiler_version(command)
    libraries = " ".join(f"{p}={version(p)}" for p in ("Brian2", "scipy-openblas32"))
    return "\n".join([said, libraries, processor()])


def compiler_version(command: tuple[str, ...]) -> str:
    """Return the first line that a compiler prints for its version; empty if it prints nothing."""
    try:
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout.splitlines() or [""])[0]


@cache
def processor() -> str:
    """Return the model of the processor, as the compiler sees it by -march=native."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    wanted = ("model name", "flags")
    return "\n".join(next((line for line in lines if line.startswith(w)), "") for w in wanted)
