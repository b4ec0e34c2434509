"""Backends: how a circuit runs. One folder each."""

from .base import Backend
from .program import Program, RunResult
from .registry import BACKENDS, choose_backend, fast_backends, open_program

__all__ = [
    "BACKENDS",
    "Backend",
    "Program",
    "RunResult",
    "choose_backend",
    "fast_backends",
    "open_program",
]
