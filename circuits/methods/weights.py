"""The weights of a circuit as a mapping of arrays by name, such as PyTorch's state_dict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...arguments import checked_arguments, kept_arguments
from ...errors import RecircuitError
from ...registry import closest
from ..description.populations.shown_values import array_of, refuse_units
from ..description.projections.projection import Transposed
from .variables import VariableMethods

__all__ = ["WeightMethods"]


class WeightMethods(VariableMethods):
    """The methods of a circuit that return and set weights."""

    @checked_arguments
    def weights(self) -> dict[str, np.ndarray]:
        """Return a copy of the weights of each projection that has weights of its own.

        Returns
        -------
        dict of str to array
            For each projection, its weights, of shape (post units, pre units) if they are dense, like ``Linear.weight`` of
            PyTorch.

        Examples
        --------
        >>> import recircuit as rc
        >>> {name: w.shape for name, w in rc.layered([4, 5, 3], "bp").weights().items() if w.ndim == 2}
        {'x_to_h1': (5, 4), 'h1_to_o': (3, 5)}
        """
        return {name: np.array(self[f"{name}.w"]) for name in self._own_weights()}

    @kept_arguments
    def load_weights(self, weights: Mapping[str, Any], *, names: Mapping[str, str] | None = None) -> None:
        """Set weights from a mapping, such as the ``state_dict`` of a PyTorch module; either all are set or none.

        Projections that the mapping does not name keep their weights. The weights of synapses that do not exist stay 0.

        Parameters
        ----------
        weights : mapping of str to array
            Arrays, or tensors of PyTorch, of the shape of the weights.
        names : mapping of str to str, optional
            For a key of ``weights``, the name of the projection, as in ``{"0.weight": "x_to_h1"}``. Keys that it does not
            name, such as biases, are then left out. By default, the keys are names of projections.

        Raises
        ------
        RecircuitError
            If there is no such projection or no such key, or if an array does not fit.

        Examples
        --------
        >>> net.load_weights(model.state_dict(), names={"0.weight": "x_to_h1", "2.weight": "h1_to_o"})   # doctest: +SKIP
        """
        own, found = self._own_weights(), {}
        for key, name in ({key: key for key in weights} if names is None else names).items():
            if key not in weights:
                raise RecircuitError(
                    f"load_weights: there are no weights {key!r}.{closest(key, weights)} There are {[*weights]}."
                )
            if name not in own:
                raise RecircuitError(
                    f"load_weights: there is no projection {name!r} with weights of its own.{closest(name, own)} There are "
                    f"{own}."
                )
            found[f"{name}.w"] = self._fitting(name, _array(weights[key], f"load_weights: {key!r}"))
        self.set_state(found)

    def _own_weights(self) -> list[str]:
        projections = self.projections.items()
        return [name for name, p in projections if p.connectivity.learns and not isinstance(p.weights, Transposed)]

    def _fitting(self, name: str, array: np.ndarray) -> np.ndarray:
        """Return an array with zeros where there is no synapse."""
        shape = tuple(self.projections[name].shape)
        if array.shape != shape:
            raise RecircuitError(f"load_weights: the weights of {name!r} have the shape {shape}; got {array.shape}.")
        mask = f"{name}.mask"
        return array * self.program().get(mask) if mask in self.lowered().variables else array


def _array(values: Any, where: str) -> np.ndarray:
    refuse_units(values, where)
    try:
        return array_of(values, where)
    except ValueError:
        raise RecircuitError(f"{where}: an array of numbers is expected; got lists of different lengths.") from None
