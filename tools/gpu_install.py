"""Install wheels for tools/gpu_check.sh: `python tools/gpu_install.py WHEELS FOLDER`, with the interpreter that has torch.

The interpreter is left as it is: packages go into a folder of their own, for PYTHONPATH, and those that the interpreter has
are not installed again, but for those whose version matters. Nothing is fetched.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: Of these another version will not do.
EXACT = {"brian2", "brian2cuda", "recircuit"}

#: Read when the interpreter starts: what a package does at the start (setuptools brings back distutils) is done here, too.
CUSTOMIZE = "import os, site\n\nsite.addsitedir(os.path.dirname(os.path.abspath(__file__)))\n"


def wanted(wheel: Path) -> bool:
    """Whether a wheel is to be installed."""
    name, number = wheel.name.split("-")[:2]
    try:
        there = version(name)
    except PackageNotFoundError:
        return True
    return name.lower() in EXACT and there != number


def main(wheels: Path, folder: Path) -> int:
    """Install what is not there yet."""
    ready = folder / ".ready"
    names = sorted(wheel.name for wheel in wheels.glob("*.whl"))
    if ready.is_file() and ready.read_text().splitlines() == names:
        return 0
    chosen = [str(wheel) for wheel in sorted(wheels.glob("*.whl")) if wanted(wheel)]
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
    if status := subprocess.run([*command, "--target", str(folder), *chosen], check=False).returncode:
        return status
    (folder / "sitecustomize.py").write_text(CUSTOMIZE)
    ready.write_text("\n".join(names))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
