"""The page of all rules: what `recircuit rules` prints."""

from __future__ import annotations

from recircuit.plasticity import RULES, Rule
from recircuit.registry import summary

HEAD = """# All rules

Each rule has a name, by which `rule="NAME"` and `--rule NAME` find it. The names `urfb`, `frfb`, `bp` and `hinge` can also
be read from the package itself, as `rc.urfb`. A rule whose equations are not local is a control. This page shows what
`recircuit rules` prints.
"""


def pages() -> dict[str, str]:
    """Return the page, by its name in made/."""
    return {"rules.md": "\n".join([HEAD, *(_section(name, RULES[name]) for name in RULES)])}


def _section(name: str, rule: Rule) -> str:
    return f"## {name}\n\n{summary(rule)}\n\n```\n{rule}\n```\n"
