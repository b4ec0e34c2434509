"""Tables of plain text: columns where they fit, and paragraphs on a terminal that is too narrow for them."""

from __future__ import annotations

import os
import sys

import pytest

from recircuit.cli import text_tables
from recircuit.cli.text_tables import table

HEAD = ("run", "rule", "test error")
ROWS = [("first", "urfb", "12.50%"), ("second", "–", "7.00%")]


def on_a_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(text_tables, "get_terminal_size", lambda: os.terminal_size((columns, 24)))


def test_columns_of_numbers_stand_on_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = ["run     rule  test error", "first   urfb      12.50%", "second  –          7.00%"]
    assert table(HEAD, ROWS).splitlines() == wide
    on_a_terminal(24, monkeypatch)
    assert table(HEAD, ROWS).splitlines() == wide


def test_rows_are_paragraphs_where_the_table_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(23, monkeypatch)
    assert table(HEAD, ROWS).splitlines() == [
        "first", "  rule        urfb", "  test error  12.50%", "", "second", "  test error  7.00%",
    ]  # fmt: skip


def test_long_cells_of_a_paragraph_are_broken_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(30, monkeypatch)
    assert table(("id", "what"), [("xor", "a network of two units learns exclusive or")]).splitlines() == [
        "xor", "  what  a network of two units", "        learns exclusive or",
    ]  # fmt: skip
