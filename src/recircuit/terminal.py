"""Whether output goes to a terminal."""

from __future__ import annotations

from typing import Any

__all__ = ["is_terminal"]


def is_terminal(stream: Any) -> bool:
    """Return whether a stream is a terminal. A process without a terminal may have no stream there, or one that is closed.

    Parameters
    ----------
    stream : file or None
        The stream, such as ``sys.stderr``.
    """
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False
