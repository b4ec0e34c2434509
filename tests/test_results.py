"""The tables of results: each experiment that the paper's claims do not all hold for says why, and the tables are made so."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks.results import LAST, RESULTS, ROOT, explained, filled, long_text, reproduced, short_table
from recircuit.models.experiments import EXPERIMENTS, tally

ROWS = {row.experiment.id: row for row in reproduced()}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_has_a_result_that_is_reached_or_a_line_that_says_why_not(name: str) -> None:
    line = explained().get(name, "")
    reached = name in ROWS and ROWS[name].reached == "yes"
    assert bool(line) is not reached, f"{name}: see results/explained.toml"
    assert reached or re.fullmatch(r"[A-Z].*\.", line), "it is made of sentences"


def test_no_other_experiment_is_explained() -> None:
    assert set(explained()) <= set(EXPERIMENTS)


def test_the_tables_are_those_of_the_committed_results() -> None:
    """They are made by ``python -m benchmarks results``."""
    assert (RESULTS / "README.md").read_text(encoding="utf-8") == long_text(list(ROWS.values()))
    assert json.loads(LAST.read_text(encoding="utf-8")) == {name: tally(row.result) for name, row in ROWS.items()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert filled(readme, "reproduced", short_table(list(ROWS.values()))) == readme
