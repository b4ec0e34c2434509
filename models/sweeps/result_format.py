"""The content of the result of a run of a sweep, by which damaged files are recognised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, FiniteFloat, ValidationError, model_validator

__all__ = ["is_result"]


class _Result(BaseModel):
    seconds: FiniteFloat | None
    diverged: str


class _Trained(_Result):
    rows: list[dict[str, FiniteFloat | None]]

    @model_validator(mode="after")
    def _measured(self) -> _Trained:
        if not self.diverged and (self.seconds is None or not self.rows or self.rows[-1].get("test_error") is None):
            raise ValueError("a run that did not diverge has a test error")
        return self


class _Check(BaseModel):
    what: str
    value: FiniteFloat | None
    relation: str
    target: FiniteFloat | list[FiniteFloat] | None
    ok: bool


class _Reproduced(_Result):
    checks: list[_Check]


KINDS: Mapping[str, type[_Result]] = {"train": _Trained, "reproduce": _Reproduced}


def is_result(kind: str, found: Any) -> bool:
    """Return whether something read from a file is the whole result of a run of a kind."""
    try:
        KINDS[kind].model_validate(found)
    except ValidationError:
        return False
    return True
