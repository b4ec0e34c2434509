"""Arrays as open files without a name: processes that have them open can read them, and nothing is left when all end."""

from __future__ import annotations

import os
import tempfile
from typing import IO

import numpy as np

from ....errors import RecircuitError


def memory_file(values: np.ndarray, name: str) -> IO[bytes]:
    """Return an open file of an array's bytes, in memory where the system has such files, or else in the temp folder."""
    file = _unnamed()
    try:
        file.write(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
        file.flush()
    except OSError as problem:
        file.close()
        raise RecircuitError(
            f"stimulus {name!r}: there is no room for its {values.nbytes / 2**20:,.0f} MB of data beside the circuit "
            f"({problem.strerror}). Give fewer rows at a time, or uint8 in place of floats."
        ) from None
    except BaseException:
        file.close()
        raise
    return file


def _unnamed() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("recircuit"), "w+b")
    return tempfile.TemporaryFile()
