"""Ctrl-C and SIGTERM while a command starts, while it ends, and where a library makes another exception of them."""

from __future__ import annotations

import signal
import subprocess
import sys
from importlib import import_module
from typing import NoReturn

import pytest

from recircuit.cli import main

#: A command that is sent a signal when a module is first looked for, or when the process cleans up before it ends.
PROGRAM = """
import atexit, signal, sys

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == {moment!r}:
            sys.meta_path.remove(self)
            signal.raise_signal({number})

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else signal.default_int_handler)
sys.meta_path.insert(0, Press())
if {moment!r} == "end":
    atexit.register(signal.raise_signal, {number})

from recircuit.cli import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["typer", "end"])
def test_a_signal_while_a_command_starts_or_cleans_up_ends_in_no_traceback(moment: str, number: signal.Signals) -> None:
    program = PROGRAM.format(moment=moment, number=int(number))
    done = subprocess.run([sys.executable, "-c", program, "--version"], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.returncode == (128 + number if moment == "typer" else 0)


def test_what_a_library_makes_of_ctrl_c_is_no_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> NoReturn:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("numpy._core.multiarray failed to import") from None
        raise AssertionError("nothing was raised")

    monkeypatch.setattr(import_module("recircuit.cli.rules"), "find", interrupted)
    with pytest.raises(SystemExit) as ended:
        main(["rules", "urfb"])
    assert ended.value.code == 130
    assert capsys.readouterr().err == ""
