"""The values of a circuit's variables, which a user reads and sets by name."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_dimensions

from ...arguments import checked_arguments
from ..backends import Program
from ..backends.interrupts import postponed
from ..description.neurons.stability import warn_of_instability
from ..description.populations.parameters import change_parameter
from ..description.populations.population import Population
from ..description.populations.shown_values import without_graph
from ..description.projections.projection import Transposed
from ..description.reads import dimension_in
from ..inspection.expressions import keys_of, known, value_of
from ..lowering.variables import split_key
from ..state.setting import STEP, check_alone, check_settable, check_value, checked_state
from ..state.views import View
from .answering import AnswerMethods

__all__ = ["VariableMethods"]


class VariableMethods(AnswerMethods):
    """The methods of a circuit that read and set its variables."""

    @abstractmethod
    def close(self) -> None:
        """Close the program, and keep the state of the circuit."""

    def __getitem__(self, key: str) -> Any:
        """Return a population or projection (``circuit["h"]``), or a copy of a variable's values (``circuit["h.rate"]``).

        Single elements can be set: ``circuit["h.rate"][0, 3] = 1``. Compartments and expressions of a population are
        computed from the stored variables.
        """
        if not isinstance(key, str) or "." not in key:
            return super().__getitem__(key)
        owner, variable = split_key(key)
        weights = self.projections[owner].weights if owner in self.projections else None
        if isinstance(weights, Transposed) and variable == "w":
            return weights.matrix()
        return View(self._values_of(key), self, key, dimension_in(self, owner, variable))

    def _values_of(self, key: str) -> np.ndarray:
        stored = {k: self.program().get(k) for k in keys_of(self, self.lowered().variables, key)}
        owner = self.populations.get(split_key(key)[0])
        return value_of(self, key, stored, (self.batch_size, owner.size) if owner is not None else ())

    def __setitem__(self, key: str, value: Any) -> None:
        owner, variable = split_key(check_settable(self, key))
        key = known(self, self.lowered().variables, key)
        check_alone(self, owner, variable)
        value = without_graph(value)
        check_value(self, self.lowered(), key, value)
        if key == STEP:
            return self.set_state({key: value})
        program = self.program()  # before Ctrl-C is postponed, so that it can still stop a compiler
        with postponed():
            self._set(program, key, value)
            if self._has_parameter(owner, variable):
                self._by_hand[key] = self.program().get(key)
        if owner in self.populations and variable in self.populations[owner].neuron.parameters:
            warn_of_instability(self.populations[owner], self.dt, stacklevel=3)

    def _set(self, program: Program, key: str, value: Any) -> None:
        owner, variable = split_key(key)
        if owner in self.populations and variable in self.populations[owner].neuron.parameters:
            return self._set_parameter(self.populations[owner], variable, value)
        program.set(key, value)
        self._mask(key)

    @checked_arguments
    def state(self, *, weights_only: bool = False) -> dict[str, np.ndarray]:
        """Return a copy of all variables by name.

        Parameters
        ----------
        weights_only : bool, default False
            Whether to return only the variables of projections.

        Returns
        -------
        dict of str to array
            The values, with names such as ``"h.rate"`` and ``"x_to_h.w"``.
        """
        program = self.program()
        owners = self.projections if weights_only else None
        return {k: program.get(k) for k in program.variables if owners is None or split_key(k)[0] in owners}

    @checked_arguments
    def set_state(self, values: Mapping[str, np.ndarray]) -> None:
        """Set several variables by name; either all of them are set or none, whenever Ctrl-C is pressed.

        Parameters
        ----------
        values : mapping of str to array
            The values by name, as `state` returns them, finite and of the right shape.

        Raises
        ------
        RecircuitError
            If a name is unknown or a value does not fit. Nothing is set then.
        """
        program = self.program()
        found = checked_state(self, program.lowered, values)
        with postponed():
            self._set_all(found)

    def _set_all(self, values: Mapping[str, np.ndarray]) -> None:
        for key, value in values.items():
            owner, variable = split_key(key)
            population = self.populations.get(owner)
            parameters = population.neuron.parameters if population is not None else {}
            if population is not None and variable in parameters:
                spread = np.ndim(value) > 0 or variable in population.spread
                if spread or float(value) != float(parameters[variable]):
                    self._set_parameter(population, variable, Quantity(value, dim=get_dimensions(parameters[variable])))
            else:
                self._put(key, value)
        for key in values:
            self._mask(key)
            if self._is_own_parameter(key):
                self._by_hand[key] = self._present(key)

    def _is_own_parameter(self, key: str) -> bool:
        """Say whether a variable is a parameter of each unit, and no row of data."""
        owner, variable = split_key(key)
        population = self.populations.get(owner)
        return (
            population is not None and variable in population.neuron.unit_parameters and not population.shows(variable)
        )

    def _put(self, key: str, value: Any) -> None:
        """Set a stored variable. If the circuit has to be built again, the value is kept until then, so that nothing waits."""
        if self._program is None:
            self._values[key] = np.broadcast_to(np.asarray(value), self._values[key].shape).astype(
                self._values[key].dtype
            )
        else:
            self._program.set(key, value)

    def _present(self, key: str) -> np.ndarray:
        """Return the present value of a stored variable, as `_put` sets it."""
        return self._values[key].copy() if self._program is None else self._program.get(key)

    def _mask(self, key: str) -> None:
        """Set weights, and what a rule keeps in its synapses, to 0 where there is no synapse."""
        owner, variable = split_key(key)
        equation = self.projections[owner].equation if owner in self.projections else None
        kept = ["w"] if equation is None else ["w", *equation.state, *equation.traces]
        known = self._values if self._program is None else self._program.variables
        if f"{owner}.mask" in known and variable in kept:
            self._put(key, self._present(key) * self._present(f"{owner}.mask"))

    def _has_parameter(self, owner: str, variable: str) -> bool:
        """Say whether a variable is a parameter of units or of a rule. Parameters of neurons belong to the description."""
        if owner in self.populations:
            return variable in self.populations[owner].neuron.unit_parameters
        equation = self.projections[owner].equation if owner in self.projections else None
        return equation is not None and variable in equation.parameters

    def _set_parameter(self, population: Population, name: str, value: Any) -> None:
        """Change a parameter. If the code depends on it, the circuit is built again."""
        if self._program is not None:
            self._program.check_alive()
        value = Quantity(np.asarray(value, dtype=float), dim=get_dimensions(value))
        if change_parameter(self, population, name, value):
            self.changed()
            self.close()
            self._values[f"{population.name}.{name}"] = np.asarray(value, dtype=float)
        else:
            self._put(f"{population.name}.{name}", value)
