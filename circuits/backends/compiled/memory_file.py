"""Arrays as open files without a name: whoever has them open can read them, and nothing is left when all have ended."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np

from ....errors import RecircuitError


@contextmanager
def memory_file(values: np.ndarray, name: str) -> Iterator[int]:
    """A file that holds an array's bytes, in memory where the system has such files, and else in the temp folder."""
    with _unnamed() as file:
        try:
            file.write(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
            file.flush()
        except OSError as problem:
            raise RecircuitError(
                f"stimulus {name!r}: there is no room for its {values.nbytes / 2**20:,.0f} MB of data beside the circuit "
                f"({problem.strerror}). Give fewer rows at a time, or uint8 in place of floats."
            ) from None
        yield file.fileno()


def _unnamed() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("recircuit"), "wb")
    return tempfile.TemporaryFile()
