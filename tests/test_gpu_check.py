"""tools/gpu_check.sh on the machine with the GPU, with a program in the place of Python, and what installs packages there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools import gpu_install

ROOT = Path(__file__).parents[1]

#: It has torch, installs all, and measures a part; what it is told of is found beside.
PYTHON = """#!/bin/sh
case "$*" in
*benchmarks.gpu*)
    while [ "$1" != --out ]; do shift; done
    [ -e "$2/A-GPU.json" ] && cp "$2/A-GPU.json" "$2/earlier.json"
    printf '{"parts": {}}' > "$2/A-GPU.json"
    [ -z "$HANGS" ] || sleep 600
    exit 3 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder with as much of the project as travels."""
    folder = tmp_path / "checkout"
    (folder / "tools").mkdir(parents=True)
    (folder / "build" / "gpu" / "wheels").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "gpu_check.sh", folder / "tools")
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return folder


def there(checkout: Path, **environment: str) -> tuple[int, Path]:
    """Return the status of a call, and the folder of what it hands back."""
    out = checkout.parent / "out"
    out.mkdir(exist_ok=True)
    env = os.environ | {"PYTHON": str(checkout.parent / "python"), "OUT": str(out), "HANGS": ""} | environment
    return subprocess.run(["sh", "tools/gpu_check.sh", "there"], cwd=checkout, env=env, check=False).returncode, out


def test_results_are_handed_back_whatever_the_status(checkout: Path) -> None:
    status, out = there(checkout)
    assert status == 3 and [file.name for file in out.iterdir()] == ["A-GPU.json"]


def test_a_call_on_another_machine_goes_on_with_earlier_results(checkout: Path) -> None:
    earlier = checkout.parent / "earlier"
    earlier.mkdir()
    (earlier / "A-GPU.json").write_text(json.dumps({"parts": {"build": {}}}))
    _, out = there(checkout, EARLIER=str(earlier))
    assert json.loads((out / "earlier.json").read_text())["parts"] == {"build": {}}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("timeout") is None, reason="no timeout")
def test_a_call_that_does_not_end_is_ended(checkout: Path) -> None:
    status, out = there(checkout, HANGS="yes", CHECK_SECONDS="1")
    assert status == 124 and (out / "A-GPU.json").is_file()


@pytest.mark.parametrize("pip", [True, False])
def test_a_wheel_of_the_same_version_with_other_contents_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pip: bool
) -> None:
    """This holds whether the interpreter has pip or not, so that a mended project is what is measured."""
    wheels, folder = tmp_path / "wheels", tmp_path / "site"
    wheels.mkdir()
    monkeypatch.setattr(gpu_install, "find_spec", lambda name: pip or None)
    monkeypatch.setattr(gpu_install, "install", gpu_install.unpack)  # pip does so, in seconds
    for text in ("first = 1", "second = 2"):
        with zipfile.ZipFile(wheels / "no_such_package-1.0-py3-none-any.whl", "w") as file:
            file.writestr("no_such_package.py", text)
        for _ in range(2):
            assert gpu_install.main(wheels, folder) == 0
            assert (folder / "no_such_package.py").read_text() == text


def test_wheels_for_another_python_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tags = {"cp39-abi3-manylinux_2_17_x86_64": 0, "py2.py3-none-any": 0, "cp38-cp38-linux_x86_64": 1}
    for number, (tag, status) in enumerate(tags.items()):
        wheels = tmp_path / str(number)
        wheels.mkdir()
        with zipfile.ZipFile(wheels / f"no_such_package-1.0-{tag}.whl", "w"):
            assert gpu_install.suits(wheels / f"no_such_package-1.0-{tag}.whl") == (not status)
    assert gpu_install.main(tmp_path / "2", tmp_path / "site") == 1
    assert f"prepare it with PYTHON_THERE=3.{sys.version_info.minor}" in capsys.readouterr().err


def test_what_is_not_needed_does_not_travel(tmp_path: Path) -> None:
    """Neither tests nor subpackages that are named travel, of that package alone; the record is of the files that are left."""
    wheel = tmp_path / "big-1.0-py3-none-any.whl"
    stays = ["big/__init__.py", "big/used/a.py", "big/stats.py", "other/stats/a.py"]
    goes = ["big/stats/a.py", "big/used/tests/a.py"]
    record = "big-1.0.dist-info/RECORD"
    with zipfile.ZipFile(wheel, "w") as file:
        for name in [*stays, *goes]:
            file.writestr(name, name)
        file.writestr(record, "".join(f"{name},,\n" for name in [*stays, *goes]))
    subprocess.run([sys.executable, str(ROOT / "tools" / "gpu_slim.py"), str(tmp_path), "big", "stats"], check=True)
    with zipfile.ZipFile(wheel) as file:
        assert file.namelist() == [*stays, record]
        assert file.read(record).decode() == "".join(f"{name},,\n" for name in stays)
