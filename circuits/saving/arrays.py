"""Named arrays and a text in a safetensors file, a format that holds only numbers and text, which cannot be executed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...atomic_files import read_file
from ...errors import RecircuitError

__all__ = ["packed", "read_packed", "unpacked"]

KEY = "recircuit"


def packed(arrays: Mapping[str, np.ndarray], text: str) -> bytes:
    """Return the content of a file with these arrays and this text."""
    from safetensors.numpy import save

    whole = {k: np.ascontiguousarray(v).reshape(np.shape(v)) for k, v in arrays.items()}
    return save(whole, metadata={KEY: text})


def read_packed(path: Path, what: str) -> tuple[str, dict[str, np.ndarray]]:
    """Return the text and the arrays of a file.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        The kind of file for error messages, such as ``"checkpoint"``.

    Raises
    ------
    RecircuitError
        If there is no such file, it is damaged, or recircuit has not written it.
    """
    try:
        content = read_file(path)
    except OSError as problem:
        hint = " A folder of a run is opened by rc.load_run(folder)." if Path(path).is_dir() else ""
        raise RecircuitError(f"Cannot read the {what} {path}: {problem.strerror or problem}.{hint}") from None
    return unpacked(content, str(path), what)


def unpacked(content: bytes, source: str, what: str) -> tuple[str, dict[str, np.ndarray]]:
    """Return the text and the arrays in the content of a file; ``source`` names its origin in messages."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise RecircuitError(
            f"{source} is damaged or not a safetensors file ({problem}). Use another {what}."
        ) from None
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    if KEY not in (header.get("__metadata__") or {}):
        raise RecircuitError(f"{source} is a safetensors file, but not a {what} of recircuit: it has no description.")
    return header["__metadata__"][KEY], arrays
