"""Compiling: no shell reads a path, an entry of the cache is whole or made again, and nothing stays behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy_openblas32
from kernels import copy_kernels

import recircuit as rc
from recircuit.circuits.backends import BACKENDS
from recircuit.circuits.backends.compiled import cache as caching
from recircuit.circuits.backends.compiled.build import Recipe
from recircuit.circuits.backends.compiled.cache import built, cache_folder, missing_cache
from recircuit.circuits.backends.compiled.device import bounded
from recircuit.circuits.backends.cpp import compiler as compilers
from recircuit.circuits.backends.cpp.compiler import compiler, flags, missing_compiler

#: What a shell or make would read as something else than a name.
HOSTILE = [
    "a#b",
    "$(touch executed)",
    "`touch executed`",
    "$(shell touch executed)",
    "a 'b' \"c\"",
    "a\nb",
    "-o",
    "a%b:c=d;e",
]
PROGRAM = '#include <cstdio>\nint main() { std::puts("here"); return 0; }\n'

pytestmark = pytest.mark.cpp


def write(folder: Path) -> Recipe:
    """Write a program of one line, as a circuit would be compiled."""
    (folder / "a.cpp").write_text(PROGRAM)
    (folder / "b.cpp").write_text("int beside() { return 1; }\n")
    compiling = tuple((*compiler(), "-c", f"{name}.cpp", "-o", f"{name}.o") for name in "ab")
    return Recipe(compiling, ("main",), (*compiler(), "a.o", "b.o", "-o", "main"))


def says(home: Path) -> str:
    return subprocess.run(["./main"], cwd=home, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache."""
    monkeypatch.setenv("RECIRCUIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


# --- no shell ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_a_path_is_a_name_and_nothing_else(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECIRCUIT_CACHE", name)
    home = built("cpp", write, "")
    assert home.parent == tmp_path / name == cache_folder() and says(home) == "here\n"
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert not list(home.glob("*.o")) and not list(home.parent.glob("building-*"))


def test_a_circuit_where_paths_are_hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The paths of the cache and of the matrix library are hostile; the kernels are those of another cache."""
    monkeypatch.chdir(tmp_path)
    name = "a 'b' \"c\" `touch executed` $(touch executed) $(shell touch executed) #d\ne"
    hostile = tmp_path / name
    hostile.mkdir()
    for which in ("lib", "include"):
        (hostile / which).symlink_to(getattr(scipy_openblas32, f"get_{which}_dir")())
        monkeypatch.setattr(scipy_openblas32, f"get_{which}_dir", lambda which=which: str(hostile / which))
    copy_kernels(hostile / "cache")
    monkeypatch.setenv("RECIRCUIT_CACHE", str(hostile / "cache"))
    net = rc.Circuit()
    x = net.stimulus("x", 3)
    h = net.population("h", 3, rc.Neuron("basal : 1 (compartment)\nrate = 2*basal : 1 (during a)"))
    net.connect(x, h, weights=np.eye(3))
    net.phases("a", 2 * net.dt)
    net.run([[1.0, 2.0, 3.0]], backend="cpp")
    assert np.array_equal(net["h.rate"], [[2, 4, 6]])
    net.close()
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("given", "words"),
    [("", ("g++",)), ("ccache g++", ("ccache", "g++")), ("'/my tools/g++' -O1", ("/my tools/g++", "-O1"))],
)
def test_the_words_of_a_compiler(given: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", given)
    assert compiler() == words


def test_a_compiler_behind_another_program(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "my tools"
    tools.mkdir()
    (tools / "ccache").write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/log"\nexec "$@"\n')
    (tools / "ccache").chmod(0o755)
    monkeypatch.setenv("CXX", f"'{tools}/ccache' g++")
    assert missing_compiler() == "" and says(built("cpp", write, "")) == "here\n"
    assert "g++ -c a.cpp -o a.o" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("no-such-compiler -O2", "no C.. compiler .'no-such-compiler' is not on the PATH"),
        ("ccache no-such-compiler", "is not on the PATH"),
        ("'g++", "is not a command"),
        ("false", "compiler false fails on a program of one line: no output"),
        ("true", "compiler true ends without a program"),
        ("g++ -no-such-option", "fails on a program of one line: .*no-such-option"),
    ],
)
def test_a_compiler_that_does_not_work(given: str, message: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found before anything is generated, auto does without it, and says so."""
    monkeypatch.setenv("CXX", given)
    with pytest.raises(rc.RecircuitError, match=f"backend cpp: .*{message}.*numpy needs no compiler"):
        rc.layered([3, 2]).program("cpp")
    with pytest.warns(UserWarning, match=f"numpy is used.*{message}"):
        assert rc.layered([3, 2]).program("auto").backend == "numpy"


def test_a_compiler_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilers, "PATIENCE", 0.2)
    monkeypatch.setenv("CXX", f"{shutil.which('sh')} -c 'sleep 60 #'")
    assert "needs more than 0.2 s" in missing_compiler()


def test_options_that_a_compiler_does_not_know_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "old"
    script.write_text('#!/bin/sh\ncase "$*" in *-march=native*) exit 1;; esac\nexec g++ "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("CXX", str(script))
    assert missing_compiler() == "" and set(compilers.FLAGS) - set(flags()) == {"-march=native"}


def test_what_a_compiler_refuses_is_kept_in_a_file_that_was_not_there(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder for such files holds links, by names that could be guessed, to a file of somebody's."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"recircuit-build-{os.getpid()}.log").symlink_to(precious)

    def broken(folder: Path) -> Recipe:
        recipe = write(folder)
        (folder / "a.cpp").write_text("int main() { return nothing; }\n")
        return recipe

    with pytest.raises(rc.RecircuitError, match="refused the generated code: .*nothing.* was not declared") as refused:
        built("cpp", broken, "")
    log = Path(str(refused.value).partition("all of it is in ")[2].partition(")")[0])
    assert "was not declared" in log.read_text() and log.stat().st_mode & 0o77 == 0 and precious.read_text() == "mine"
    assert not list(cache.glob("building-*")) and not list(cache.glob("*/main"))


def test_a_compiler_that_nvcc_does_not_take_is_not_a_fault_of_the_circuit(cache: Path) -> None:
    said = "crt/host_config.h:137:2: error: #error -- unsupported GNU version! gcc versions later than 15 are not supported!"

    def refused(folder: Path) -> Recipe:
        return replace(write(folder), compile=(("sh", "-c", f"echo '{said}'; exit 1"),))

    with pytest.raises(
        rc.RecircuitError, match=r"later than 15 are not supported!\). Install an older g\+\+ .*NVCC_CCBIN"
    ):
        built("cuda", refused, "")


# --- nothing stays behind ---------------------------------------------------------------------------------------------


def slow(folder: Path) -> Recipe:
    """Return the commands of a compiler that takes a minute, and starts a program of its own."""
    numbers_file = folder.parent.parent / "told"
    return Recipe((("sh", "-c", f"sleep 60 & echo $! >> {numbers_file}; wait"),) * 2, ("main",))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_ctrl_c_ends_the_compilers(cache: Path, tmp_path: Path) -> None:
    numbers_file = tmp_path / "told"

    def interrupt() -> None:
        while not numbers_file.exists() or len(numbers_file.read_text().split()) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            built("cpp", slow, "")
    finally:
        signal.signal(signal.SIGINT, before)
        thread.join()
    pids = [int(pid) for pid in numbers_file.read_text().split()]
    waited = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < waited:
        time.sleep(0.01)
    assert len(pids) == 2 and not any(map(alive, pids)) and not list(cache.glob("building-*"))


def test_what_a_killed_process_left_is_removed_by_the_next(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    dead, young = cache / "building-dead", cache / "building-young"
    killed, living = cache / f"building-{ended.pid}-a", cache / f"building-{os.getpid()}-a"
    for folder in (dead, young, killed, living):
        folder.mkdir(parents=True)
    os.utime(dead, (0, 0))
    built("cpp", write, "")
    assert not dead.exists() and not killed.exists() and young.exists() and living.exists()
    killed.mkdir()
    built("cpp", write, "")  # which is there already
    assert not killed.exists()


# --- what is damaged --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        "empty",
        "truncated",
        "other",
        "gone",
        "no record",
        "nonsense",
        "no right",
        "a file",
        "a link to nothing",
        "a link to a folder",
        "a pipe",
    ],
)
def test_what_is_damaged_is_made_again(damage: str, cache: Path) -> None:
    home = built("cpp", write, "")
    made, main = home.stat().st_ino, home / "main"
    assert built("cpp", write, "") == home and home.stat().st_ino == made
    content = main.read_bytes()
    if damage == "no right":
        main.chmod(0o600)
    elif damage in ("gone", "a pipe"):
        main.unlink()
        if damage == "a pipe":
            os.mkfifo(main)
    elif damage == "a file":
        shutil.rmtree(home)
        home.write_text("")
    elif damage.startswith("a link"):
        shutil.rmtree(home)
        home.symlink_to(cache.parent if damage.endswith("folder") else "/nowhere")
    elif damage in ("no record", "nonsense"):
        (home / "entry.json").write_text("" if damage == "no record" else '{"main": 3}')
    else:
        main.write_bytes({"empty": b"", "truncated": content[:-9], "other": bytes(len(content))}[damage])
    assert built("cpp", write, "") == home and says(home) == "here\n"
    assert sorted(p.name for p in cache.iterdir()) == [home.name, f"{home.name}.lock"]


def test_an_entry_may_be_moved_with_its_cache(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = built("cpp", lambda folder: write_linked(folder, cache), "")
    shutil.copytree(cache, tmp_path / "moved")
    monkeypatch.setenv("RECIRCUIT_CACHE", str(tmp_path / "moved"))
    monkeypatch.setenv("PATH", "")
    moved = built("cpp", lambda folder: write_linked(folder, tmp_path / "moved"), "")
    assert moved == tmp_path / "moved" / home.name


def write_linked(folder: Path, root: Path) -> Recipe:
    """Write a program that names another file of the cache, as a circuit does its kernels."""
    recipe = write(folder)
    return Recipe((*recipe.compile, ("true", str(root / "kernel" / "k.o"))), recipe.makes, recipe.link)


# --- what cannot be written or run ------------------------------------------------------------------------------------


def test_a_cache_that_can_only_be_read(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache is enough where it holds what is needed."""
    home, make = built("cpp", write, ""), tempfile.mkdtemp

    def refusing(prefix: str = "", dir: Path | None = None) -> str:
        if dir == cache:
            raise PermissionError(13, "Permission denied")
        return make(prefix=prefix)

    monkeypatch.setattr(caching.tempfile, "mkdtemp", refusing)
    assert built("cpp", write, "") == home and missing_cache() == ""
    with pytest.raises(rc.RecircuitError, match=r"cannot write to .*does not hold what is needed yet.*RECIRCUIT_CACHE"):
        built("cpp", write, "another compiler")


def test_without_a_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no home folder in a container, with a user whom the system does not know."""
    import pwd

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    for name in ("HOME", "RECIRCUIT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert "no home folder (HOME is not set). Name a folder" in BACKENDS["cpp"].missing()
    with pytest.raises(rc.RecircuitError, match="backend cpp: the user has no home folder.*RECIRCUIT_CACHE"):
        rc.layered([3, 2]).program("cpp")
    with pytest.warns(UserWarning, match="no home folder"):
        assert rc.layered([3, 2]).program("auto").backend == "numpy"


def test_a_file_system_from_which_nothing_may_be_run(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoExec:
        f_flag = os.ST_NOEXEC

    monkeypatch.setattr(os, "statvfs", lambda path: NoExec)
    assert "from which no program may be run (noexec). Name a folder" in BACKENDS["cpp"].missing()


# --- names ------------------------------------------------------------------------------------------------------------


def test_names_have_bounded_lengths() -> None:
    names = {bounded(f"{'state' * 60}_{number}{end}") for number in range(50) for end in ("", "*")}
    assert len(names) == 100 and max(map(len, names)) <= 100 and sum(name.endswith("*") for name in names) == 50
    assert bounded("short*") == "short*"


def test_a_circuit_with_long_names() -> None:
    """Names of code are made of those of states and populations, and so are names of files."""
    net, low, high = rc.Circuit(), "p" * 240, "q" * 240
    x = net.stimulus("x", 3)
    states = [f"firing_rate_of_compartment_{number:02d}" for number in range(15)]
    lines = [f"{name} = {number}*basal : 1 (during a)" for number, name in enumerate(states)]
    lines = ["basal : 1 (compartment)", *lines, f"rate = {'+'.join(states)} : 1 (during a)"]
    h = net.population(low, 3, rc.Neuron("\n".join(lines)))
    o = net.population(high, 3, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1 (during a)"))
    net.connect(x, h, weights=np.eye(3))
    net.connect(h, o, weights=np.eye(3))
    net.phases("a", 3 * net.dt)
    net.run([[1.0, 2.0, 3.0]], backend="numpy")
    expected = net[f"{high}.rate"]
    net.reset()
    net.run([[1.0, 2.0, 3.0]], backend="cpp")
    assert np.array_equal(net[f"{high}.rate"], expected) and expected.any()
    net.close()
