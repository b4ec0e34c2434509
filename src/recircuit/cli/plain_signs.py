"""Output to terminals and files whose encoding does not have every sign, such as ASCII."""

from __future__ import annotations

import codecs
import sys

__all__ = ["show_every_text"]

#: What stands for signs that the commands print. Other signs are written as ``\\xe9``.
PLAIN = {"°": " degrees", "–": "-", "×": "x", "µ": "u", "…": "...", "→": "->"}


def show_every_text() -> None:
    """Let standard output and standard error write signs that they do not have in other signs, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a stream that a program has put there may have none
        if reconfigure is not None:
            reconfigure(errors="recircuit")


def _in_plain_signs(problem: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    sign = problem.object[problem.start]
    return PLAIN.get(sign) or sign.encode("unicode_escape").decode(), problem.start + 1


codecs.register_error("recircuit", _in_plain_signs)
