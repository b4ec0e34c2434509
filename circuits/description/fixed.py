"""Attributes that say what something was declared as, and cannot be changed by assigning to them."""

from __future__ import annotations

from typing import Any, ClassVar

from ...errors import RecircuitError


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
            where = f"{type(self).__name__.lower()} {getattr(self, 'name', '')!r}".removesuffix(" ''")
            if name in self.fixed:
                raise RecircuitError(f"{where}: assigning to {name!r} would have no effect. {self.fixed[name]}")
            if not hasattr(self, name):
                raise RecircuitError(f"{where}: there is no attribute {name!r} to assign to.")
        object.__setattr__(self, name, value)

    def made(self) -> None:
        """Refuse from now on to assign to the attributes in `fixed`."""
        object.__setattr__(self, "_made", True)
