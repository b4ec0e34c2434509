"""Removal of stores to arrays that are written again before they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .flow import Call, Compute, Instruction, Line, Loop, Store
from .values import Kind

__all__ = ["without_overwritten"]


def without_overwritten(instructions: Sequence[Instruction], arrays: Mapping[str, np.ndarray]) -> list[Instruction]:
    """Return the instructions without stores of whole arrays that are stored again before they are read.

    Parameters
    ----------
    arrays : mapping of str to array
        The arrays by their names. All stores are kept for arrays that share memory.
    """
    alone = _alone(arrays)
    dead: set[str] = set()  # arrays that are stored again later, and not read before that
    kept: list[Instruction] = []
    for instruction in reversed(instructions):
        if isinstance(instruction, Store) and instruction.array in alone:
            if instruction.array in dead:
                continue
            dead.add(instruction.array)
        else:
            dead = {array for array in dead if not _touches(instruction, array)}
        kept.append(instruction)
    return kept[::-1]


def _touches(instruction: Instruction, array: str) -> bool:
    """Say whether an instruction may read an array, or writes a part of it."""
    match instruction:
        case Compute(value=value):
            return value.kind is Kind.ARRAY and value.how == array
        case Store(array=stored) | Line(array=stored):
            return stored == array
        case Call():
            return instruction.touches(array)
        case Loop(body=body):
            return any(_touches(i, array) for i in body)


def _alone(arrays: Mapping[str, np.ndarray]) -> set[str]:
    """Return the names of the arrays that share memory with no other."""
    places: dict[int, list[str]] = {}
    for name, values in arrays.items():
        places.setdefault(values.__array_interface__["data"][0], []).append(name)
    return {names[0] for names in places.values() if len(names) == 1}
