"""The thresholds of step functions of one number, found by bisection, and the functions' values between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .values import Kind, Value

__all__ = ["Node", "NotUniform", "StepTable", "steady_value"]


class NotUniform(Exception):
    """The elements of a population differ in a parameter, so that one table does not hold for all of them."""


@dataclass(eq=False)
class Node:
    """A computation, as a node of a graph.

    Parameters
    ----------
    how : object
        A NumPy function; a type to which the argument is converted; or a Value, which stays the same within a run or is
        the array that the functions depend on.
    type : dtype or type, optional
        The type of the result.
    arguments : tuple of Node
        The nodes that it is computed from.
    """

    how: Any
    type: Any
    arguments: tuple[Node, ...] = ()

    @property
    def compares(self) -> bool:
        """Whether its value is true or false."""
        return self.type == np.dtype(bool) and bool(self.arguments)

    def of(self, arguments: list[Any]) -> Any:
        """Return the value of the node, given the values of its arguments."""
        if isinstance(self.how, np.dtype):
            return np.asarray(arguments[0]).astype(self.how)
        return self.how(*arguments)


class StepTable:
    """Step functions of an array, as thresholds and as values between them.

    Parameters
    ----------
    nodes : sequence of Node
        All computations in order; the first is the array.
    wanted : sequence of Node
        The step functions that are read.
    arrays : mapping of str to array
        The arrays of the flow, by their names.

    Attributes
    ----------
    thresholds : array
        The numbers at which any of the functions changes, in order; the last is NaN, which NumPy takes for the largest.
    values : list of array
        The values of each wanted function, one more than there are thresholds.
    """

    def __init__(self, nodes: Sequence[Node], wanted: Sequence[Node], arrays: Mapping[str, np.ndarray]) -> None:
        self.root, *self.nodes = nodes
        self.wanted, self.arrays = wanted, arrays
        self._fixed: dict[Node, Any] = {}
        self._found = False

    def prepare(self) -> None:
        """Find the thresholds, if a value that stays the same within a run has changed.

        Raises
        ------
        NotUniform
            If the elements of an array that stays the same within a run are not all equal.
        """
        with np.errstate(all="ignore"):
            fixed = {node: self._steady_number(node) for node in self.nodes if isinstance(node.how, Value)}
            if not self._found or any(not _same_bits(self._fixed[node], one) for node, one in fixed.items()):
                self._fixed = fixed
                self._find()

    def _steady_number(self, node: Node) -> Any:
        found = np.asarray(steady_value(node.how, self.arrays))
        if not (found == found.flat[0]).all():
            raise NotUniform
        return found.flat[0].astype(node.type) if isinstance(node.type, np.dtype) else found.item()

    def _computed(self, numbers: np.ndarray, until: Node) -> dict[Node, Any]:
        """Compute the values of nodes up to one of them for some numbers."""
        values: dict[Node, Any] = {self.root: numbers} | self._fixed
        for node in self.nodes[: self.nodes.index(until) + 1]:
            if node not in values:
                values[node] = node.of([values[a] for a in node.arguments])
        return values

    def _compared(self, keys: np.ndarray, most: int) -> np.ndarray:
        """Compute the first comparisons for some numbers, given by their positions in the order of all numbers."""
        some = self._comparisons[:most]
        values = self._computed(_numbers(keys, self.root.type), some[-1])
        return np.array([np.broadcast_to(values[node], keys.shape) for node in some])

    def _find(self) -> None:
        """Cut the order of all numbers into pieces, until no comparison differs between the two ends of a piece.

        The first comparison that differs changes once in its piece: the value that it compares rises or falls with the
        number, since all comparisons before it stay the same.
        """
        largest = np.finfo(self.root.type).max
        self._comparisons = [node for node in self.nodes if node.compares]
        begin = np.array([-np.inf, -largest, np.inf], self.root.type)
        first, over = _keys(begin), _keys(begin)[-1] + 1
        while True:
            last = np.append(first[1:], over) - 1
            before, after = (self._compared(ends, len(self._comparisons)) for ends in (first, last))
            differ = before != after
            cut = differ.any(axis=0)
            if not cut.any():
                break
            which = differ.argmax(axis=0)[cut], np.arange(cut.sum())
            first = np.sort(np.append(first, self._change(first[cut], last[cut], before[:, cut][which], which)))
        self._keep(np.append(_numbers(first, self.root.type), begin.dtype.type(np.nan)))

    def _change(self, low: np.ndarray, high: np.ndarray, before: np.ndarray, which: Any) -> np.ndarray:
        """Find the first numbers for which comparisons have changed."""
        most = which[0].max() + 1
        for _ in range(8 * self.root.type.itemsize):
            middle = (low & high) + ((low ^ high) >> 1)
            same = self._compared(middle, most)[which] == before
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return high

    def _keep(self, starts: np.ndarray) -> None:
        """Keep the thresholds and values of pieces with these beginnings, and join neighbours with the same values."""
        values = self._computed(starts, self.nodes[-1])
        found = [np.broadcast_to(values[node], starts.shape).astype(node.type) for node in self.wanted]
        bits = np.array([v.view(f"u{v.itemsize}").astype(np.uint64) for v in found])
        new = np.append(True, (bits[:, 1:] != bits[:, :-1]).any(axis=0))
        new[-1] = True
        self.thresholds, self.values, self._found = starts[new][1:], [v[new] for v in found], True


def steady_value(value: Value, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return the present content of a value that stays the same within a run."""
    arguments = [steady_value(a, arrays) for a in value.arguments]
    match value.kind:
        case Kind.OBJECT:
            return value.how
        case Kind.ARRAY:
            return arrays[value.how]
        case Kind.CONVERSION:
            return np.asarray(arguments[0]).astype(value.how)
        case Kind.EXPRESSION:
            names = [f"_{k}" for k in range(len(arguments))]
            return eval(value.how.format(*names), dict(zip(names, arguments, strict=True)))
    return value.how(*arguments)


def _same_bits(a: Any, b: Any) -> bool:
    return type(a) is type(b) and np.asarray(a).tobytes() == np.asarray(b).tobytes()


def _keys(numbers: np.ndarray) -> np.ndarray:
    """Return the positions of floating-point numbers in the order of all of them, as whole numbers."""
    bits = numbers.view(f"i{numbers.itemsize}")
    return np.where(bits < 0, bits ^ np.iinfo(bits.dtype).max, bits).astype(np.int64)


def _numbers(keys: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Return the floating-point numbers at these positions in the order of all of them."""
    bits = keys.astype(f"i{kind.itemsize}")
    return np.where(bits < 0, bits ^ np.iinfo(bits.dtype).max, bits).view(kind)
