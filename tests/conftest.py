"""What this machine lacks: tests that need it are skipped, and say why."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path

import pytest

from recircuit.circuits.backends.cpp.compiler import missing_compiler
from recircuit.circuits.backends.cuda.requirements import missing_cuda

os.environ["MPLBACKEND"] = "Agg"  # for a matplotlib that is imported later, or not at all
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a process that a test starts need not compile all modules again
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a job of a shell script; some tests send Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
logging.getLogger("brian2").setLevel(logging.WARNING)  # or every failure shows pages of generated code

#: Where MNIST and CIFAR lie: $RECIRCUIT_DATA, or beside the checkout.
DATA = Path(os.environ.get("RECIRCUIT_DATA") or Path(__file__).parents[2] / "shared" / "data")


def missing_data() -> str:
    """Return why tests with the data files cannot run; empty if they can."""
    return "" if DATA.is_dir() else f"no data files in {DATA}; name their folder in RECIRCUIT_DATA"


NEEDS = {"cpp": missing_compiler, "cuda": missing_cuda, "data": missing_data}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose marker asks for what is not there."""
    for marker, missing in NEEDS.items():
        if item.get_closest_marker(marker) and (why := missing()):
            pytest.skip(why)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder with the folders mnist and cifar."""
    return DATA
