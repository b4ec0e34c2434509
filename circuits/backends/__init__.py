"""Backends: how a circuit runs. One folder each."""

from .base import Backend
from .program import Program, RunResult
from .registry import BACKENDS, choose_backend, find_backend, missing_for, open_program

__all__ = [
    "BACKENDS",
    "Backend",
    "Program",
    "RunResult",
    "choose_backend",
    "find_backend",
    "missing_for",
    "open_program",
]
