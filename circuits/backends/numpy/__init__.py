"""The numpy backend: in process, without a compiler; the default in Jupyter."""

from .program import NumpyProgram

__all__ = ["NumpyProgram"]
