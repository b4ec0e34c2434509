"""Attributes that keep what was declared, and cannot be changed by assigning to them."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from ...errors import RecircuitError
from ...other_libraries import attribute_hint

__all__ = ["Fixed", "declare", "key_of"]


class Fixed:
    """A base class of objects whose attributes are set when they are made, and later only by their own methods.

    Attributes
    ----------
    fixed : dict of str to str
        For each attribute, a sentence that says what to do instead of assigning to it.
    """

    fixed: ClassVar[dict[str, str]] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        if "_made" in self.__dict__ and not name.startswith("_"):
            own_name = getattr(self, "name", None)
            where = type(self).__name__.lower() + ("" if own_name is None else f" {own_name!r}")
            if name in self.fixed:
                raise RecircuitError(f"{where}: assigning to {name!r} would have no effect. {self.fixed[name]}")
            if not hasattr(self, name):
                hint = attribute_hint(type(self).__name__, name)
                raise RecircuitError(f"{where}: there is no attribute {name!r} to assign to.{hint}")
            if not _holds_value(type(self), name):
                raise RecircuitError(
                    f"{where}: {name!r} cannot be assigned to, since it is not a value but a part of the class."
                )
        object.__setattr__(self, name, value)

    def made(self) -> None:
        """Refuse from now on to assign to the attributes in `fixed`."""
        object.__setattr__(self, "_made", True)


def declare(owner: Fixed, **values: Any) -> None:
    """Set attributes in `Fixed.fixed`, to which a user cannot assign.

    Parameters
    ----------
    owner : Fixed
        The object.
    **values : Any
        The attributes by name.
    """
    for name, value in values.items():
        object.__setattr__(owner, name, value)


def key_of(owner: str, variable: object) -> str:
    """Return the name of a variable of a population or projection, by which a circuit knows it.

    Parameters
    ----------
    owner : str
        The name of the population or projection.
    variable : object
        What was written in brackets.

    Raises
    ------
    RecircuitError
        If it is no text.
    """
    if not isinstance(variable, str):
        raise RecircuitError(
            f"{owner}: a variable is read and set by its name, as in circuit[{owner!r}]['NAME'], and part of its values as in "
            f"circuit[{owner!r}]['NAME'][:, :3]; got {variable!r}."
        )
    return f"{owner}.{variable}"


def _holds_value(kind: type, name: str) -> bool:
    """Say whether a name is an attribute that can hold a value, and not a method or a read-only property of the class."""
    if name in getattr(kind, "__dataclass_fields__", ()):
        return True
    own = getattr(kind, name, None)
    if isinstance(own, property):
        return own.fset is not None
    return name != "fixed" and not (callable(own) or isinstance(own, cached_property))
