"""Tables of everything that a user can name: rules, outputs, connectivities, data sets, and so on.

There is one `Registry` for each kind, beside the things themselves. The help of the command line, `recircuit doctor`, the
messages of errors and the documentation take their lists from it. An installed package adds to a registry by an entry
point in its pyproject.toml, in the registry's group:

    [project.entry-points."recircuit.rules"]
    mirror = "my_rules:mirror"

A package that is damaged gives a warning, and everything else goes on working.
"""

from __future__ import annotations

import difflib
import dis
import inspect
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, distributions, entry_points
from types import TracebackType
from typing import Any, TypeVar, cast

from .errors import RecircuitError, UsageError

__all__ = [
    "Imported",
    "Registry",
    "a_function",
    "an_instance_of",
    "a_subclass_of",
    "closest",
    "nearest",
    "raised_by_itself",
    "reason",
    "summary",
]

T = TypeVar("T")
#: No name has more characters.
LONGEST = 300
#: Says what is wrong with a member, as in "is not a Rule but a int"; an empty text if nothing is.
Check = Callable[[object], str]


class Imported(Mapping[str, T]):
    """Members that are imported when they are asked for; their names are known before.

    Parameters
    ----------
    places : Mapping[str, str]
        Where each member is, as in ``"package.module:attribute"``.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)

    def __getitem__(self, name: str) -> T:
        module, _, attribute = self._places[name].partition(":")
        return getattr(import_module(module), attribute)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Registry(Mapping[str, T]):
    """Everything of one kind by name: what comes with recircuit, and what installed packages add.

    It is a read-only mapping from names to members. What an installed package adds is loaded when it is asked for.

    Parameters
    ----------
    kind : str
        What a member is called, as in ``"rule"``.
    built_in : Mapping[str, T]
        The members that come with recircuit; see `Imported` for those that take long to import.
    group : str
        The group of entry points by which packages add members; empty: none can.
    check : Check | None
        A function that says what is wrong with a member that a package offers.
    others : str
        How else than by a name something of this kind is given, as a whole sentence for the error message.
    """

    def __init__(
        self, kind: str, built_in: Mapping[str, T], *, group: str = "", check: Check | None = None, others: str = ""
    ) -> None:
        self.kind, self.group, self.others = kind, group, others
        self._built_in, self._check = built_in, check or (lambda _: "")

    def find(self, name: str, where: str = "") -> T:
        """Return the member with this name.

        Parameters
        ----------
        name : str
            The name, as `names` lists them.
        where : str
            What the message begins with, as in ``"loss"``; empty: nothing.

        Raises
        ------
        UsageError
            If there is none of this name. The message lists all names, and the closest one.
        RecircuitError
            If it belongs to an installed package that cannot be loaded.
        """
        if name in self._built_in:
            return self._built_in[name]
        for entry in self._entries():
            if entry.name == name:
                return self._loaded(entry)
        begin = f"{where}: there" if where else "There"
        more = f" {self.others}" if self.others else ""
        raise UsageError(f"{begin} is no {self.kind} {name!r}.{closest(name, self)} There are {self.listed()}.{more}")

    def installed(self) -> dict[str, T]:
        """Return the members that installed packages add; one that cannot be loaded gives a warning."""
        found: dict[str, T] = {}
        for entry in self._entries():
            try:
                if entry.name in self._built_in or entry.name in found:
                    raise RecircuitError(f"{self._owner(entry)} is not used, since its name is taken already.")
                found[entry.name] = self._loaded(entry)
            except RecircuitError as problem:
                warnings.warn(str(problem), stacklevel=3)
        return found

    def listed(self) -> str:
        """Return all names, with commas between."""
        return ", ".join(self)

    def __getitem__(self, name: str) -> T:
        if name in self._built_in:
            return self._built_in[name]
        return self.installed()[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._built_in, *self.installed()])

    def __len__(self) -> int:
        return len(self._built_in) + len(self.installed())

    def __repr__(self) -> str:
        return f"<{self.kind}: {self.listed()}>"

    def _entries(self) -> Iterable[EntryPoint]:
        return _entry_points(self.group) if self.group else ()

    def _loaded(self, entry: EntryPoint) -> T:
        where = self._owner(entry)
        try:
            member = entry.load()
            wrong = self._check(member)
        except BaseException as problem:
            if isinstance(problem, KeyboardInterrupt) and not raised_by_itself(problem.__traceback__):
                raise  # the user's Ctrl-C
            raise RecircuitError(f"{where} cannot be loaded: {reason(problem)}") from problem
        if wrong:
            raise RecircuitError(f"{where} {wrong}")
        return cast("T", member)

    def _owner(self, entry: EntryPoint) -> str:
        return f"The {self.kind} {entry.name!r} of an installed package ({entry.value})"


def an_instance_of(kind: type, hint: str = "") -> Check:
    """Return a check that a member is an instance of a class; ``hint`` is a sentence that says how to make one."""

    def check(member: object) -> str:
        wrong = f"is not a {kind.__name__} but a {type(member).__name__}. {hint}"
        return "" if isinstance(member, kind) else wrong.strip()

    return check


def a_subclass_of(kind: type) -> Check:
    """Return a check that a member is a class which inherits from another one and defines all that it must."""

    def check(member: object) -> str:
        if not (isinstance(member, type) and issubclass(member, kind)):
            return f"is not a subclass of {kind.__name__}; got {member!r}."
        absent = ", ".join(sorted(getattr(member, "__abstractmethods__", ())))
        return f"does not define {absent}, which every {kind.__name__} must." if absent else ""

    return check


def a_function(member: object) -> str:
    """Say what is wrong with a member that cannot be called; an empty text if it can."""
    return "" if callable(member) else f"is not a function but a {type(member).__name__}."


def closest(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean `NAME`?`` with the name that is most like the given one, or an empty text."""
    found = nearest(name, known)
    return f" Did you mean `{found}`?" if found else ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the name that is most like the given one; None if none could be meant.

    Names with other numbers are other things, as float16 and float64 are, unless one sign is different. What is not a text,
    such as an iterator that never ends, is like no name, and neither is a text that is longer than any name.
    """
    if not isinstance(name, str) or len(name) > LONGEST:
        return None
    found = difflib.get_close_matches(name, list(known), n=3, cutoff=0.7)
    return next((each for each in found if _numbers(each) == _numbers(name) or _one_sign_apart(name, each)), None)


def _numbers(name: str) -> list[str]:
    return re.findall(r"\d+", name)


def _one_sign_apart(a: str, b: str) -> bool:
    """Return whether one sign is replaced, added or left out."""
    short, long = sorted((a, b), key=len)
    if len(short) == len(long):
        return sum(x != y for x, y in zip(a, b)) <= 1
    return any(long[:k] + long[k + 1 :] == short for k in range(len(long)))


def summary(member: Any) -> str:
    """Return the first sentence of a member's own documentation: of its ``about``, or else of its docstring."""
    text = getattr(member, "about", None) or _own_docstring(member)
    return re.split(r"(?<=[.!?])\s", " ".join(text.split("\n\n")[0].split()) + " ")[0].strip()


def _own_docstring(member: Any) -> str:
    """Return the docstring of a function or class; an object without one of its own has that of no class."""
    if not (inspect.isclass(member) or inspect.isroutine(member)):
        return ""
    return inspect.cleandoc(member.__doc__ or "")


def reason(problem: BaseException) -> str:
    """Return what went wrong in code that is not recircuit's, in a few words."""
    if isinstance(problem, RecircuitError):
        return str(problem)
    line = f" (line {problem.lineno})" if isinstance(problem, SyntaxError) else ""
    try:
        message = str(problem)
    except Exception:  # of a class whose own text fails
        message = "it cannot be shown"
    return f"{type(problem).__name__}: {message}{line}"


def raised_by_itself(trace: TracebackType | None) -> bool:
    """Return whether an exception comes from a ``raise`` in code that is not ours, and not from a signal's handler."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or str(trace.tb_frame.f_globals.get("__name__")).startswith("recircuit."):
        return False
    code = trace.tb_frame.f_code.co_code
    return code[trace.tb_lasti] in (dis.opmap["RAISE_VARARGS"], dis.opmap["RERAISE"])


def _entry_points(group: str) -> Iterable[EntryPoint]:
    """Return the entry points of a group; a package whose list of them cannot be read is left out, with a warning."""
    try:
        return tuple(entry_points(group=group))
    except Exception:
        found: dict[tuple[str, str], EntryPoint] = {}
        for distribution in distributions():
            try:
                found |= {(e.name, e.value): e for e in distribution.entry_points if e.group == group}
            except Exception as problem:
                name = getattr(distribution, "_path", "an installed package")
                warnings.warn(f"The entry points of {name} cannot be read: {reason(problem)}", stacklevel=4)
        return tuple(found.values())
