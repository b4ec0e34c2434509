"""The parser of equations, from text to statements. Nothing here is ever executed."""

import ast
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ..errors import RecircuitError
from .rewriting import clipped
from .syntax import check_characters, check_sizes, parsed, word_of_python

__all__ = ["WHITE_NOISE", "Operator", "Statement", "divisors", "names_in", "parse", "rename", "show"]

Operator = Literal["=", "+="]

DEEPEST = 64
#: White noise in continuous time, as in `dw/dt = E + sigma*xi`, with the unit 1/sqrt(second).
WHITE_NOISE = "xi"
#: The mark for `dNAME/dt = E` while Python's parser reads it as `δNAME = E`, with a letter that no equation has.
_MARK = "δ"
_DERIVATIVE = re.compile(r"(^|;)\s*d(\w+)\s*/\s*dt\s*=(?!=)", re.MULTILINE)
#: What is said of a line that cannot be read.
FORM = "Write `dw = E`, with E in + - * / ** and functions, as in Brian2."
_TOO_DEEP = "is nested too deeply. Give parts of it names of their own, in statements before it."


@dataclass(frozen=True)
class Statement:
    """A statement `target operator expression`; the short form `dw = E` is kept as `w += E`.

    `dNAME/dt = E` is kept as `NAME += E` with `differential`. Such a statement adds step*E once the circuit's time step
    is known, in seconds. White noise, `xi`, is then a normal number divided by the square root of the step.
    """

    target: str
    operator: Operator
    expression: str
    differential: bool = False
    step: float | None = None

    def node(self) -> ast.expr:
        """Return a new parsed expression; for a differential statement with a step, it is multiplied by the step."""
        node = ast.parse(f"({self.expression})", mode="eval").body
        if self.step is None:
            return node
        noise = ast.parse(f"{self.step**-0.5!r}*randn()", mode="eval").body
        return ast.BinOp(ast.Constant(self.step), ast.Mult(), rename(node, {WHITE_NOISE: noise}))

    def with_step(self, step: float) -> "Statement":
        """Return the statement for a time step in seconds."""
        return replace(self, step=step) if self.differential else self

    @property
    def line(self) -> str:
        """The statement as Brian2's abstract code: ``w += E``."""
        expression = self.expression if self.step is None else show(self.node())
        return f"{self.target} {self.operator} {expression}"

    def __str__(self) -> str:
        if self.differential:
            return f"d{self.target}/dt = {self.expression}"
        if (self.target, self.operator) == ("w", "+="):
            return f"dw = {self.expression}"
        return self.line


def parse(text: str, where: str) -> tuple[Statement, ...]:
    """Return the statements of an equation, one per line or separated by `;`.

    Raises
    ------
    RecircuitError
        If it is not a text, cannot be read, or contains something else than assignments to one name.
    """
    if not isinstance(text, str):
        raise RecircuitError(f"{where} must be a string such as 'dw = rate*error_post*x_pre', but is {text!r}.")
    text = _DERIVATIVE.sub(rf"\1{_MARK}\2 =", inspect.cleandoc(check_characters(text, where)))
    try:
        lines = parsed(text, "exec").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise RecircuitError(_unparsable(text, where, problem)) from None
    if not lines:
        raise RecircuitError(f"{where} is empty. Leave it out (None) for weights that stay fixed.")
    if max(map(_depth, lines)) > DEEPEST:
        raise RecircuitError(f"{where} {_TOO_DEEP}")
    for line in lines:
        check_sizes(line, where)
    return tuple(_statement(line, text, where) for line in lines)


def names_in(node: ast.expr) -> frozenset[str]:
    """Return the variables in an expression, without the names of called functions."""
    called = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return frozenset(n.id for n in names if id(n) not in called)


def divisors(node: ast.AST) -> frozenset[str]:
    """Return the variables by which an expression divides."""
    parts = (n.right for n in ast.walk(node) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div))
    return frozenset[str]().union(*map(names_in, parts))


def rename(node: ast.expr, by: Mapping[str, ast.expr]) -> ast.expr:
    """Return a copy in which every name that is a key of `by` is replaced by its value."""

    class Rename(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return by.get(node.id, node)

    return Rename().visit(ast.parse(ast.unparse(node), mode="eval").body)


def show(node: ast.expr) -> str:
    """Return the text of an expression in the usual spacing: `1 - rate*decay`."""
    text = ast.unparse(node)
    for operator in ("**", "*", "/"):
        text = text.replace(f" {operator} ", operator)
    return text


def _depth(node: ast.AST) -> int:
    """Return the levels of nesting, counted without recursion."""
    depth, level = 0, [node]
    while level:
        depth, level = depth + 1, [child for parent in level for child in ast.iter_child_nodes(parent)]
    return depth


def _statement(line: ast.stmt, text: str, where: str) -> Statement:
    match line:
        case ast.Assign(targets=[ast.Name(id=marked)], value=value) if marked.startswith(_MARK):
            return Statement(marked.removeprefix(_MARK), "+=", _source(text, value), differential=True)
        case ast.Assign(value=ast.Starred(value=value)):
            raise RecircuitError(f"{where}: `*{ast.unparse(value)}` is not arithmetic. Leave the star out.")
        case ast.Assign(targets=[ast.Name(id="dw")], value=value):
            return Statement("w", "+=", _source(text, value))
        case ast.Assign(targets=[ast.Name(id=target)], value=value):
            return Statement(target, "=", _source(text, value))
        case ast.AugAssign(target=ast.Name(id=target), op=ast.Add(), value=value) if target != "dw":
            return Statement(target, "+=", _source(text, value))
        case _:
            raise RecircuitError(
                f"{where}: `{ast.unparse(line)}` is not a statement of a rule. Each is "
                "`dw = E` (the weight's increment), `dNAME/dt = E`, `NAME = E` or `NAME += E`, with one name on the "
                "left; a sign belongs into E."
            )


def _source(text: str, node: ast.expr) -> str:
    """Return the expression as it was written, or, with a ``max`` for instance, in terms that Brian2 has."""
    plain = clipped(node)
    if ast.unparse(plain) != ast.unparse(node):
        return show(plain)
    source = ast.get_source_segment(text, node) or ""
    return show(node) if "\n" in source or not source else source


def _unparsable(text: str, where: str, problem: Exception) -> str:
    if not isinstance(problem, SyntaxError):
        return f"{where} {_TOO_DEEP}"
    lines = text.splitlines()
    number = problem.lineno or 1
    lines = [re.sub(rf"{_MARK}(\w+) =", r"d\1/dt =", line) for line in lines]
    line = lines[number - 1].strip() if 0 < number <= len(lines) else text
    message = f"{where}: `{line}` cannot be read as an equation ({problem.msg})."
    if re.fullmatch(r"[^:]+=[^:]+:\s*\w+\s*(\(.*\))?", line):
        return f"{message} A statement of a rule has no unit and no flags; write `{line.partition(':')[0].strip()}`."
    return f"{message} {word_of_python(line) or FORM}"
