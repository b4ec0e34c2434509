"""The commands as ``--help`` describes them."""

from __future__ import annotations

import re
from typing import Any

from recircuit.cli.on_demand import COMMANDS, CommandsOnDemand

from .links import ROOT

__all__ = ["SOURCES", "command", "described"]

#: The files that say what commands and options there are.
SOURCES = sorted((ROOT / "src" / "recircuit" / "cli").glob("*.py"))


def command(name: str) -> Any:
    """Return a command of `recircuit`."""
    return CommandsOnDemand(name="recircuit").commands[name]


def described() -> str:
    """Return a section for each command: its usage, what it does, its arguments and its options."""
    return "\n".join(_section(name, command(name)) for name in COMMANDS)


def _section(name: str, found: Any) -> str:
    context = found.context_class(found, info_name=f"recircuit {name}")
    usage = " ".join(found.collect_usage_pieces(context))
    records = [record for each in found.get_params(context) if (record := each.get_help_record(context))]
    lines = [f"`{' '.join(names.split())}`\n: {_escaped(text) or '(no description)'}\n" for names, text in records]
    return (
        f"## recircuit {name}\n\n```\nrecircuit {name} {usage}\n```\n\n{_paragraphs(found.help or '')}\n\n"
        + "\n".join(lines)
    )


def _paragraphs(text: str) -> str:
    return "\n\n".join(_escaped(" ".join(part.split())) for part in text.replace("\b", "").split("\n\n"))


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_<>\[\]|$])", r"\\\1", " ".join(text.split()))
