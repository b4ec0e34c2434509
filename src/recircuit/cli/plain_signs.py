"""Output to terminals and files whose encoding does not have every sign, such as ASCII."""

from __future__ import annotations

import codecs
import sys

__all__ = ["show_every_text"]

#: What stands for signs that the commands print. Other signs are written as ``\\xe9``.
PLAIN = {"°": " degrees", "–": "-", "×": "x", "µ": "u", "…": "...", "→": "->", "±": "+-"}
PLAIN |= dict(zip("▁▂▃▄▅▆▇█", "_.-:=+*#", strict=True))  # bars, by their height
#: The name of ASCII for a stream that is to stay as it is. Click opens a stream of the encoding "ascii" anew as UTF-8, since it
#: takes that for a mistake, and writes bytes that such a terminal cannot show.
ASCII = "recircuit_ascii"


def show_every_text() -> None:
    """Let standard output and standard error write signs that they do not have in other signs, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a stream that a program has put there may have none
        if reconfigure is not None:
            reconfigure(encoding=ASCII if _is_ascii(stream.encoding) else stream.encoding, errors="recircuit")


def _is_ascii(encoding: str) -> bool:
    return codecs.lookup(encoding).name == "ascii"


def _named_ascii(name: str) -> codecs.CodecInfo | None:
    """Return the codec of ASCII by the other name."""
    if name != ASCII:
        return None
    found = codecs.lookup("ascii")
    return codecs.CodecInfo(
        found.encode, found.decode, found.streamreader, found.streamwriter, found.incrementalencoder,
        found.incrementaldecoder, name=ASCII,
    )  # fmt: skip


def _in_plain_signs(problem: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    sign = problem.object[problem.start]
    return PLAIN.get(sign) or sign.encode("unicode_escape").decode(), problem.start + 1


codecs.register_error("recircuit", _in_plain_signs)
codecs.register(_named_ascii)
