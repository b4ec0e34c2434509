"""The results of the checks of a rule, as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from brian2.core.base import BrianObjectException

from recircuit.errors import RecircuitError
from recircuit.plasticity import Rule
from recircuit.tables import html_table

__all__ = ["Found", "Report", "Row", "RuleFails", "attempt"]

#: The largest difference, or None where there is none to speak of, and a note.
Found = tuple[float | None, str]


@dataclass(frozen=True)
class Row:
    """One check. `difference` is the largest difference, `allowed` what it may be; `ok` is None where it was not made."""

    check: str
    ok: bool | None
    difference: float | None = None
    allowed: float | None = None
    note: str = ""

    def cells(self) -> tuple[str, str, str, str, str]:
        """Return the cells of the row in the table."""
        mark = {True: "ok", False: "FAILS", None: "-"}[self.ok]
        difference = "" if self.difference is None else f"{self.difference:.1e}" if self.difference else "0"
        return mark, self.check, difference, "" if self.allowed is None else f"<= {self.allowed:g}", self.note


@dataclass(frozen=True)
class Report:
    """The result of `check_rule`. It is printed as a table."""

    rule: Rule
    rows: Sequence[Row]

    @property
    def failures(self) -> list[Row]:
        """The checks that fail."""
        return [row for row in self.rows if row.ok is False]

    @property
    def ok(self) -> bool:
        """Whether no check fails."""
        return not self.failures

    def __str__(self) -> str:
        cells = [row.cells() for row in self.rows]
        widths = [max(len(row[k]) for row in cells) for k in range(4)]
        lines = ["  ".join([*(f"{cell:<{n}}" for cell, n in zip(row, widths)), row[4]]).rstrip() for row in cells]
        return "\n".join([str(self.rule), "", *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.rule._repr_html_() + html_table((), [row.cells() for row in self.rows])


class RuleFails(AssertionError):
    """A rule fails checks; the message lists them, and `report` has all."""

    def __init__(self, report: Report) -> None:
        self.report = report
        failed = "\n".join(f"  {row.check}: {_reason(row)}" for row in report.failures)
        count = f"{len(report.failures)} of {len(report.rows)} checks"
        super().__init__(f"the rule {report.rule.name!r} fails {count}\n{failed}")


def attempt(check: str, allowed: float | None, find: Callable[[], Found]) -> Row:
    """Return a row by what a function finds; where the function is refused something, the check fails in those words."""
    try:
        with np.errstate(all="ignore"):
            difference, note = find()
    except RecircuitError as problem:
        return Row(check, False, note=str(problem))
    except BrianObjectException as problem:
        return Row(check, False, note=f"Brian2 cannot run it: {problem.__cause__ or problem}")
    return Row(check, difference is None or allowed is None or difference <= allowed, difference, allowed, note)


def _reason(row: Row) -> str:
    found = "" if row.difference is None else f"{row.difference:.2g}, allowed {row.allowed:g}"
    return "; ".join(filter(None, (found, row.note)))
