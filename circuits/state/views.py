"""The values of a variable as a user reads them: a copy through which single elements can be set in the circuit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..description.populations.population import Values
from ..description.populations.shown_values import refuse_other_unit


class View(np.ndarray):
    """A copy of a variable's values; ``circuit["h.v"][0, 3] = 1`` sets the element in the circuit too.

    Results of computations with it are plain arrays. The copy does not follow the circuit, and operations in place
    (``values += 1``) change the copy alone.

    Attributes
    ----------
    dim : Dimension
        The dimension of the variable. The numbers are in base units.
    """

    dim: Any
    _set: Callable[[tuple[Any, ...], Any], None] | None

    def __new__(cls, values: np.ndarray, network: Values, key: str, dim: Any = DIMENSIONLESS) -> View:
        made = np.asarray(values).view(cls)
        made.dim = dim

        def assign(path: tuple[Any, ...], value: Any) -> None:
            whole = part = np.array(network[key])
            for index in path[:-1]:
                part = part[index]
            refuse_other_unit(value, dim, key)
            part[path[-1]] = np.asarray(value)
            network[key] = whole if dim is DIMENSIONLESS else whole.view(cls)._of(dim)

        made._set = assign
        return made

    def __array_finalize__(self, obj: Any) -> None:
        self.dim, self._set = DIMENSIONLESS, None

    def __array_wrap__(self, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Any:
        plain = np.asarray(array)
        return plain[()] if return_scalar else plain

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        if isinstance(part, View):
            part.dim = self.dim
            if self._set is not None and np.may_share_memory(part, self):
                above = self._set
                part._set = lambda path, value: above((index, *path), value)
        return part

    def __setitem__(self, index: Any, value: Any) -> None:
        if self._set is not None:
            self._set((index,), value)
        super().__setitem__(index, np.asarray(value))

    def __reduce__(self) -> Any:
        return np.asarray(self).__reduce__()

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def _of(self, dim: Any) -> View:
        self.dim = dim
        return self
