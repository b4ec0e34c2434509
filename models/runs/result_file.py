"""A file with the result of something that takes long: JSON, written whole or not at all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...atomic_files import make_folder, read_file, write_whole
from ...foreign_text import json_value

__all__ = ["as_json", "content", "finite", "read_result", "write_result"]


def read_result(path: Path) -> dict[str, Any] | None:
    """Return what a file holds; None where there is none, or where it cannot be read or holds no JSON object."""
    try:
        found = json_value(read_file(path))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_result(path: Path, contents: Mapping[str, Any], *, indent: int | None = None, strict: bool = True) -> None:
    """Write a file in the place of an older one, whole or not at all; its folder is made.

    Parameters
    ----------
    path : Path
        The file.
    contents : Mapping[str, Any]
        What it is to hold.
    indent : int | None
        How far the parts of an object are moved to the right; None: all is on one line.
    strict : bool
        Whether NaN and infinity are refused, which only Python reads; see `finite`.

    Raises
    ------
    RecircuitError
        If the disk is full, or the folder cannot be written. The older file is then as it was.
    ValueError
        If it holds a number that is not finite, and is strict.
    """
    make_folder(path.parent)
    write_whole(path, content(contents, indent=indent, strict=strict))


def content(contents: Mapping[str, Any], *, indent: int | None = None, strict: bool = True) -> bytes:
    """Return what `write_result` writes."""
    try:
        text = json.dumps(contents, indent=indent, ensure_ascii=False, allow_nan=not strict)
        return f"{text}\n".encode()
    except UnicodeEncodeError:  # a name of a file whose bytes are no text
        return f"{json.dumps(contents, indent=indent, allow_nan=not strict)}\n".encode()


def as_json(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Return what will be read from a file that is written with this, for comparison."""
    return json.loads(json.dumps(dict(contents)))


def finite(value: Any) -> Any:
    """Return the value with None in place of numbers that JSON does not have."""
    if isinstance(value, Mapping):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
