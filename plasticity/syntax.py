"""The check of the text of equations. Every text is checked here before Brian2 or sympy reads it; nothing is executed.

An expression is made of numbers, names, arithmetic, comparisons, ``and``, ``or``, ``not`` and calls of known functions.
The check knows all kinds of parts that are allowed and refuses all others, so that no text reaches a program that would
execute it.
"""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
import warnings
from collections.abc import Mapping
from typing import Any, NoReturn

from ..errors import RecircuitError
from ..registry import closest
from .names import SUMMING, SUMS, UNIT_FUNCTIONS
from .rewriting import instead_of
from .sizes import TooLarge, check_size, check_terms

__all__ = [
    "TEACH",
    "check_characters",
    "check_expression",
    "check_sizes",
    "check_terms_of",
    "check_unit",
    "parsed",
    "word_of_python",
]

LONGEST = 100_000
"""The most characters in the equations of one neuron or rule."""
MOST_PARTS = 2000
DEEPEST = 200

ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)

TEACH: dict[type[ast.AST], str] = {
    ast.BitXor: "uses `^`: a power is `**`",
    ast.BitAnd: "uses `&`: write `and`",
    ast.BitOr: "uses `|`: write `or`",
    ast.Invert: "uses `~`: write `not`",
    ast.MatMult: "uses `@`: an equation describes one unit, and projections compute sums over units",
    ast.Subscript: "uses `[ ]`: an equation describes one unit, and cannot pick another",
    ast.Attribute: "uses `.`: the names of an equation have no parts",
    ast.IfExp: "uses `if`: write int(condition)*a + int(not condition)*b",
    ast.Is: "uses `is`: write `==`",
    ast.IsNot: "uses `is not`: write `!=`",
}

#: What is said of a function of the time, which may be a TimedArray.
OF_TIME = (
    " What changes in time, such as a TimedArray, is the data of a stimulus, as in circuit.stimulus(name, size, every=1*ms), "
    "which is connected to a compartment."
)
#: The reason why an equation of a unit does not call a function of many units.
OF_MANY = (
    "is a function of many units or synapses, and an equation describes one unit. A compartment holds the sum over synapses. "
    "For a sum over a population, connect the population to one other unit, and send its rate as a broadcast; for the largest "
    "value, connect them by connectivity=MaxPool.of_all(units)"
)


def check_expression(
    text: str, where: str, *, functions: Mapping[str, int | None] = UNIT_FUNCTIONS, form: str = ""
) -> ast.expr:
    """Return the parsed expression, proven to be arithmetic of names and calls of known functions.

    Parameters
    ----------
    text : str
        The expression.
    where : str
        The beginning of error messages.
    functions : Mapping[str, int | None]
        The number of arguments of each function, by its name; None for two or more.
    form : str
        A sentence that says what is expected, for a text that cannot be read at all.

    Raises
    ------
    RecircuitError
        If the text is anything else, or is too large to be evaluated.
    """
    text = check_characters(text, where).strip()
    try:
        node = parsed(f"({text}\n)" if "\n" in text else text, "eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        said = problem.msg if isinstance(problem, SyntaxError) else "it is nested too deeply"
        instead = word_of_python(text) or form
        raise RecircuitError(f"{where}: `{_short(text)}` cannot be read as an expression ({said}). {instead}") from None
    check_sizes(node, where)
    _Check(where, functions).expression(node)
    return node


def word_of_python(text: str) -> str:
    """Return a sentence about the first word of Python that is used as a name; an empty text if there is none.

    Parameters
    ----------
    text : str
        A text that cannot be read as an equation.
    """
    words = [w for w in re.findall(r"[^\W\d]\w*", text) if keyword.iskeyword(w) and w not in ("and", "or", "not")]
    return f"`{words[0]}` is a word of Python; call it `{words[0]}_` or otherwise." if words else ""


def check_unit(text: str, where: str) -> None:
    """Prove that the unit of a line, such as ``volt/second``, is a product of powers of names.

    Raises
    ------
    RecircuitError
        If the text is not such a unit.
    """
    node = check_expression(text, where, functions={})
    for part in ast.walk(node):
        if not isinstance(
            part, ast.BinOp | ast.UnaryOp | ast.Name | ast.Constant | ast.expr_context | ast.operator | ast.unaryop
        ) or isinstance(part, ast.Add | ast.Sub | ast.Mod | ast.FloorDiv | ast.Not):
            raise RecircuitError(f"{where}: `{_short(text)}` is not a unit; a unit reads 1, volt or volt/second**2.")


def check_characters(text: object, where: str) -> str:
    """Return the text without its comments; refuse characters that no equation has, and very long texts.

    Raises
    ------
    RecircuitError
        If the argument is not a text, is too long, or has a character that no equation has.
    """
    if not isinstance(text, str):
        raise RecircuitError(f"{where}: expected text, such as 'tanh(basal)'; got {text!r:.200}.")
    if len(text) > LONGEST:
        raise RecircuitError(f"{where}: equations have at most {LONGEST:,} characters; got {len(text):,}.")
    text = "\n".join(line.partition("#")[0] for line in text.split("\n"))
    strange = next((c for c in text if not (" " <= c <= "~" or c in "\n\r\t")), None)
    if strange is not None:
        plain = unicodedata.normalize("NFKC", strange)
        hint = f"write `{plain}`" if plain.isascii() and plain.isprintable() else "write its name in plain letters"
        name = unicodedata.name(strange, "a control character")
        raise RecircuitError(
            f"{where}: the character {strange!a} ({name}) cannot stand in an equation, which is of ASCII characters; {hint}."
        )
    return text


def check_sizes(node: ast.AST, where: str) -> None:
    """Refuse an expression with too many parts, or with a constant that takes too long or is not a number.

    Raises
    ------
    RecircuitError
        If a piece is too large. The message names it.
    """
    parts, depth, level = 0, 0, [node]
    while level:
        parts, depth = parts + len(level), depth + 1
        level = [child for parent in level for child in ast.iter_child_nodes(parent)]
        # A number, name or operation takes up to four nodes of the tree, with its operator and its context.
        if parts > 4 * MOST_PARTS or depth > DEEPEST:
            raise RecircuitError(
                f"{where}: an expression is too large (at most {MOST_PARTS:,} numbers, names and operations, nested "
                f"{DEEPEST} deep). Give parts of it names of their own, in lines of their own."
            )
    try:
        for part in _expressions(node):
            check_size(part)
    except TooLarge as problem:
        raise RecircuitError(f"{where}: `{_short(ast.unparse(problem.node))}` {problem.why}.") from None


def parsed(text: str, mode: str) -> Any:
    """Return Python's own syntax tree, without executing anything; a warning of Python becomes a SyntaxError."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return ast.parse(text, mode=mode)


def check_terms_of(text: str, where: str) -> None:
    """Refuse an expression that would have too many terms when it is multiplied out.

    Raises
    ------
    RecircuitError
        If a piece of it would have too many terms. The message quotes that piece.
    """
    try:
        check_terms(ast.parse(text.strip(), mode="eval").body)
    except TooLarge as problem:
        raise RecircuitError(
            f"{where}: `{_text(problem.node)}` {problem.why}. Use method='euler', or simpler terms."
        ) from None


def _expressions(node: ast.AST) -> list[ast.expr]:
    return [node] if isinstance(node, ast.expr) else [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)]


class _Check:
    """The check of one expression."""

    def __init__(self, where: str, functions: Mapping[str, int | None]) -> None:
        self.where, self.functions = where, functions

    def expression(self, node: ast.expr) -> None:
        match node:
            case ast.Constant(value=bool(truth)):
                self.refuse(f"`{truth}` is not a number: write {int(truth)}")
            case ast.Constant(value=int() | float()):
                pass
            case ast.Name(id=name):
                self.name(name)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                self.expression(operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.truth(operand)
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, ARITHMETIC):
                self.expression(left)
                self.expression(right)
            case ast.BoolOp(values=values):
                for value in values:
                    self.truth(value)
            case ast.Compare():
                self.comparison(node)
            case ast.Call():
                self.call(node)
            case _:
                self.unknown(node)

    def truth(self, node: ast.expr) -> None:
        """Check an operand of `and`, `or` or `not`."""
        if not isinstance(node, ast.Compare | ast.BoolOp | ast.Name) and not _is_not(node):
            self.refuse(f"`{_text(node)}` is neither true nor false; write a comparison, such as basal > 0")
        self.expression(node)

    def name(self, name: str) -> None:
        if name.startswith("_"):
            self.refuse(f"`{name}` begins with `_`; such names are Brian2's own")
        if name in self.functions:
            self.refuse(f"`{name}` is a function, and must be called, as in {name}(...)")

    def comparison(self, node: ast.Compare) -> None:
        unknown = next((op for op in node.ops if not isinstance(op, COMPARISONS)), None)
        if unknown is not None:
            self.unknown(node, unknown)
        if len(node.ops) > 1:
            self.refuse(f"`{_text(node)}` must compare two numbers, as in a < b and b < c")
        self.expression(node.left)
        self.expression(node.comparators[0])

    def call(self, node: ast.Call) -> None:
        if not isinstance(node.func, ast.Name):
            self.unknown(node.func)
        name = node.func.id
        if name not in self.functions:
            there = ", ".join(self.functions) or "none here"
            if name in SUMS or name in SUMMING:
                self.refuse(f"`{name}` {OF_MANY}")
            of_time = [_text(argument) for argument in node.args] == ["t"]
            hint = OF_TIME if of_time else instead_of(name) or closest(name, self.functions)
            self.refuse(f"there is no function `{name}`.{hint} The functions are {there}")
        for argument in node.args:
            self.expression(argument)
        wanted, got = self.functions[name], len(node.args)
        if node.keywords or (got < 2 if wanted is None else got != wanted):
            expected = "two or more" if wanted is None else str(wanted)
            self.refuse(f"`{name}` takes {expected} values, by position, but is called as `{_text(node)}`")

    def unknown(self, node: ast.AST, operator: ast.AST | None = None) -> NoReturn:
        kind = type(operator or getattr(node, "op", node))
        self.refuse(
            f"`{_text(node)}` {TEACH.get(kind, 'is not arithmetic')}. An expression is made of numbers, names, "
            "+ - * / // % **, comparisons, and, or, not, and calls of functions"
        )

    def refuse(self, why: str) -> NoReturn:
        raise RecircuitError(f"{self.where}: {why}.")


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _text(node: ast.AST) -> str:
    return _short(ast.unparse(node))


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:100]} ... {text[-15:]}"
