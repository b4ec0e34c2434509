"""Functions that a user gives, which recircuit calls later: whether they take what they will be called with."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from .errors import RecircuitError

__all__ = ["check_takes"]


def check_takes(function: Callable[..., Any], arguments: tuple[str, ...], where: str) -> None:
    """Refuse a function that cannot be called with so many arguments.

    Parameters
    ----------
    function : function
        What a user gave.
    arguments : tuple of str
        What it will be called with, in order, for the message.
    where : str
        The object that it was given to, with which the message begins.

    Raises
    ------
    RecircuitError
        If it takes fewer or more arguments, or is a class.
    """
    expected = ", ".join(arguments)
    if isinstance(function, type):
        raise RecircuitError(
            f"{where}: a function is called with ({expected}); got the class {function.__name__}. Write a function of "
            f"({expected}), such as lambda {expected}: ..."
        )
    try:
        taken = signature(function)
    except (TypeError, ValueError):
        return  # some functions of C do not say what they take
    try:
        taken.bind(*arguments)
    except TypeError:
        raise RecircuitError(
            f"{where}: a function is called with ({expected}); got {function!r}, which takes {taken}. Write it as "
            f"lambda {expected}: ..."
        ) from None
