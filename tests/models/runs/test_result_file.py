"""Files of results: what is written is read again, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from recircuit.errors import RecircuitError
from recircuit.models.runs.result_file import as_json, content, finite, read_result, write_result


def test_what_is_written_is_read_again_and_its_folder_is_made(tmp_path: Path) -> None:
    path, contents = tmp_path / "a" / "b" / "result.json", {"name": "τ", "curve": (1.0, 2.5), "none": None}
    write_result(path, contents)
    assert read_result(path) == as_json(contents) == {"name": "τ", "curve": [1.0, 2.5], "none": None}
    assert path.read_bytes() == content(contents) and "τ" in path.read_text(encoding="utf-8")
    assert [p.name for p in path.parent.iterdir()] == ["result.json"]


@pytest.mark.parametrize("damaged", [b"", b"{ half", b"[1]", b"\xff\xfe", b"3"])
def test_a_file_that_is_damaged_or_of_something_else_counts_as_none(damaged: bytes, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    assert read_result(path) is None and read_result(tmp_path) is None
    path.write_bytes(damaged)
    assert read_result(path) is None


def test_numbers_that_json_does_not_have_are_refused_and_the_older_file_stays(tmp_path: Path) -> None:
    path, wrong = tmp_path / "result.json", {"loss": float("nan"), "most": [float("inf"), 1.0]}
    write_result(path, {"loss": 1.0})
    with pytest.raises(ValueError, match="JSON"):
        write_result(path, wrong)
    assert read_result(path) == {"loss": 1.0}
    write_result(path, finite(wrong))
    assert read_result(path) == {"loss": None, "most": [None, 1.0]}
    write_result(path, wrong, strict=False)
    assert read_result(path)["most"] == [float("inf"), 1.0]  # type: ignore[index]


def test_a_folder_in_the_place_of_the_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "result.json").mkdir()
    with pytest.raises(RecircuitError, match="Cannot write .*result.json"):
        write_result(tmp_path / "result.json", {})
