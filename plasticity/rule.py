"""A rule: the equations by which the weights of a forward projection and its feedback change."""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from ..door import door
from ..errors import RecircuitError
from ..registry import closest
from . import modifiers
from .dimensions import check_dimensions
from .equation import Direction, SynapticEquation, Weights
from .locality import Scope, prove
from .modifiers import Modifier
from .names import check_declared
from .parse import names_in, parse
from .rule_checks import check_text, check_weights, checked_names, initial_values
from .values import Values, told

__all__ = ["Rule"]


@dataclass(frozen=True, init=False, repr=False)
class Rule:
    """A learning rule, whole: `Rule("hebb", source="Hebb 1949", forward="dw = rate*x_post*x_pre", ...)`.

    An equation is a list of statements, by line or `;`. Each right-hand side is evaluated per
    batch element and averaged over the batch elements; later statements read the average:

        g = error_post*x_pre                 a drive: the mean over batch elements
        trace = .9*trace + .1*g              state of the synapse, or a trace: one for each batch element
        dw = rate*trace                      the increment of its weight, w += dw
        dw/dt = rate*trace                   in continuous time: w += dt*rate*trace, with a rate per second

    It may read `NAME_pre` and `NAME_post` (variables of the two units; in the feedback equation
    pre is the upper layer), `w`, its state, its parameters, `updates` (how many updates this
    projection has made before), broadcasts, earlier names, and Brian2's functions. All is proved
    here, when the rule is made; see `recircuit.plasticity.locality`.

    name, source: what it is called, and where it is from (paper, equation).
    about: what it does, in a sentence, for lists of rules.
    forward, feedback: the equations, as text; None leaves that projection's weights fixed.
    parameters: names and numbers, or, in a rule with `dNAME/dt`, quantities such as rate=.1*Hz and tau=10*ms.
    state: per-synapse variables with initial values, or their
    names, if they begin at 0. traces: the same, of which each batch element has its own, as an eligibility; they are averaged
    only where they meet the weight or a state. broadcasts: names of scalars, one per batch element.
    local: False for a control that no synapse could follow (it relaxes nothing in the equations).
    feedback_weights: "own", or "transpose" for backpropagation's R = W^T, or "transpose of STATE" for what the
    forward synapses keep besides their weights; neither is local.

    Raises RecircuitError: the rule is not local or not well formed, and why.
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

    @door
    def __init__(
        self,
        name: str,
        *,
        source: str,
        forward: str | None = None,
        feedback: str | None = None,
        parameters: Mapping[str, float] | None = None,
        state: Mapping[str, float] | Iterable[str] | None = None,
        broadcasts: Iterable[str] = (),
        local: bool = True,
        feedback_weights: Weights = "own",
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
        check_weights(where, self.local, forward, feedback, feedback_weights, self.state)
        object.__setattr__(self, "forward", self._equation("forward", forward, "own"))
        object.__setattr__(self, "feedback", self._equation("feedback", feedback, feedback_weights))

    @door
    def with_parameters(self, **parameters: float) -> "Rule":
        """A copy with other values of some parameters."""
        for name in parameters:
            if name not in self.parameters:
                raise RecircuitError(
                    f"Rule {self.name!r} has no parameter {name!r}. It has "
                    f"{', '.join(self.parameters) or 'none'}.{closest(name, self.parameters)}"
                )
        return self._copy(parameters={**self.parameters, **parameters})

    def modified(self, *changes: Modifier) -> "Rule":
        """A copy that each of the modifiers (of `recircuit.plasticity.modifiers`, or your own) has changed, in order.

        Raises RecircuitError: a modifier does not fit the rule, or one of its names is used already.
        """
        for wrong in (c for c in changes if not isinstance(c, Modifier)):
            raise RecircuitError(
                f"Rule {self.name!r}: modified() takes modifiers, such as momentum(0.9), but got {wrong!r}."
            )
        return reduce(Rule._modified, changes, self)

    def with_momentum(self, momentum: float) -> "Rule":
        """A copy with momentum; see `modifiers.momentum`."""
        return self.modified(modifiers.momentum(momentum))

    def with_adam(self, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> "Rule":
        """A copy whose updates follow the moments of the gradient; see `modifiers.adam`."""
        return self.modified(modifiers.adam(beta1, beta2, epsilon))

    @door
    def with_weight_limit(self, *limits: Any) -> "Rule":
        """A copy that clips the weights after each update, as `(.5)`, `(0, 1)`, `(0, None)`; see `modifiers.weight_limit`."""
        return self.modified(modifiers.weight_limit(*limits))

    def with_signs(self) -> "Rule":
        """A copy whose weights keep their signs (Dale's law); see `modifiers.signs`."""
        return self.modified(modifiers.signs())

    def with_weight_decay(self, weight_decay: float) -> "Rule":
        """A copy whose weights decay in each update; see `modifiers.weight_decay`."""
        return self.modified(modifiers.weight_decay(weight_decay))

    def with_rate_decay(self, rate_decay: float) -> "Rule":
        """A copy whose rate decays with the number of updates; see `modifiers.rate_decay`."""
        return self.modified(modifiers.rate_decay(rate_decay))

    def with_rate_steps(self, *updates: int, factor: float = 0.1) -> "Rule":
        """A copy whose rate falls at some numbers of updates; see `modifiers.rate_steps`."""
        return self.modified(modifiers.rate_steps(*updates, factor=factor))

    def with_gate(self, broadcast: str) -> "Rule":
        """A copy whose weights change as far as a broadcast says; see `modifiers.gate`."""
        return self.modified(modifiers.gate(broadcast))

    def __str__(self) -> str:
        rows = [(what, line) for what, text in self._rows() for line in text.splitlines()]
        shown = ["" if i and rows[i - 1][0] == what else what for i, (what, _) in enumerate(rows)]
        lines = [f"  {what:<11} {line}" for what, (_, line) in zip(shown, rows, strict=True)]
        return "\n".join([f"{self.name} ({self._label()}), {self.source}", *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{what}</th><td style='text-align:left'><code>"
            f"{html.escape(text).replace(chr(10), '<br>')}</code></td></tr>"
            for what, text in self._rows()
        )
        return f"<b>{html.escape(self.name)}</b> ({self._label()}), {html.escape(self.source)}<table>{rows}</table>"

    def _rows(self) -> list[tuple[str, str]]:
        """Name and text of everything there is to print."""
        values = {"parameters": self.parameters, "state": self.state, "traces": self.traces}
        rows = [("forward", str(self.forward)), ("feedback", str(self.feedback))]
        rows += [(what, ", ".join(f"{k} = {told(v)}" for k, v in of.items())) for what, of in values.items()]
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

    def _equation(self, direction: Direction, text: str | None, weights: Weights) -> SynapticEquation:
        if text is None:
            return SynapticEquation(self.name, direction, local=self.local, weights=weights)
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
            weights,
            Values({k: v for k, v in self.traces.items() if k in used}),
        )

    def _copy(self, **changes: Any) -> "Rule":
        same = dict(
            source=self.source,
            forward=_text(self.forward),
            feedback=_text(self.feedback),
            parameters=self.parameters,
            state=self.state,
            broadcasts=self.broadcasts,
            local=self.local,
            feedback_weights=self.feedback.weights,
            about=self.about,
            traces=self.traces,
        )
        return Rule(self.name, **{**same, **changes})

    def _modified(self, modifier: Modifier) -> "Rule":
        """A copy with both equations changed and more parameters, state and broadcasts."""
        if modifier.rate_to and "rate" not in self.parameters:
            raise RecircuitError(
                f"Rule {self.name!r} has no parameter 'rate' that could {modifier.rate_to}. It "
                f"has {', '.join(self.parameters) or 'none'}."
            )
        for name in (*modifier.parameters, *modifier.state, *modifier.broadcasts):
            if name in {*self.parameters, *self.state, *self.traces, *self.broadcasts}:
                raise RecircuitError(f"Rule {self.name!r} has a `{name}` already, so that it cannot be added.")
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


def _text(equation: SynapticEquation) -> str | None:
    return str(equation) if equation.plastic else None
