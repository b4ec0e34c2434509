"""Attributes that say what something was declared as, and cannot be changed by assigning to them."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from ...errors import RecircuitError
from ...other_libraries import attribute_hint

__all__ = ["Fixed", "declare"]


class Fixed:
    """A class whose attributes are set while it is made, and afterwards only by its own methods.

    Attributes
    ----------
    fixed : dict of str to str
        For each attribute what to do instead of assigning to it, as a whole sentence.
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


def _holds_value(kind: type, name: str) -> bool:
    """Whether the objects of a class keep a value under a name, rather than the class a method or a property to read."""
    if name in getattr(kind, "__dataclass_fields__", ()):
        return True
    own = getattr(kind, name, None)
    if isinstance(own, property):
        return own.fset is not None
    return name != "fixed" and not (callable(own) or isinstance(own, cached_property))
