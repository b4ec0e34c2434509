"""A machine whose GPU is its processor."""

from __future__ import annotations

import pytest
from cuda_sources import GPU, STAND_IN

from recircuit.circuits.backends.cpp.compiler import missing_compiler
from recircuit.circuits.backends.cuda import gpu


@pytest.fixture
def on_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the backend cuda find the stand-in for CUDA, and a GPU that belongs to it. Every array lies between guard
    pages.

    Every launch is a node of a graph; test_cuda_walks.py asks for those that are joined, whose barriers take long here.
    """
    if why := missing_compiler():
        pytest.skip(why)
    monkeypatch.setenv("CUDA_HOME", str(STAND_IN))
    monkeypatch.setenv("RECIRCUIT_CUDA_APART", "1")
    monkeypatch.setenv("RECIRCUIT_CUDA_PRESENTATION", "graph")
    monkeypatch.setattr(gpu, "find_gpu", lambda: GPU)
