"""Leave out of a wheel that travels its tests, and folders that nobody needs there: `python tools/gpu_slim.py FOLDER PACKAGE
[SUBPACKAGE...]`."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path


def is_left_out(name: str, package: str, subpackages: list[str]) -> bool:
    """Return whether a file of a wheel is in a folder of tests, or in one of these subpackages."""
    folders = name.split("/")[:-1]
    return "tests" in folders or (folders[:1] == [package] and folders[1:2] != [] and folders[1] in subpackages)


def slim(wheel: Path, package: str, subpackages: list[str]) -> None:
    """Write a wheel again without what is left out, and without the lines of that in its record."""

    def is_out(name: str) -> bool:
        return is_left_out(name, package, subpackages)

    slimmer = wheel.with_suffix(".slim")
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(slimmer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for file in old.infolist():
            if is_out(file.filename):
                continue
            content = old.read(file)
            if file.filename.endswith(".dist-info/RECORD"):
                lines = content.decode().splitlines(keepends=True)
                content = "".join(line for line in lines if not is_out(line.split(",")[0])).encode()
            new.writestr(file, content, compress_type=zipfile.ZIP_DEFLATED)
    slimmer.replace(wheel)


if __name__ == "__main__":
    folder, package, *subpackages = sys.argv[1:]
    for found in Path(folder).glob(f"{package}-*.whl"):
        slim(found, package, subpackages)
