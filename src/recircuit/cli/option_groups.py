"""Options in groups: the help of a command shows those that belong together below one heading."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand

from recircuit.registry import nearest

__all__ = ["GROUPS", "GroupedCommand"]

#: Heading -> names of parameters, the same for all commands. Parameters that are not named are below "Other options".
GROUPS: dict[str, tuple[str, ...]] = {
    "Network": ("layers", "model", "untied", "rule", "rules", "loss", "transfer", "connectivity", "precision"),
    "Learning": (
        "epochs", "batch_size", "rate", "rate_decay", "momentum", "weight_decay", "augment", "seed", "seeds", "error",
        "quick", "methods",
    ),
    "Data and measures": ("data_dir", "data", "measure"),
    "Files": ("out", "resume", "overwrite", "trust", "from_runs"),
    "Where it runs": (
        "backend", "matmul", "workers", "scheduler", "cluster", "jobs", "cluster_options",
    ),
}  # fmt: skip


#: What an option expects, by what pydantic, which reads it for Typer, says of a value that is something else.
EXPECTED = {
    "int_parsing": "a whole number", "int_from_float": "a whole number", "float_parsing": "a number",
    "greater_than_equal": "a number of at least {ge}",
}  # fmt: skip


class GroupedCommand(TyperCommand):
    """A command whose help has its options in groups; one with few options has them in one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; say in words what is wrong with one, and suggest one option at most that may be meant."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as problem:
            problem.message = _in_words(problem)
            raise
        except Exception as problem:
            if given := getattr(problem, "option_name", None):
                known = [name for parameter in self.get_params(ctx) for name in parameter.opts]
                problem.possibilities = [close] if (close := nearest(given, known)) else []  # type: ignore[attr-defined]
            raise

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, and the options below the headings of their groups."""
        found: dict[str, list[tuple[str, str]]] = {
            "Arguments": [],
            **{name: [] for name in GROUPS},
            "Other options": [],
        }
        heading_of = {parameter: heading for heading, names in GROUPS.items() for parameter in names}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            argument = parameter.param_type_name == "argument"
            found["Arguments" if argument else heading_of.get(str(parameter.name), "Other options")].append(record)
        options = {name: records for name, records in found.items() if name != "Arguments"}
        if sum(map(len, options.values())) < 8:
            found = {"Arguments": found["Arguments"], "Options": [r for records in options.values() for r in records]}
        for heading, records in found.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


def _in_words(problem: typer.BadParameter) -> str:
    """Return what was expected and given, where a number cannot be read or used, or else the message of the problem itself."""
    found = getattr(problem.__cause__ or problem.__context__, "errors", list)()
    if not found or found[0]["type"] not in EXPECTED:
        return problem.message
    expected = EXPECTED[found[0]["type"]].format(**found[0].get("ctx", {}))
    return f"expected {expected}; got {found[0]['input']!r}."
