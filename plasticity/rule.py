"""A rule: the equations by which the weights of a forward projection and its feedback change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

from ..arguments import checked_arguments
from ..errors import RecircuitError
from ..registry import closest
from .dimensions import check_dimensions
from .display import rule_html, rule_latex
from .equation import Direction, SynapticEquation
from .locality import Scope, prove
from .modifiers import Modifier
from .names import check_declared
from .parse import names_in, parse
from .rule_checks import check_equations, check_text, checked_names, initial_values
from .shorthands import Shorthands
from .transpose import Transpose
from .values import Values, as_text

__all__ = ["Rule"]


@dataclass(frozen=True, init=False, repr=False)
class Rule(Shorthands):
    """A learning rule: the equations by which the weights of a forward projection and of its feedback change.

    An equation is a list of statements, one on each line or separated by ``;``::

        g = error_post*x_pre                 a drive: the mean over the batch elements
        trace = .9*trace + .1*g              a state of the synapse, or a trace, which each batch element has
        dw = rate*trace                      the increment of the weight, w += dw
        dw/dt = rate*trace                   in continuous time: w += dt*rate*trace, with a rate per second
        dw/dt = rate*trace + sigma*xi        with white noise, of the unit 1/sqrt(second)

    Each right-hand side is evaluated in every batch element and averaged over them; later statements read the average.
    It may read ``NAME_pre`` and ``NAME_post`` (variables of the two units after the step; in the feedback equation pre is
    the upper layer), ``arriving_pre`` (the last signal of the pre unit that the projection has delivered), ``in_PHASE`` (1
    while a phase is open, and 0 otherwise), ``w``, states, traces, parameters, ``updates`` (the number of earlier updates
    of this projection), broadcasts, names of earlier statements, and Brian2's functions. When a rule is made, it is proved
    to be local: see `recircuit.plasticity.locality`.

    Parameters
    ----------
    name : str
        The name of the rule.
    source : str
        The paper and equation that it is from.
    forward : str, optional
        The equation of the forward projection. None leaves its weights fixed.
    feedback : str or Transpose, optional
        The equation of the feedback projection. None leaves its weights fixed. ``Transpose()`` makes them the transpose of
        the forward weights, as in backpropagation, and ``Transpose("STATE")`` makes them the transpose of a state of the
        forward synapses. Neither is local.
    parameters : mapping of str to float, optional
        Names and numbers; in a rule with ``dNAME/dt`` also quantities, such as rate=.1*Hz and tau=10*ms.
    state : mapping of str to float, or iterable of str, optional
        Variables of each synapse that the batch elements share, with initial values, or their names if they begin at 0.
    broadcasts : iterable of str
        Names of scalars that have one value for each batch element.
    local : bool, default True
        False for a control that no synapse could compute; the equations are checked in the same way.
    about : str
        A sentence that says what the rule does.
    traces : mapping of str to float, or iterable of str, optional
        Variables of each synapse and batch element, such as an eligibility. They are averaged only where a weight or a
        state reads them.

    Raises
    ------
    RecircuitError
        If the rule is not local or an equation cannot be read. The message says why.

    Notes
    -----
    In a step in which the rule is open, it reads both units after the step, and the weights change last.

    Examples
    --------
    >>> import recircuit as rc
    >>> hebb = rc.Rule("hebb", source="Hebb 1949", forward="dw = rate*x_post*x_pre", parameters=dict(rate=0.1))
    >>> print(hebb.forward)
    dw = rate*x_post*x_pre
    """

    name: str
    source: str
    forward: SynapticEquation
    feedback: SynapticEquation
    parameters: Values
    state: Values
    traces: Values
    broadcasts: tuple[str, ...]
    local: bool
    about: str

    @checked_arguments
    def __init__(
        self,
        name: str,
        *,
        source: str,
        forward: str | None = None,
        feedback: str | Transpose | None = None,
        parameters: Mapping[str, float] | None = None,
        state: Mapping[str, float] | Iterable[str] | None = None,
        broadcasts: Iterable[str] = (),
        local: bool = True,
        about: str = "",
        traces: Mapping[str, float] | Iterable[str] | None = None,
    ) -> None:
        where = f"Rule {name!r}"
        check_text(where, name=name, source=source)
        own = dict(
            name=name,
            source=source,
            about=" ".join(about.split()),
            local=bool(local),
            parameters=Values.of(parameters, f"{where}, parameters"),
            state=Values.of(initial_values(state, f"{where}, state"), f"{where}, state"),
            traces=Values.of(initial_values(traces, f"{where}, traces"), f"{where}, traces"),
            broadcasts=checked_names(broadcasts, f"{where}, broadcasts"),
        )
        for key, value in own.items():
            object.__setattr__(self, key, value)
        self._check_names(where)
        check_equations(where, self.local, forward, feedback, self.state)
        object.__setattr__(self, "forward", self._equation("forward", forward))
        object.__setattr__(self, "feedback", self._equation("feedback", feedback))
        self._check_all_read(where)

    @checked_arguments
    def with_parameters(self, **parameters: float) -> Self:
        """Return a copy with other values of some parameters.

        Parameters
        ----------
        parameters : float
            The new values by name.

        Raises
        ------
        RecircuitError
            If the rule has no parameter of this name.
        """
        for name in parameters:
            if name not in self.parameters:
                raise RecircuitError(
                    f"Rule {self.name!r} has no parameter {name!r}.{closest(name, self.parameters)} It has "
                    f"{', '.join(self.parameters) or 'none'}."
                )
        return self._copy(parameters={**self.parameters, **parameters})

    @checked_arguments
    def modified(self, *changes: Modifier) -> Self:
        """Return a copy that is changed by modifiers, one after the other.

        Parameters
        ----------
        changes : Modifier
            Modifiers of `recircuit.plasticity.modifiers`, or of your own.

        Raises
        ------
        RecircuitError
            If a modifier does not fit the rule, or one of its names is used already.
        """
        for wrong in (c for c in changes if not isinstance(c, Modifier)):
            raise RecircuitError(
                f"Rule {self.name!r}: modified() takes modifiers, such as momentum(0.9), but got {wrong!r}."
            )
        return reduce(type(self)._modified, changes, self)

    def __str__(self) -> str:
        rows = [(what, line) for what, text in self._rows() for line in text.splitlines()]
        shown = ["" if i and rows[i - 1][0] == what else what for i, (what, _) in enumerate(rows)]
        lines = [f"  {what:<11} {line}" for what, (_, line) in zip(shown, rows, strict=True)]
        return "\n".join([f"{self.name} ({self._label()}), {self.source}", *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return rule_html(self, self._label())

    def _repr_latex_(self) -> str:
        return rule_latex(self)

    def _rows(self) -> list[tuple[str, str]]:
        """Return the rows of the printed rule, each with its name and text."""
        values = {"parameters": self.parameters, "state": self.state, "traces": self.traces}
        rows = [("forward", str(self.forward)), ("feedback", str(self.feedback))]
        rows += [(what, ", ".join(f"{k} = {as_text(v)}" for k, v in of.items())) for what, of in values.items()]
        return [(what, text) for what, text in [*rows, ("broadcasts", ", ".join(self.broadcasts))] if text]

    def _label(self) -> str:
        return "local" if self.local else "not local: a control"

    def _check_names(self, where: str) -> None:
        kinds = {
            "parameter": self.parameters,
            "state variable": self.state,
            "trace": self.traces,
            "broadcast": self.broadcasts,
        }
        seen: dict[str, str] = {}
        for kind, names in kinds.items():
            for name in names:
                check_declared(name, kind, where)
                if name in seen:
                    raise RecircuitError(
                        f"{where}: `{name}` is declared as a {seen[name]} and as a "
                        f"{kind}. Give one of them another name."
                    )
                seen[name] = kind

    def _check_all_read(self, where: str) -> None:
        """Refuse a declared name that no equation reads, since it would have no effect."""
        both = (self.forward, self.feedback)
        read = {self.feedback.transpose_of}
        read = read.union(*((*e.parameters, *e.state, *e.traces, *e.broadcasts) for e in both))
        kinds = {
            "parameters": self.parameters,
            "state": self.state,
            "traces": self.traces,
            "broadcasts": self.broadcasts,
        }
        for kind, names in kinds.items():
            for name in (n for n in names if n not in read):
                raise RecircuitError(
                    f"{where}, {kind}: no equation reads `{name}`, which would have no effect. Leave it out, or use it in an "
                    "equation."
                )

    def _equation(self, direction: Direction, text: str | Transpose | None) -> SynapticEquation:
        if text is None or isinstance(text, Transpose):
            other = text.of if isinstance(text, Transpose) else ""
            return SynapticEquation(self.name, direction, local=self.local, transpose_of=other)
        where = f"Rule {self.name!r}, {direction} equation"
        statements = parse(text, where)
        prove(statements, Scope(where, self.parameters, self.state, self.broadcasts, self.traces))
        check_dimensions(statements, self.parameters, {**self.state, **self.traces}, where)
        used = {s.target for s in statements}.union(*(names_in(s.node()) for s in statements))
        return SynapticEquation(
            self.name,
            direction,
            statements,
            Values({k: v for k, v in self.parameters.items() if k in used}),
            Values({k: v for k, v in self.state.items() if k in used}),
            tuple(name for name in self.broadcasts if name in used),
            self.local,
            traces=Values({k: v for k, v in self.traces.items() if k in used}),
        )

    def _copy(self, **changes: Any) -> Self:
        same = dict(
            source=self.source,
            forward=_as_given(self.forward),
            feedback=_as_given(self.feedback),
            parameters=self.parameters,
            state=self.state,
            broadcasts=self.broadcasts,
            local=self.local,
            about=self.about,
            traces=self.traces,
        )
        return type(self)(self.name, **{**same, **changes})

    def _modified(self, modifier: Modifier) -> Self:
        """Return a copy with both equations changed and more parameters, states and broadcasts."""
        if modifier.rate_to and "rate" not in self.parameters:
            raise RecircuitError(
                f"Rule {self.name!r} has no parameter 'rate' that could {modifier.rate_to}. It "
                f"has {', '.join(self.parameters) or 'none'}."
            )
        for name in (*modifier.parameters, *modifier.state, *modifier.broadcasts):
            if name in {*self.parameters, *self.state, *self.traces, *self.broadcasts}:
                raise RecircuitError(
                    f"Rule {self.name!r}: the modifier adds `{name}`, and the rule has a `{name}` already. Give the "
                    "one of the rule another name."
                )
        texts = {
            direction: "\n".join(map(str, modifier.change(equation.statements, f"Rule {self.name!r}, {direction}")))
            for direction, equation in (("forward", self.forward), ("feedback", self.feedback))
            if equation.plastic
        }
        return self._copy(
            parameters={**self.parameters, **modifier.parameters},
            state={**self.state, **modifier.state},
            broadcasts=(*self.broadcasts, *modifier.broadcasts),
            **texts,
        )


def _as_given(equation: SynapticEquation) -> str | Transpose | None:
    """Return an equation in the form in which it was given to the rule."""
    if equation.transpose_of:
        return Transpose(equation.transpose_of)
    return str(equation) if equation.plastic else None
