"""Warnings on the command line: a line for each, without the place in the source from which it comes."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from recircuit.cli.printable import printable

__all__ = ["plain_warnings"]


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Write each warning to stderr as one line that begins with ``recircuit:``, and the same one only once."""
    before, shown = warnings.formatwarning, set[str]()
    logger = logging.getLogger("py.warnings")  # to which Brian2 leads all warnings from when it is imported

    def written(record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if line not in shown and sys.stderr is not None:
            shown.add(line)
            sys.stderr.write(line)
        return False

    warnings.formatwarning = _in_words
    logger.addFilter(written)
    try:
        yield
    finally:
        warnings.formatwarning = before
        logger.removeFilter(written)


def _in_words(message: Any, category: type[Warning], *_: Any, **__: Any) -> str:
    kind = "" if category is UserWarning else f"{category.__name__}: "
    return printable(f"recircuit: {kind}{' '.join(str(message).split())}") + "\n"
