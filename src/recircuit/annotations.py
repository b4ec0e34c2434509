"""Checks whether values fit annotations, and descriptions of annotations in words."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ForwardRef, Literal, Union, Unpack, get_args, get_origin, is_typeddict

import numpy as np

__all__ = ["described", "fits", "hints_of", "hints_of_options", "short"]

#: Whole numbers have at most so many bits.
BITS = 63

WORDS: dict[Any, str] = {
    bool: "True or False", int: f"a whole number of at most {BITS} bits", float: "a number", str: "a text", type(None): "None",
    Mapping: "a mapping", Sequence: "a list", Iterable: "a list", tuple: "a tuple", list: "a list", dict: "a dict",
    Path: "a path", Callable: "a function",
}  # fmt: skip


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


@lru_cache(1024)
def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotations of a function, as far as their names mean something when it runs."""
    found = _evaluated(function, function.__globals__)
    found.pop("return", None)
    return found


def _evaluated(annotated: Any, names: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, hint in getattr(annotated, "__annotations__", {}).items():
        text = hint.__forward_arg__ if isinstance(hint, ForwardRef) else hint
        try:
            found[name] = eval(text, names) if isinstance(text, str) else hint
        except (NameError, AttributeError, TypeError):
            continue
    return found


def described(hint: Any) -> str:
    """Return an annotation in words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(described(one) for one in arguments))
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    kind = origin or hint
    if kind in WORDS:
        return WORDS[kind]
    return f"a {getattr(kind, '__name__', kind)}"


def short(value: Any) -> str:
    """Return a value as text of bounded length, whatever its own text is."""
    try:
        text = repr(value)
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def hints_of_options(hint: Any) -> dict[str, Any]:
    """Return the annotations of options that are given by name, of which a TypedDict says what they are."""
    options = get_args(hint)[0] if get_origin(hint) is Unpack else None
    return _evaluated(options, vars(sys.modules[options.__module__])) if is_typeddict(options) else {}
