"""Rules by name: the built-in ones, those of installed packages, and those in a file."""

import importlib.util
import warnings
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from ..errors import RecircuitError, UsageError
from . import rules
from .names import closest
from .rule import Rule

__all__ = ["GROUP", "all_rules", "file_of_rule", "find"]

GROUP = "recircuit.rules"
"""The entry point group by which an installed package offers its rules."""

_BUILT_IN: dict[str, Rule] = {name: getattr(rules, name) for name in rules.__all__}


def find(spec: str) -> Rule:
    """The rule called `spec`: a built-in or installed name, or `./mine.py:my_rule`.

    A file is executed, because the user asks for it by name.

    Raises UsageError: no such name (with the closest), file or attribute; RecircuitError: what is wrong
    with the file or the rule.
    """
    if file_of_rule(spec) is not None:
        return _from_file(spec)
    if spec in _BUILT_IN:
        return _BUILT_IN[spec]
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    if spec in installed:
        return _from_entry_point(installed[spec])
    names = [*_BUILT_IN, *installed]
    raise UsageError(
        f"There is no rule {spec!r}. There are {', '.join(names)}, and yours from a "
        f"file as ./mine.py:my_rule.{closest(spec, names)}"
    )


def file_of_rule(spec: str) -> Path | None:
    """The Python file that `find` would execute for a rule; None where it is known by a name alone."""
    if ":" not in spec and not spec.endswith(".py"):
        return None
    return Path(spec.rpartition(":")[0] if ":" in spec else spec).expanduser()


def all_rules() -> dict[str, Rule]:
    """Every built-in and installed rule by name; one that cannot be loaded gives a warning."""
    found = dict(_BUILT_IN)
    for entry in entry_points(group=GROUP):
        try:
            found.setdefault(entry.name, _from_entry_point(entry))
        except RecircuitError as problem:
            warnings.warn(str(problem), stacklevel=2)
    return found


def _from_entry_point(entry: EntryPoint) -> Rule:
    where = f"Rule {entry.name!r} of an installed package ({entry.value})"
    try:
        rule = entry.load()
    except Exception as problem:
        raise RecircuitError(f"{where} cannot be loaded: {_short(problem)}") from problem
    return _checked(rule, where)


def _from_file(spec: str) -> Rule:
    file, _, attribute = spec.rpartition(":") if ":" in spec else (spec, "", "")
    path = Path(file).expanduser()
    if not path.is_file():
        raise UsageError(f"Rule {spec!r}: there is no file {path}. A rule in a file is given as ./mine.py:my_rule.")
    module = _executed(path, spec)
    there = [name for name, value in vars(module).items() if isinstance(value, Rule)]
    have = f"{path} has the rules {', '.join(there)}" if there else f"{path} has no rules"
    if not attribute:
        raise UsageError(
            f"Rule {spec!r}: say which rule, as in {spec.rstrip(':')}:{there[0] if there else 'my_rule'}; {have}."
        )
    if not hasattr(module, attribute):
        raise UsageError(f"Rule {spec!r}: there is no `{attribute}` in the file; {have}.{closest(attribute, there)}")
    return _checked(getattr(module, attribute), f"Rule {spec!r}")


def _executed(path: Path, spec: str) -> ModuleType:
    found = importlib.util.spec_from_file_location(f"recircuit_rule_{path.stem}", path)
    if found is None or found.loader is None:
        raise UsageError(f"Rule {spec!r}: {path} is not a Python file; its name must end in .py.")
    module = importlib.util.module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except (Exception, SystemExit) as problem:
        raise RecircuitError(f"Rule {spec!r}: {path} cannot be executed. {_short(problem)}") from problem
    return module


def _checked(rule: object, where: str) -> Rule:
    if not isinstance(rule, Rule):
        raise RecircuitError(f"{where} is not a Rule but a {type(rule).__name__}. Make it with recircuit.Rule(...).")
    return rule


def _short(problem: BaseException) -> str:
    if isinstance(problem, RecircuitError):
        return str(problem)
    line = f" (line {problem.lineno})" if isinstance(problem, SyntaxError) else ""
    return f"{type(problem).__name__}: {problem}{line}"
