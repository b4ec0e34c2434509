"""Options in groups: the help of a command shows those that belong together below one heading."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

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


class GroupedCommand(TyperCommand):
    """A command whose help has its options in groups; one with few options has them in one."""

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
