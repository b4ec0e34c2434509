"""Neuron models: equations in Brian2's language, with phases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2 import Equations
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.namespace import DEFAULT_UNITS
from brian2.equations.equations import (
    DIFFERENTIAL_EQUATION,
    PARAMETER,
    SingleEquation,
)
from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions
from brian2.utils.stringtools import get_identifiers

from ....arguments import checked_arguments
from ....errors import RecircuitError
from ....plasticity.names import phase_of
from ....plasticity.reserved import SHADOWED, why_reserved
from ....plasticity.syntax import check_terms_of
from ..display import neuron_html, neuron_latex
from ..schedules.during import During
from .equations import check_constant, check_flags, check_method, parse_equations
from .parameter_checks import as_number, check_parameters, refuse_other_arguments
from .state_equation import StateEquation, noises
from .step_by_step import step_by_step_target

#: Methods that take an expression as it is; other methods expand its products.
EXPLICIT = frozenset({"euler", "rk2", "rk4", "heun"})
#: Names that every equation may read, besides functions and units.
KNOWN = frozenset({"t", "dt", "e", "pi", "inf", "xi"})
#: Names that already have a meaning.
TAKEN = frozenset({"e", "pi", "i", "N", "t", "dt", "lambda", "inf", "xi", "x_pre", "w", "max", "min", "relu"})


class Neuron:
    """A neuron model: the equations of every unit of a population.

    Each line has a dimension, and flags in brackets::

        basal     : 1 (compartment)                                  # the sum of the projections into it
        total     : 1 (weights into basal)                           # the sum of the weights of the synapses into basal
        loss      : 1 (broadcast)                                    # one value per batch element, from one unit
        drate/dt  = (tanh(basal) - rate)/tau : 1 (during feedforward)  # a state, in continuous time
        error     = apical*(1 - rate**2)     : 1 (during feedback)     # a latch: assigned in its phase, then held
        free      = rate                     : 1 (after feedforward)   # a latch: assigned once, when its phase is over
        before    = rate                     : 1 (stored)              # a latch: assigned in every step
        x         = rate                     : 1                       # an expression, computed where it is read
        gain      : 1                                                # a parameter of each unit
        seen      = seen + .1*(rate - seen)  : 1 (shared, during feedback)  # one value for each unit, in all elements

    Every batch element has its own values of a state or latch. If it is ``(shared)``, each unit has one value: the
    mean of the values that the batch elements which present something would give it. ``(usually during p)`` is open
    during p in a circuit that has such a phase, and otherwise always. A state or latch may read ``in_p``, which
    is 1 while the phase p is open and 0 otherwise. White noise is ``xi``; each equation that reads it has a noise of its
    own, and equations that read a noise with a name, ``xi_NAME``, share it.

    Parameters
    ----------
    equations : str
        The lines.
    method : {"euler", "exponential_euler", "rk2", "rk4", "heun", "exact", "linear", "milstein"}
        The method that integrates differential equations. A relaxation ``(F - v)/tau`` with ``tau`` equal to the
        circuit's dt is not integrated: in this step-by-step mode it becomes the assignment v = F.
    parameters : number or Quantity
        Names that the equations use (``tau=10*ms``). They can be changed between runs (``circuit["h.tau"] = 20*ms``).

    Raises
    ------
    RecircuitError
        If an equation cannot be read, a flag is unknown, a name is taken, or a name is not defined.

    Notes
    -----
    In a step in which its phase is open, a state or latch reads the states from before the step and the compartments of
    this step. A latch ``(after p)`` is assigned in the last step of p, and reads the states after it.

    Examples
    --------
    >>> import recircuit as rc
    >>> from brian2 import ms
    >>> leaky = rc.Neuron('''
    ...     basal    : 1 (compartment)
    ...     drate/dt = (basal - rate)/tau : 1
    ...     ''', tau=10*ms)
    >>> leaky.stored
    ['rate']
    """

    @checked_arguments
    def __init__(self, equations: str, *, method: str = "euler", **parameters: Any) -> None:
        if not isinstance(equations, str):
            raise RecircuitError(f"equations: expected text, a line for each variable; got {equations!r}.")
        check_method(method)
        check_constant(parameters)
        self.text = "\n".join(line.strip() for line in equations.strip().splitlines() if line.strip())
        self.method = method
        self.parameters: dict[str, Any] = {name: as_number(value) for name, value in parameters.items()}
        self.compartments: list[str] = []
        self.broadcasts: list[str] = []
        self.totals: dict[str, str] = {}
        self.unit_parameters: list[str] = []
        self.expressions: dict[str, str] = {}
        self.states: list[StateEquation] = []
        self.dimensions: dict[str, Any] = {}
        for equation in parse_equations(self.text).values():
            self._take(equation)
        if "x" not in self.dimensions and "rate" in self.dimensions:
            self.expressions["x"] = "rate"
            self.dimensions["x"] = DIMENSIONLESS
        refuse_other_arguments(self.parameters, self.right_hand_sides)
        self._check_names()
        check_parameters(self.parameters, self.right_hand_sides, self.dimensions)
        for state in self.states:
            if state.differential and (method not in EXPLICIT or "xi" in state.expression):
                check_terms_of(state.expression, f"equations: {state.variable!r}")

    def _take(self, equation: SingleEquation) -> None:
        name = equation.varname
        _check_name(name, "equations")
        flags = list(equation.flags)
        during = [flag for flag in flags if _is_timing(flag)]
        into = [flag.removeprefix("weights into ") for flag in flags if flag.startswith("weights into ")]
        other = [flag for flag in flags if not _is_timing(flag) and not flag.startswith("weights into ")]
        check_flags(equation, during, into, other)
        self.dimensions[name] = equation.dim
        when, shared = _when(during[0]) if during else During(), "shared" in other
        if when.last and equation.type == DIFFERENTIAL_EQUATION:
            raise RecircuitError(
                f"equations: {name!r} has a differential equation, which runs during a phase; got '{during[0]}'. Write "
                f"'during <phases>', or assign it once with '{name} = ... : 1 ({during[0]})'."
            )
        if into:
            self.totals[name] = into[0]
        elif equation.type == PARAMETER:
            kind = self.compartments if "compartment" in other else self.broadcasts if "broadcast" in other else None
            (self.unit_parameters if kind is None else kind).append(name)
        elif equation.type == DIFFERENTIAL_EQUATION:
            self.states.append(StateEquation(name, equation.expr.code, when, True, shared))
        elif during or other:
            self.states.append(StateEquation(name, equation.expr.code, when, False, shared))
        else:
            self.expressions[name] = equation.expr.code

    def _check_names(self) -> None:
        """Refuse names that do not go together, and names that no equation defines."""
        self._check_definitions()
        for name in self.parameters:
            if name in self.dimensions:
                raise RecircuitError(f"equations: {name!r} is given as a parameter and defined by an equation.")
            _check_name(name, "parameters")
        for state in self.states:
            self._check_reads(state.variable, state.expression, phase_indicators(state.expression))
        for name, expression in self.expressions.items():
            if indicators := phase_indicators(expression):
                raise RecircuitError(
                    f"equations: {name!r} reads {indicators[0]!r}, but is computed wherever it is read. "
                    "Give it a phase, or write the indicator into the state or latch that needs it."
                )
            self._check_reads(name, expression, [])

    def _check_definitions(self) -> None:
        """Refuse sums of weights into no compartment, dimensions of what is sent, and names that are needed otherwise."""
        for total, compartment in self.totals.items():
            if compartment not in self.compartments:
                raise RecircuitError(
                    f"equations: {total!r} is the sum of the weights into {compartment!r}, which is not a compartment; "
                    f"there are {self.compartments}."
                )
        for name in ("rate", *self.compartments, *self.broadcasts, *self.totals):
            if name in self.dimensions and self.dimensions[name] is not DIMENSIONLESS:
                raise RecircuitError(
                    f"equations: {name!r} has a dimension, and what units send and receive has none. Declare it as "
                    "': 1'."
                )
        for taken in [s for s in self.states if s.shared and s.of_each in self.dimensions]:
            raise RecircuitError(
                f"equations: {taken.variable!r} is shared, and its new value in each batch element is called "
                f"{taken.of_each!r}, which is the name of another variable. Give one of the two another name."
            )

    def _check_reads(self, variable: str, expression: str, indicators: list[str]) -> None:
        """Refuse an expression that reads a name which nothing defines."""
        own = set(self.dimensions) | set(self.parameters)
        known = own | KNOWN | set(DEFAULT_FUNCTIONS) | set(DEFAULT_UNITS) | set(indicators) | noises(expression)
        if unknown := sorted(get_identifiers(expression) - known):
            raise RecircuitError(
                f"equations: {variable!r} reads {', '.join(map(repr, unknown))}, which nothing defines. "
                f"It may read {sorted(own)}; declare an input as "
                f"'{unknown[0]} : 1 (compartment)', or give a value as Neuron(..., {unknown[0]}=...)."
            )

    @property
    def shared(self) -> list[str]:
        """The names of the states and latches that have one value for each unit, which the batch elements share."""
        return [s.variable for s in self.states if s.shared]

    @property
    def right_hand_sides(self) -> tuple[str, ...]:
        """The expressions of all equations."""
        return (*(s.expression for s in self.states), *self.expressions.values())

    @property
    def stored(self) -> list[str]:
        """The names of the variables that are in memory, without compartments."""
        return [s.variable for s in self.states] + self.unit_parameters

    def dimension(self, variable: str) -> Any:
        """Return the dimension of a variable or parameter.

        Parameters
        ----------
        variable : str
            The name of the variable or parameter.
        """
        if variable in self.parameters:
            return get_dimensions(self.parameters[variable])
        return self.dimensions.get(variable, DIMENSIONLESS)

    def assigned(self, dt: Quantity, parameters: Mapping[str, Any] | None = None) -> list[str]:
        """Return the states that are in step-by-step mode, in which they are assigned and not integrated.

        Parameters
        ----------
        dt : Quantity
            The time step.
        parameters : mapping of str to Quantity, optional
            The values of the parameters; the default are those of the neuron.
        """
        known = self.parameters if parameters is None else parameters
        return [s.variable for s in self.states if s.differential and step_by_step_target(s, known, dt) is not None]

    def with_parameters(self, **parameters: Any) -> Neuron:
        """Return the same equations with other values of some parameters.

        Parameters
        ----------
        parameters : number or Quantity
            The new values by name.

        Raises
        ------
        RecircuitError
            If a parameter of this name does not exist.
        """
        unknown = sorted(set(parameters) - set(self.parameters))
        if unknown:
            raise RecircuitError(f"parameters: {unknown} are not among {sorted(self.parameters)}.")
        return Neuron(self.text, method=self.method, **(self.parameters | parameters))

    def __str__(self) -> str:
        values = ", ".join(f"{k} = {v}" for k, v in self.parameters.items())
        return self.text + (f"\n# {values}" if values else "")

    def __repr__(self) -> str:
        return f"<Neuron: {', '.join([*self.compartments, *self.stored, *self.expressions])}>"

    def _repr_html_(self) -> str:
        return neuron_html(self)

    def _repr_latex_(self) -> str:
        return neuron_latex(self)


def _check_name(name: str, where: str) -> None:
    if name in SHADOWED or name in TAKEN or phase_of(name):
        raise RecircuitError(f"{where}: the name {name!r} is taken by the simulator; choose another.")
    if name.endswith(("_pre", "_post")):
        raise RecircuitError(
            f"{where}: the name {name!r} ends with _pre or _post, by which rules tell the two units of a synapse apart; "
            "choose another."
        )
    if why := why_reserved(name):
        raise RecircuitError(f"{where}: the name {name!a} is taken: {why}; choose another.")
    try:
        Equations.check_identifier(name)
    except (SyntaxError, ValueError) as problem:
        raise RecircuitError(f"{where}: {getattr(problem, 'msg', problem)} Choose another.") from None


def _is_timing(flag: str) -> bool:
    return "during " in flag or flag.startswith("after ")


def _when(flag: str) -> During:
    if flag.startswith("after "):
        return During(During.of(flag.removeprefix("after ")).phases, strict=True, last=True)
    usual, _, names = flag.partition("during ")
    if usual.strip() not in ("", "usually"):
        raise RecircuitError(f"equations: the flag {flag!r} is not known; expected 'during <phases>'.")
    return During(During.of(names).phases, strict=not usual.strip())


def phase_indicators(expression: str) -> list[str]:
    """Return the names in_p that an expression reads."""
    return sorted(n for n in get_identifiers(expression) if phase_of(n))
