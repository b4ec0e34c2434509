"""The rows that a compiled program keeps: those that come again are known, and they make room where memory is short."""

from __future__ import annotations

import numpy as np
import pytest

from recircuit.circuits.backends.compiled import kept_rows
from recircuit.circuits.backends.compiled.kept_rows import EACH, KeptRows
from recircuit.circuits.lowering import memory
from recircuit.errors import RecircuitError

ROWS = [np.full(1000, k, np.uint8) for k in range(EACH + 1)]


def number(kept: KeptRows, rows: np.ndarray, stimulus: str = "x") -> int:
    with kept.file(stimulus, rows) as (found, _):
        return found


def test_rows_that_come_again_are_known_by_their_number() -> None:
    kept = KeptRows()
    first = [number(kept, rows) for rows in ROWS[:EACH]]
    assert [number(kept, rows.copy()) for rows in ROWS[:EACH]] == first
    assert number(kept, ROWS[EACH]) not in first  # it takes the place of the one that was used the longest time ago
    assert number(kept, ROWS[0]) not in first and number(kept, ROWS[2]) == first[2]


@pytest.mark.parametrize("large", [False, True])
def test_what_is_kept_makes_room_where_memory_is_short(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptRows()
    first = [number(kept, rows, name) for rows, name in zip(ROWS, "xyz")]
    monkeypatch.setattr(kept_rows, "available", lambda: 3500 - kept._bytes())
    if large:
        monkeypatch.setattr(kept_rows, "MOST", 2000)
        assert number(kept, np.zeros(2500, np.uint8)) == 0
    else:
        assert number(kept, np.zeros(2500, np.uint8)) > 3
    assert number(kept, ROWS[2], "z") == first[2]
    assert number(kept, ROWS[0], "x") != first[0]


def test_rows_that_do_not_fit_beside_the_circuit_are_refused_before_they_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = KeptRows()
    known = number(kept, ROWS[0])
    monkeypatch.setattr(memory, "SMALL", 0)
    monkeypatch.setattr(memory, "available", lambda: 2000)
    with pytest.raises(RecircuitError, match=r"stimulus 'y': data of the shape \(2500,\) need .* Give fewer rows"):
        number(kept, np.zeros(2500, np.uint8), "y")
    assert number(kept, ROWS[0]) == known
