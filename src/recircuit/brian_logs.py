"""Brian2's log files. It opens two in the temp folder when it is imported, which a process that is killed leaves there.

They are closed and removed. ``brian2.BrianLogger.initialize()`` opens new ones for somebody who looks for a fault of Brian2.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress

from brian2.utils.logger import BrianLogger


def remove_log_files() -> None:
    """Close and remove what Brian2 has opened. What it tells on the terminal is as before."""
    if BrianLogger.file_handler is not None:
        logging.getLogger("brian2").removeHandler(BrianLogger.file_handler)
        BrianLogger.file_handler.close()
        BrianLogger.file_handler = None
    for name in ("tmp_log", "tmp_script"):
        path = getattr(BrianLogger, name, None)
        setattr(BrianLogger, name, None)
        if path is not None:
            with suppress(OSError):
                os.remove(path)


remove_log_files()
