"""Install wheels for tools/gpu_check.sh: `python tools/gpu_install.py WHEELS FOLDER`, with the interpreter that has torch.

The interpreter is left as it is: packages go into a folder of their own, for PYTHONPATH, and those that the interpreter has
are not installed again, except for those whose version matters. Nothing is fetched.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

#: Of these another version will not do.
EXACT = {"brian2", "brian2cuda", "recircuit"}

#: Read when the interpreter starts: what a package does at the start (setuptools brings back distutils) is done here, too.
CUSTOMIZE = "import os, site\n\nsite.addsitedir(os.path.dirname(os.path.abspath(__file__)))\n"


def wanted(wheel: Path) -> bool:
    """Return whether a wheel is to be installed."""
    name, number = wheel.name.split("-")[:2]
    try:
        there = version(name)
    except PackageNotFoundError:
        return True
    return name.lower() in EXACT and there != number


def suits(wheel: Path) -> bool:
    """Return whether a wheel is for this version of Python."""
    python, abi = wheel.stem.split("-")[-3:-1]
    return abi == "abi3" or not {"py3", f"cp3{sys.version_info.minor}"}.isdisjoint(python.split("."))


def install(chosen: list[Path], folder: Path) -> int:
    """Install wheels by pip, and return its status."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-compile",
        "--upgrade",
    ]
    return subprocess.run([*command, "--target", folder, *chosen], check=False).returncode


def unpack(chosen: list[Path], folder: Path) -> int:
    """Unpack wheels where there is no pip, which is enough for packages, and return 0."""
    for wheel in chosen:
        with zipfile.ZipFile(wheel) as file:
            file.extractall(folder)
    return 0


def main(wheels: Path, folder: Path) -> int:
    """Install what is not there yet; all again if a wheel has other contents, though its version may be the same."""
    ready, found = folder / ".ready", sorted(wheels.glob("*.whl"))
    contents = "\n".join(f"{hashlib.sha256(wheel.read_bytes()).hexdigest()} {wheel.name}" for wheel in found)
    if ready.is_file() and ready.read_text() == contents:
        return 0
    shutil.rmtree(folder, ignore_errors=True)
    chosen = [wheel for wheel in found if wanted(wheel)]
    if others := [wheel.name for wheel in chosen if not suits(wheel)]:
        here = f"3.{sys.version_info.minor}"
        print(f"{others[0]} is not for Python {here}: prepare it with PYTHON_THERE={here}", file=sys.stderr)
        return 1
    if status := unpack(chosen, folder) if find_spec("pip") is None else install(chosen, folder):
        return status
    (folder / "sitecustomize.py").write_text(CUSTOMIZE)
    ready.write_text(contents)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
