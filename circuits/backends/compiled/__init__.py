"""The common part of the compiled backends: a program that runs as a worker, is compiled once and is kept in a cache."""

from .program import CompiledProgram

__all__ = ["CompiledProgram"]
