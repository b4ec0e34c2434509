"""Libraries that are extras of recircuit: they are imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import UsageError

__all__ = ["optional"]


def optional(name: str, extra: str, where: str) -> Any:
    """Return a library that may not be installed.

    Parameters
    ----------
    name : str
        The name of its module.
    extra : str
        The extra of recircuit that installs it.
    where : str
        The words with which a message begins.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as problem:
        raise UsageError(
            f"{where}: {name.partition('.')[0]} is not installed ({problem}). Install it with pip install 'recircuit[{extra}]'."
        ) from None
