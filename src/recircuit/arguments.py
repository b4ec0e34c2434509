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
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin

from .annotations import described, fits, hints_of, hints_of_options, short
from .errors import RecircuitError
from .other_libraries import argument_hint
from .paths import unusable_name
from .registry import closest

__all__ = ["RAW", "all_of", "alternative_constructor", "check_fits", "checked_arguments", "fits", "kept_arguments"]

#: What Python says where an argument is of the wrong kind.
RAW = (TypeError, AttributeError, ValueError, OverflowError, LookupError, ArithmeticError, RecursionError)
#: And Brian2, which is not imported for that.
RAW_OF_BRIAN2 = ("DimensionMismatchError",)
#: An iterator, which does not say how many values it has, may have so many.
MANY = 100_000


def checked_arguments[F: Callable[..., Any]](what: F) -> F:
    """Check the arguments of a function, or those with which a class is made, against their annotations."""
    return _checked(what, at_once=False)


def kept_arguments[F: Callable[..., Any]](what: F) -> F:
    """Check all arguments before the call, for functions and classes that keep their arguments and use them later."""
    return _checked(what, at_once=True)


def _checked[F: Callable[..., Any]](what: F, *, at_once: bool) -> F:
    if isinstance(what, type):
        made = cast("Any", what)
        made.__init__ = _guarded(made.__init__, "__init__", at_once)
        return cast("F", made)
    return cast("F", _guarded(what, what.__name__, at_once))


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


def check_fits(function: Callable[..., Any], values: Mapping[str, Any]) -> None:
    """Refuse values that are not of the kind that the annotations of a function say.

    Raises
    ------
    TypeError
        If one of them is of another kind.
    """
    for name, hint in hints_of(function).items():
        if name in values and not fits(values[name], hint):
            raise TypeError(f"{name} is {described(hint)}; got {short(values[name])}")


def _guarded(function: Callable[..., Any], name: str, at_once: bool) -> Callable[..., Any]:
    signature = inspect.signature(function)

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        where, hints = type(args[0]).__name__ if name == "__init__" and args else name, hints_of(function)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            raise RecircuitError(_misplaced(where, signature, args, kwargs, hints)) from None
        _check_first(bound.arguments, hints, where)
        if at_once and (unfit := _unfit(signature, bound.arguments, hints)):
            raise RecircuitError(f"{where}: {unfit}.")
        try:
            return function(*bound.args, **bound.kwargs)
        except RecircuitError:
            raise
        except MemoryError as problem:
            raise RecircuitError(f"{where}: there is not enough memory for this call. {problem}".strip()) from problem
        except Exception as problem:
            if not isinstance(problem, RAW) and type(problem).__name__ not in RAW_OF_BRIAN2:
                raise
            unfit = _unfit(signature, bound.arguments, hints)
            if not unfit and isinstance(problem, RecursionError):
                unfit = "a value is nested too deeply"
            if not unfit:
                raise
            raise RecircuitError(f"{where}: {unfit}.") from problem

    return guarded


def _check_first(given: dict[str, Any], hints: Mapping[str, Any], where: str) -> None:
    """Refuse arguments that the function would take for something else, and put lists in the place of iterators."""
    for argument, value in given.items():
        if hints.get(argument) is bool and not fits(value, bool):
            raise RecircuitError(f"{where}: {argument} is True or False; got {short(value)}.")
        if isinstance(value, str | Path) and _takes_path(hints.get(argument)):
            _check_path(str(value), f"{where}: {argument}")
        if isinstance(value, Iterable) and not isinstance(value, Sized) and _takes_many(hints.get(argument)):
            given[argument] = all_of(value, f"{where}: {argument}")


def _unfit(signature: inspect.Signature, given: Mapping[str, Any], hints: Mapping[str, Any]) -> str:
    """Return which argument does not fit its annotation, with what it is and what was given; an empty text if all fit."""
    for name, value in given.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            named = hints_of_options(hints.get(name))
            single = [(key, one, named.get(key, hints.get(name, Any))) for key, one in value.items()]
        else:
            many = value if kind is inspect.Parameter.VAR_POSITIONAL else (value,)
            single = [(name, one, hints.get(name, Any)) for one in many]
        for argument, one, hint in single:
            if not fits(one, hint):
                return f"{argument} is {described(hint)}; got {short(one)}"
    return ""


def _takes_path(hint: Any) -> bool:
    return Path in (hint, *get_args(hint))


def _check_path(text: str, where: str) -> None:
    """Refuse a text that names no file: Path("") is the folder in which Python works."""
    why = unusable_name(text)
    if not text or why:
        raise RecircuitError(f"{where} is the name of a file or folder; got {short(text)}{why and ', which '}{why}.")


def _takes_many(hint: Any) -> bool:
    """Return whether an annotation allows a list of values."""
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return any((get_origin(kind) or kind) in (Iterable, Sequence, list, tuple) for kind in kinds)


def all_of(values: Iterable[Any], where: str) -> list[Any]:
    """Return all that an iterator yields, unless it goes on and on."""
    found = list(islice(values, MANY + 1))
    if len(found) > MANY:
        raise RecircuitError(f"{where} has at most {MANY:,} values; got {short(values)}, which has more or never ends.")
    return found


def _misplaced(
    name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any], hints: Mapping[str, Any]
) -> str:
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
    twice = [n for n in positional[: len(args)] if n in kwargs]
    if twice:
        return f"{name}: the argument {twice[0]!r} is given twice.{argument_hint(name, '*')} {takes}"
    needed = [
        n for n, p in signature.parameters.items() if p.default is kinds.empty and p.kind is not kinds.VAR_KEYWORD
    ]
    gathers = any(p.kind is kinds.VAR_POSITIONAL for p in known.values())
    too_many = len(args) > len(positional) and not gathers
    for missing in () if too_many else needed:
        absent = missing not in kwargs and missing not in positional[: len(args)]
        if absent and signature.parameters[missing].kind is not kinds.VAR_POSITIONAL:
            by_name = " and is given by its name" if missing not in positional else ""
            unfit = _unfit(signature, signature.bind_partial(*args, **kwargs).arguments, hints)
            return f"{name}: the argument {missing!r} is missing{by_name}. {takes}{unfit and f' Here, {unfit}.'}"
    hint = argument_hint(name, "*") or " Those after the first few are given by name."
    return f"{name}: too many arguments without a name. {takes}{hint}"
