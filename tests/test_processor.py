"""The number of threads, as environment variables give it."""

from __future__ import annotations

import pytest

from recircuit.errors import UsageError
from recircuit.processor import chosen_threads, cores


@pytest.mark.parametrize("text, threads", [("", None), (" ", None), ("3", 3), (" 2 ", 2), ("1024", 1024)])
def test_a_number_of_threads_is_taken(text: str, threads: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECIRCUIT_THREADS", text)
    assert chosen_threads("RECIRCUIT_THREADS") == (threads or cores())


@pytest.mark.parametrize("text", ["abc", "0", "-1", "1.5", "1e9", "1025", "9" * 5000, "\u00b2", "1,2", "0x10"])
def test_what_is_no_number_of_threads_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECIRCUIT_THREADS", text)
    with pytest.raises(UsageError, match="RECIRCUIT_THREADS: a number of threads from 1 to 1024 is expected"):
        chosen_threads("RECIRCUIT_THREADS")
