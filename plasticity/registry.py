"""Rules by name: the built-in ones, those of installed packages, and those in a file."""

from pathlib import Path

from ..errors import RecircuitError, UsageError
from ..paths import path_of
from ..registry import Registry, an_instance_of, closest
from . import rules
from .rule import Rule
from .rule_files import names_in_file

__all__ = ["RULES", "as_rule", "file_of_rule", "find"]

_a_rule = an_instance_of(Rule, "Make it with recircuit.Rule(...).")

RULES: Registry[Rule] = Registry(
    "rule",
    {name: getattr(rules, name) for name in rules.__all__},
    group="recircuit.rules",
    check=_a_rule,
    others="A rule of your own in a file is given as ./mine.py:my_rule.",
)
"""The rules that can be trained with, by name."""

#: The printed names of rules that differ from the name by which they are found.
_KEYS = {rule.name: name for name in rules.__all__ if (rule := getattr(rules, name)).name != name}


def as_rule(given: Rule | str) -> Rule:
    """Return a rule that was given itself, or by a name that `find` takes."""
    return find(given) if isinstance(given, str) else given


def find(spec: str) -> Rule:
    """Return the rule of a name: a built-in or installed one, or ``"./mine.py:my_rule"``.

    The file of a rule is executed, since the user asks for it by name.

    Parameters
    ----------
    spec : str
        The name.

    Raises
    ------
    UsageError
        If there is no such name, file or attribute. The message names the closest name.
    RecircuitError
        If something is wrong with the file or the rule.
    """
    if file_of_rule(spec) is not None:
        return _from_file(spec)
    return RULES.find(_KEYS.get(spec, spec))


def file_of_rule(spec: str) -> Path | None:
    """Return the Python file that `find` would execute for a rule; None if it is known by its name alone."""
    if ":" not in spec and not spec.endswith(".py"):
        return None
    return path_of(spec.rpartition(":")[0] if ":" in spec else spec, f"Rule {spec!r:.80}")


def _from_file(spec: str) -> Rule:
    file, _, attribute = spec.rpartition(":") if ":" in spec else (spec, "", "")
    path = path_of(file, f"Rule {spec!r:.80}")
    if not path.is_file():
        raise UsageError(f"Rule {spec!r}: there is no file {path}. A rule in a file is given as ./mine.py:my_rule.")
    names = names_in_file(path, f"Rule {spec!r}")
    there = [name for name, value in names.items() if isinstance(value, Rule)]
    have = f"{path} has the rules {', '.join(there)}" if there else f"{path} has no rules"
    if not attribute:
        raise UsageError(
            f"Rule {spec!r}: say which rule, as in {spec.rstrip(':')}:{there[0] if there else 'my_rule'}; {have}."
        )
    if attribute not in names:
        raise UsageError(f"Rule {spec!r}: there is no `{attribute}` in the file.{closest(attribute, there)} {have}.")
    if wrong := _a_rule(names[attribute]):
        raise RecircuitError(f"Rule {spec!r} {wrong}")
    return names[attribute]
