"""The cpp backend: a circuit as a C++ program by Brian2's standalone mode, kept alive as a worker."""

from .program import CppProgram

__all__ = ["CppProgram"]
