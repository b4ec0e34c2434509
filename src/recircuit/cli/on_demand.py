"""Commands whose modules are imported when they are run, so that the help and the version come at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from shutil import get_terminal_size
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from recircuit.cli.option_groups import GroupedCommand

__all__ = ["COMMANDS", "HELP", "OVERVIEW", "CommandsOnDemand"]

#: The name of a command -> its line in the overview. Its module in this package and its function there have the same name.
COMMANDS = {
    "train": "Train a network on a data set and keep the results in a folder.",
    "compare": "Train rules side by side, and compare their errors and costs.",
    "robustness": "Train rules side by side in circuits that are noisy, slow or coarse.",
    "sweep": "Run many trainings or experiments over seeds and variants.",
    "runs": "List the runs in a folder, with their errors.",
    "show": "Print one run and draw its learning curves.",
    "reproduce": "Run an experiment of a paper and check its numbers.",
    "rules": "Print the rules that networks can be trained with.",
    "doctor": "Say what works on this machine, and what to do where it does not.",
}
#: The headings of the overview, with their commands.
OVERVIEW = {
    "Train": ("train", "compare", "robustness", "sweep"),
    "Look at runs": ("runs", "show"),
    "Experiments of papers": ("reproduce",),
    "About recircuit": ("rules", "doctor"),
}
#: Help is as wide as the terminal, which Typer takes to have 50 columns at least.
NARROW = {"terminal_width": columns} if (columns := get_terminal_size().columns) < 52 else {}
HELP = {"help_option_names": ["-h", "--help"], **NARROW}


class _Loaded(Mapping[str, Any]):
    """The commands by name. Asking for one imports its module; Brian2 comes with most of them."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        function = getattr(import_module(f"{__package__}.{name}"), name)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(name, cls=GroupedCommand, short_help=COMMANDS[name], context_settings=HELP)(function)
        return get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class CommandsOnDemand(TyperGroup):
    """The group of all commands. Its help is written from `COMMANDS` alone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands: Any = _Loaded()

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, in the order of the overview."""
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the overview."""
        width = max(map(len, COMMANDS))
        for heading, names in OVERVIEW.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), COMMANDS[name]) for name in names])
