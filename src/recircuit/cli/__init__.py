"""The command line: `recircuit train`, `compare`, `sweep`, `runs`, `show`, `reproduce`, `rules`, `doctor`.

The exit code is 0 after success, 1 if a check or the run fails, 2 if the call is wrong, 130 after Ctrl-C and 143 after SIGTERM.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from recircuit.cli.signals import StopSignals

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit. An error is written to stderr as one paragraph.

    Parameters
    ----------
    arguments : sequence of str, optional
        The arguments of the command. Without them those of the process are taken, which ends with the command: from
        then on signals do not disturb what cleans up.
    """
    signals = StopSignals()
    code: int | str | None = 130
    try:
        signals.obey()
        code = _run(arguments, signals)
        signals.only_note()
    except KeyboardInterrupt:  # between two of these lines
        signals.only_note()
    if arguments is not None:
        signals.restore()
    raise SystemExit(128 + signals.came[0] if signals.came and code else code)


def _run(arguments: Sequence[str] | None, signals: StopSignals) -> int | str | None:
    """Run the command line and return the exit code."""
    try:
        import logging  # these take a while, during which Ctrl-C is to end the command as later on

        from recircuit.cli.application import app
        from recircuit.cli.plain_signs import show_every_text
        from recircuit.cli.plain_warnings import plain_warnings
        from recircuit.paths import shown

        show_every_text()
        logging.getLogger("brian2").setLevel(logging.ERROR)
        given = sys.argv[1:] if arguments is None else arguments
        # Brian2 writes the command into its log when it is imported, and fails at bytes that are no text in the locale.
        sys.argv = [shown(word) for word in sys.argv]
        with plain_warnings():
            app(given)
        return 0
    except SystemExit as ended:
        return ended.code
    except KeyboardInterrupt:
        return 130
    except Exception as problem:
        return _report(problem, signals)


def _report(problem: Exception, signals: StopSignals) -> int:
    """Write an error, and return the exit code."""
    from recircuit.cli.printable import printable
    from recircuit.cli.problems import explained
    from recircuit.errors import RecircuitError

    if signals.came and not isinstance(problem, RecircuitError):
        return 130  # a library has made another exception of the Ctrl-C, as C extensions do while they are imported
    text, code = explained(problem)
    print(f"recircuit: {printable(text)}", file=sys.stderr)
    return code
