"""What the compiled backends share: a circuit as a program that stays alive as a worker, built once and kept."""

from .program import CompiledProgram

__all__ = ["CompiledProgram"]
