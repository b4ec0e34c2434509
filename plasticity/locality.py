"""The proof that a rule is local.

A synapse may read variables of its pre unit (`NAME_pre`) and of its post unit (`NAME_post`), the signal that it delivers
(`arriving_pre`), its own weight, state and traces, parameters, broadcasts, whether a phase is open (`in_PHASE`), and sums over
the synapses of its own two units in this projection (`incoming(w)`, `outgoing(w)`). The proof goes through the parsed
expression, knows every kind of node, and refuses all others. It cannot be avoided, since nothing else reaches the code
generator, and nothing is executed.
"""

import ast
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NoReturn

from brian2.core.namespace import DEFAULT_UNITS

from ..errors import RecircuitError
from ..registry import closest
from .algebra import Unsplittable
from .incoming import calls_in, products
from .names import (
    ARRIVING,
    CLOCK,
    CONSTANTS,
    FUNCTIONS,
    SUMMING,
    SUMS,
    UNIT_VARIABLES,
    check_declared,
    is_position,
    phase_of,
    split_side,
)
from .noise import check_one_kind, kinds_in, misused_noise
from .parse import WHITE_NOISE, Statement, names_in
from .rewriting import instead_of
from .syntax import TEACH

__all__ = ["Scope", "prove"]

NOT_LOCAL = (
    "is not local: a synapse sees only its own two units; sum in a unit's field, or let a "
    "population compute it and send it as a broadcast"
)
_TEACH: dict[type[ast.AST], str] = TEACH | {
    ast.MatMult: NOT_LOCAL,
    ast.Subscript: f"picks other synapses or units, which {NOT_LOCAL}",
    ast.Attribute: f"reaches through a `.` beyond the synapse, and {NOT_LOCAL}",
    ast.FloorDiv: "uses `//`: write floor(a/b)",
}
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


@dataclass
class Scope:
    """The names that one projection's synapses may read. `locals` grows statement by statement."""

    where: str
    parameters: Collection[str]
    state: Collection[str]
    broadcasts: Collection[str]
    traces: Collection[str] = ()
    locals: list[str] = field(default_factory=list)

    def own(self) -> list[str]:
        """Return every bare name that may be read."""
        return ["w", "updates", *self.state, *self.traces, *self.parameters, *self.broadcasts, *self.locals]

    def describe(self) -> str:
        """Return words that list the names that may be read."""
        groups = {
            "its state": self.state,
            "its traces": self.traces,
            "the parameters": self.parameters,
            "the broadcasts": self.broadcasts,
            "earlier": self.locals,
        }
        own = [f"{what} {', '.join(names)}" for what, names in groups.items() if names]
        return "; ".join(
            [
                f"NAME_pre and NAME_post for the variables of its two units, {ARRIVING}_pre for the signal that it brings in",
                *("in_PHASE (1 while a phase is open)", "w", "updates", *own, "incoming(w)", "outgoing(w)"),
            ]
        )


def prove(statements: tuple[Statement, ...], scope: Scope) -> None:
    """Prove every statement local, in order.

    Raises
    ------
    RecircuitError
        If the equation reads, calls or changes something that a synapse may not. The message names the first such
        thing, and what is allowed.
    """
    for position, statement in enumerate(statements):
        proof = _Proof(scope, statement, statements[position + 1 :])
        proof.number(statement.node())
        if why := misused_noise(statement):
            proof.refuse(why)
        proof.target()
    check_one_kind(statements, scope.where)
    _everything_is_used(statements, scope)


class _Proof:
    """The proof of one statement."""

    def __init__(self, scope: Scope, statement: Statement, later: tuple[Statement, ...]) -> None:
        self.scope, self.statement, self.later = scope, statement, later

    def refuse(self, why: str) -> NoReturn:
        raise RecircuitError(f"{self.scope.where}, in `{self.statement}`: {why}.")

    def number(self, node: ast.AST) -> None:
        """Prove an expression whose value is a number."""
        match node:
            case ast.Constant(value=bool() | str() | bytes() | complex() | None):
                self.refuse(f"`{ast.unparse(node)}` is not a real number")
            case ast.Constant(value=int() | float() as value):
                if abs(value) > 1e300:
                    self.refuse("it has a number that is too large")
            case ast.Name(id=name):
                self.variable(name)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                self.number(operand)
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _ARITHMETIC):
                self.number(left)
                self.number(right)
                self.divisor(op, right)
            case ast.Call():
                self.call(node)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                self.refuse(f"`{ast.unparse(node)}` is true or false; as a number it is int({ast.unparse(node)})")
            case _:
                self.unknown(node)

    def truth(self, node: ast.AST) -> None:
        """Prove an expression that is true or false."""
        match node:
            case ast.BoolOp(values=values):
                for value in values:
                    self.truth(value)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.truth(operand)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, _COMPARISONS):
                self.number(left)
                self.number(right)
            case ast.Compare():
                self.refuse(f"`{ast.unparse(node)}` must compare two numbers, as in a < b and b < c")
            case _:
                self.refuse(f"`{ast.unparse(node)}` must be a comparison, such as x_pre > 0")

    def variable(self, name: str) -> None:
        sided = split_side(name)
        if sided:
            self.unit_variable(name, *sided)
        elif name != WHITE_NOISE and name not in CONSTANTS and name not in self.scope.own() and not phase_of(name):
            self.refuse(self.why_not(name))

    def unit_variable(self, name: str, bare: str, side: str) -> None:
        if bare == "w":
            self.refuse(f"`{name}`: the weight belongs to the synapse, not to a unit; it is `w`")
        if bare in self.scope.broadcasts:
            self.refuse(f"`{name}`: `{bare}` is a broadcast, the same for every unit; read `{bare}`")
        if bare == ARRIVING and side == "post":
            self.refuse(f"`{name}`: what arrives at a synapse is the signal of its pre unit; read `{ARRIVING}_pre`")
        if is_position(bare) or bare.startswith("_") or not bare.isascii():
            self.refuse(
                f"`{name}` is not a variable of a {side} unit (an index, a size and the "
                "clock say where and when, which no synapse knows)"
            )

    def why_not(self, name: str) -> str:
        """Return why a bare name cannot be read, and what to read instead."""
        others = {s for line in (self.statement, *self.later) for s in names_in(line.node())}
        if {f"{name}_pre", f"{name}_post"} & others or name in UNIT_VARIABLES:
            return (
                f"`{name}` is a variable of a unit, and a synapse has two: read `{name}_pre` "
                f"(the sender's) or `{name}_post` (the receiver's)"
            )
        if is_position(name):
            return f"`{name}`: rules have no clock; use `updates`" if name in CLOCK else f"`{name}` {NOT_LOCAL}"
        if any(line.target == name for line in (self.statement, *self.later)):
            return f"`{name}` has no value yet; give it one in an earlier statement, or declare it as state"
        if any(line.target == f"d{name}" for line in (self.statement, *self.later)):
            return (
                f"`d{name}` is an ordinary name here, and `{name}` has no value, since only the weight has an increment, "
                f'`dw`. Declare state=("{name}",), and write `{name} += E` or `{name} = E`'
            )
        if name in FUNCTIONS:
            return f"`{name}` is a function, and must be called"
        if name in DEFAULT_UNITS:
            return (
                f"`{name}` is a unit; rates and weights have none. Times are parameters, as in "
                f"parameters=dict(tau=10*{name})"
            )
        return (
            f"a synapse cannot read `{name}`.{closest(name, self.scope.own())} It may read {self.scope.describe()}. Numbers "
            f"of the rule's own are declared as parameters=dict(...)"
        )

    def call(self, node: ast.Call) -> None:
        if not isinstance(node.func, ast.Name):
            self.unknown(node.func)
        name = node.func.id
        if name in SUMMING:
            return self.sum_of(node, name)
        if name in SUMS:
            instead = f"; of two numbers it is {name}(a, b)" if name in ("max", "min") else ""
            self.refuse(f"`{ast.unparse(node)}` {NOT_LOCAL}{instead}")
        if name not in FUNCTIONS:
            self.refuse(
                f"there is no function `{name}`.{instead_of(name) or closest(name, FUNCTIONS)} A rule may call max, min, "
                f"{', '.join(FUNCTIONS)}"
            )
        if node.keywords or len(node.args) != FUNCTIONS[name]:
            self.refuse(
                f"`{name}` takes {FUNCTIONS[name]} numbers, by position, but is called as `{ast.unparse(node)}`"
            )
        for argument in node.args:
            truth = name == "int" and isinstance(argument, ast.Compare | ast.BoolOp | ast.UnaryOp)
            not_number = truth and not isinstance(getattr(argument, "op", None), ast.USub | ast.UAdd)
            (self.truth if not_number else self.number)(argument)

    def sum_of(self, node: ast.Call, word: str) -> None:
        """Prove a sum over a unit's own synapses, which the cell can compute from its weights and its inputs."""
        side, other_side = SUMMING[word], "pre" if SUMMING[word] == "post" else "post"
        if node.keywords or len(node.args) != 1:
            self.refuse(f"`{ast.unparse(node)}` must sum one expression, as in {word}(w) or {word}(w*x_{other_side})")
        (summand,) = node.args
        self.number(summand)
        allowed = {"w", *self.scope.state, *self.scope.parameters, *CONSTANTS}
        other = sorted(n for n in names_in(summand) - allowed if (split_side(n) or ("", ""))[1] != other_side)
        if other or kinds_in(summand) or calls_in(summand):
            self.refuse(
                f"`{ast.unparse(node)}` sums over the synapses of the {side} unit in this projection, of which it may read "
                f"`w`, the state, parameters and NAME_{other_side}; got {', '.join(other) or 'a function that it may not call'}"
            )
        try:
            products(summand)
        except Unsplittable:
            self.refuse(
                f"`{ast.unparse(node)}` must be a sum of products, each of a factor of the synapse (as w, or w**2) and one of "
                f"the {other_side} unit (as x_{other_side}); a function of both at once is not"
            )

    def divisor(self, op: ast.operator, right: ast.expr) -> None:
        if isinstance(op, ast.Div | ast.Mod) and isinstance(right, ast.Constant) and right.value == 0:
            self.refuse("it divides by zero")

    def unknown(self, node: ast.AST) -> NoReturn:
        kind = type(node.op) if isinstance(node, ast.BinOp) else type(node)
        why = _TEACH.get(kind, "is not arithmetic; a rule is made of numbers, names, + - * / ** % and functions")
        self.refuse(f"`{ast.unparse(node)}` {why}")

    def target(self) -> None:
        """Prove that the synapse may change the left-hand side, and note a new local name."""
        name, scope = self.statement.target, self.scope
        if name == "w" or name in scope.state or name in scope.traces:
            return
        if split_side(name):
            self.refuse(
                f"`{name}` belongs to a unit, and a synapse changes only itself; units have equations of their own"
            )
        if name in (*scope.parameters, *scope.broadcasts, "updates"):
            self.refuse(
                f"`{name}` cannot be changed by a rule; what changes is `w`, a trace, or a variable "
                f"declared as state{' instead of a parameter' if name in scope.parameters else ''}"
            )
        if name in scope.locals or self.statement.operator == "+=":
            self.refuse(
                f"`{name}` is not kept from update to update: a name of the equation's own is "
                "given once, with `=`; declare it as state to change it"
            )
        check_declared(name, "value", f"{scope.where}, in `{self.statement}`")
        scope.locals.append(name)


def _everything_is_used(statements: tuple[Statement, ...], scope: Scope) -> None:
    read = {name for statement in statements for name in names_in(statement.node())}
    for name in scope.locals:
        if name not in read:
            hint = closest(name, ["dw", "w", *scope.state])
            raise RecircuitError(
                f"{scope.where}: `{name}` is given a value that nothing reads.{hint} The weight changes by "
                f"`dw = ...`, and what is kept from update to update must be declared as state."
            )
