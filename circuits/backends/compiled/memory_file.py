"""Arrays as open files without a name: processes that have them open can read them, and nothing is left when all end."""

from __future__ import annotations

import os
import tempfile
from typing import IO

import numpy as np

from ....errors import RecircuitError
from ...lowering.memory import check_free

#: What to do where the data do not fit.
SMALLER = "Give fewer rows at a time, or uint8 in place of floats."


def memory_file(values: np.ndarray, name: str) -> IO[bytes]:
    """Return an open file of an array's bytes, in memory where the system has such files, or else in the temp folder."""
    check_free(values.nbytes, f"stimulus {name!r}: data of the shape {values.shape}", SMALLER)
    file = _unnamed()
    try:
        file.write(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
        file.flush()
    except OSError as problem:
        file.close()
        raise RecircuitError(
            f"stimulus {name!r}: there is no room for its {values.nbytes / 2**20:,.0f} MB of data beside the circuit "
            f"({problem.strerror}). {SMALLER}"
        ) from None
    except BaseException:
        file.close()
        raise
    return file


def _unnamed() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("recircuit"), "w+b")
    return tempfile.TemporaryFile()
