"""Parsers for texts that others have written. What cannot be read is a ValueError, whatever the parser itself raises."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["json_value", "only_value_errors", "table_rows"]


@contextmanager
def only_value_errors() -> Iterator[None]:
    """Have what a parser raises be a ValueError, also where a text is nested too deeply for it.

    Raises
    ------
    ValueError
        If the ``with`` block raises what a parser may raise.
    """
    try:
        yield
    except (RecursionError, MemoryError):  # Python's own parser raises the second
        raise ValueError("it is nested too deeply") from None
    except (SyntaxError, TypeError, csv.Error) as problem:
        raise ValueError(str(problem)) from None


def json_value(text: str | bytes) -> Any:
    """Return what a text of JSON says.

    Raises
    ------
    ValueError
        If it is no JSON, or nested too deeply.
    """
    with only_value_errors():
        return json.loads(text)


def table_rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a table of CSV below its heading, by the names in it.

    Raises
    ------
    ValueError
        If it is no such table, two columns have the same name, or a row has more or fewer cells than the heading.
    """
    with only_value_errors():
        table = csv.DictReader(io.StringIO(text, newline=""))
        rows, names = list(table), table.fieldnames or ()
    if len(set(names)) < len(names):
        raise ValueError("two columns have the same name")
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            raise ValueError(f"row {number} has another number of cells than the heading")
    return rows
