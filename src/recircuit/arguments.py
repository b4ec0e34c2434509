"""Public functions, methods and classes check their arguments against their annotations.

``@checked_arguments`` goes before such a function, method or class. A call with an unknown argument, or without an argument
that is needed, is refused in words, and so is a value that is neither True nor False where one of them is asked for. All
other arguments are read by the function itself, whose messages know more. If it fails with an error of Python's, the
argument that does not fit its annotation is named. If all arguments fit, the error is passed on as it is, because it is a
fault of recircuit.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from functools import lru_cache, wraps
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, cast, get_args, get_origin

import numpy as np

from .errors import RecircuitError
from .other_libraries import argument_hint
from .paths import unusable_name
from .registry import closest

__all__ = ["RAW", "alternative_constructor", "check_fits", "checked_arguments", "fits"]

#: What Python says where an argument is of the wrong kind.
RAW = (TypeError, AttributeError, ValueError, OverflowError, LookupError, ArithmeticError, RecursionError)
#: And Brian2, which is not imported for that.
RAW_OF_BRIAN2 = ("DimensionMismatchError",)
#: An iterator, which does not say how many values it has, may have so many.
MANY = 100_000
#: Whole numbers have at most so many bits.
BITS = 63

WORDS: dict[Any, str] = {
    bool: "True or False", int: f"a whole number of at most {BITS} bits", float: "a number", str: "a text", type(None): "None",
    Mapping: "a mapping", Sequence: "a list", Iterable: "a list", tuple: "a tuple", list: "a list", dict: "a dict",
    Path: "a path", Callable: "a function",
}  # fmt: skip


def checked_arguments[F: Callable[..., Any]](what: F) -> F:
    """Check the arguments of a function, or those with which a class is made, against their annotations."""
    if isinstance(what, type):
        made = cast("Any", what)
        made.__init__ = _guarded(made.__init__, "__init__")
        return cast("F", made)
    return cast("F", _guarded(what, what.__name__))


if TYPE_CHECKING:
    alternative_constructor = classmethod
else:

    class alternative_constructor(classmethod):
        """A class method that makes an object. Called on an object, which it would leave as it is, it is refused."""

        def __get__(self, instance: Any, owner: type[Any] | None = None, /) -> Callable[..., Any]:
            made = super().__get__(instance, owner)
            return made if instance is None else _refused_on(instance, made)


def _refused_on(instance: Any, made: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(made)
    def refused(*args: Any, **kwargs: Any) -> Any:
        call = f"{type(instance).__name__}.{made.__name__}(...)"
        raise RecircuitError(
            f"{made.__name__}: {call} makes a new object, and would leave the one that it is called on as it is. Write "
            f"new = {call}."
        )

    return refused


def fits(value: Any, hint: Any) -> bool:
    """Return whether a value is of the kind that an annotation says, as far as that can be told by looking at it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(fits(value, one) for one in arguments)
    if origin is Literal:
        return any(type(value) is type(one) and value == one for one in arguments)
    kind = origin or hint
    if kind is None or kind is type(None):
        return value is None
    if kind in _KINDS:
        return _KINDS[kind](value)
    if kind is tuple and isinstance(value, tuple) and Ellipsis not in arguments:
        return len(value) == len(arguments or value) and all(map(fits, value, arguments))
    if kind is Any or not isinstance(kind, type) or kind is np.ndarray or getattr(kind, "_is_protocol", False):
        return True
    if isinstance(value, np.ndarray) and kind.__module__ == "collections.abc":
        return value.ndim > 0 and (arguments[:1] != (str,) or value.dtype.kind in "UO")
    if not isinstance(value, kind):
        return False
    return _elements_fit(value, arguments)


def check_fits(function: Callable[..., Any], values: Mapping[str, Any]) -> None:
    """Refuse values that are not of the kind that the annotations of a function say.

    Raises
    ------
    TypeError
        If one of them is of another kind.
    """
    for name, hint in _hints(function).items():
        if name in values and not fits(values[name], hint):
            raise TypeError(f"{name} is {_described(hint)}; got {_short(values[name])}")


def _elements_fit(value: Any, hints: tuple[Any, ...]) -> bool:
    if isinstance(value, Mapping):
        return len(hints) < 2 or all(fits(key, hints[0]) and fits(each, hints[1]) for key, each in value.items())
    if isinstance(value, list | tuple) and hints:
        return all(fits(one, hints[0]) for one in value)
    return True


def _is_whole_number(value: Any) -> bool:
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return is_whole and int(value).bit_length() <= BITS


def _number(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        unit = getattr(value, "dim", None)
        return value.ndim == 0 and value.dtype.kind in "uif" and (unit is None or unit.is_dimensionless)
    return isinstance(value, float | np.floating) or _is_whole_number(value)


_KINDS: dict[Any, Callable[[Any], bool]] = {
    bool: lambda value: isinstance(value, bool | np.bool_),
    int: _is_whole_number,
    float: _number,
    str: lambda value: isinstance(value, str),
    Path: lambda value: isinstance(value, Path),
    Callable: callable,
    type: lambda value: isinstance(value, type),
}


def _guarded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    signature = inspect.signature(function)

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        where = type(args[0]).__name__ if name == "__init__" and args else name
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            raise RecircuitError(_misplaced(where, signature, args, kwargs)) from None
        hints = _hints(function)
        for argument, value in bound.arguments.items():
            if hints.get(argument) is bool and not fits(value, bool):
                raise RecircuitError(f"{where}: {argument} is True or False; got {_short(value)}.")
            if isinstance(value, str | Path) and _takes_path(hints.get(argument)):
                _check_path(str(value), f"{where}: {argument}")
            if isinstance(value, Iterable) and not isinstance(value, Sized) and _takes_many(hints.get(argument)):
                bound.arguments[argument] = _all_of(value, f"{where}: {argument}")
        try:
            return function(*bound.args, **bound.kwargs)
        except RecircuitError:
            raise
        except MemoryError as problem:
            raise RecircuitError(f"{where}: there is not enough memory for this call. {problem}".strip()) from problem
        except Exception as problem:
            if not isinstance(problem, RAW) and type(problem).__name__ not in RAW_OF_BRIAN2:
                raise
            wrong = [
                a for a, v in bound.arguments.items() if a in hints and not _argument_fits(signature, a, v, hints[a])
            ]
            if not wrong:
                raise
            value = bound.arguments[wrong[0]]
            message = f"{where}: {wrong[0]} is {_described(hints[wrong[0]])}; got {_short(value)}."
            raise RecircuitError(message) from problem

    return guarded


def _takes_path(hint: Any) -> bool:
    return Path in (hint, *get_args(hint))


def _check_path(text: str, where: str) -> None:
    """Refuse a text that names no file: Path("") is the folder in which Python works."""
    why = unusable_name(text)
    if not text or why:
        raise RecircuitError(f"{where} is the name of a file or folder; got {_short(text)}{why and ', which '}{why}.")


def _takes_many(hint: Any) -> bool:
    """Return whether an annotation allows a list of values."""
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return any((get_origin(kind) or kind) in (Iterable, Sequence, list, tuple) for kind in kinds)


def _all_of(values: Iterable[Any], where: str) -> list[Any]:
    """Return all that an iterator yields, unless it goes on and on."""
    found = list(islice(values, MANY + 1))
    if len(found) > MANY:
        raise RecircuitError(
            f"{where} has at most {MANY:,} values; got {_short(values)}, which has more or never ends."
        )
    return found


def _argument_fits(signature: inspect.Signature, name: str, value: Any, hint: Any) -> bool:
    kind = signature.parameters[name].kind
    if kind is inspect.Parameter.VAR_POSITIONAL:
        return all(fits(one, hint) for one in value)
    if kind is inspect.Parameter.VAR_KEYWORD:
        return all(fits(one, hint) for one in value.values())
    return fits(value, hint)


def _misplaced(name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Return what is wrong with the names and the number of arguments."""
    kinds = inspect.Parameter
    known = {n: p for n, p in signature.parameters.items() if n not in ("self", "cls")}
    takes = f"It takes {', '.join(known) or 'none'}."
    for given in kwargs:
        if given not in known and not any(p.kind is kinds.VAR_KEYWORD for p in known.values()):
            hint = argument_hint(name, given) or closest(given, known)
            return f"{name}: there is no argument {given!r}.{hint} {takes}"
    positional = [
        n for n, p in signature.parameters.items() if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    ]
    needed = [
        n for n, p in signature.parameters.items() if p.default is kinds.empty and p.kind is not kinds.VAR_KEYWORD
    ]
    gathers = any(p.kind is kinds.VAR_POSITIONAL for p in known.values())
    too_many = len(args) > len(positional) and not gathers
    for missing in () if too_many else needed:
        absent = missing not in kwargs and missing not in positional[: len(args)]
        if absent and signature.parameters[missing].kind is not kinds.VAR_POSITIONAL:
            by_name = " and is given by its name" if missing not in positional else ""
            return f"{name}: the argument {missing!r} is missing{by_name}. {takes}"
    twice = [n for n in positional[: len(args)] if n in kwargs]
    if twice:
        return f"{name}: the argument {twice[0]!r} is given twice.{argument_hint(name, '*')} {takes}"
    hint = argument_hint(name, "*") or " Those after the first few are given by name."
    return f"{name}: too many arguments without a name. {takes}{hint}"


@lru_cache(1024)
def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotations of a function, as far as their names mean something when it runs."""
    found = {}
    for name, hint in getattr(function, "__annotations__", {}).items():
        try:
            found[name] = eval(hint, function.__globals__) if isinstance(hint, str) else hint
        except (NameError, AttributeError, TypeError):
            continue
    found.pop("return", None)
    return found


def _described(hint: Any) -> str:
    """Return an annotation in words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_described(one) for one in arguments))
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    kind = origin or hint
    if kind in WORDS:
        return WORDS[kind]
    return f"a {getattr(kind, '__name__', kind)}"


def _short(value: Any) -> str:
    """Return a value as text of bounded length, whatever its own text is."""
    try:
        text = repr(value)
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."
