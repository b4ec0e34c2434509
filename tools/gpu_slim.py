"""Leave the tests of packages out of wheels that travel: `python tools/gpu_slim.py FOLDER PACKAGE...`."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path


def is_test(name: str) -> bool:
    """Whether a file of a wheel is in a folder of tests."""
    return "tests" in name.split("/")[:-1]


def slim(wheel: Path) -> None:
    """Write a wheel anew without its tests, and without the lines of these in its record."""
    slimmer = wheel.with_suffix(".slim")
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(slimmer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for file in old.infolist():
            if is_test(file.filename):
                continue
            content = old.read(file)
            if file.filename.endswith(".dist-info/RECORD"):
                lines = content.decode().splitlines(keepends=True)
                content = "".join(line for line in lines if not is_test(line.split(",")[0])).encode()
            new.writestr(file, content, compress_type=zipfile.ZIP_DEFLATED)
    slimmer.replace(wheel)


if __name__ == "__main__":
    for package in sys.argv[2:]:
        for found in Path(sys.argv[1]).glob(f"{package}-*.whl"):
            slim(found)
