"""Models of pydantic as JSON, also where a text in them cannot be written as UTF-8, as the names of some files."""

from __future__ import annotations

import json

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from .foreign_text import json_value

__all__ = ["as_json", "from_json"]


def as_json(model: BaseModel, indent: int | None = None) -> str:
    """Return a model as JSON. Bytes in a name of a file that are no text are written as ``\\udce9``."""
    try:
        return model.model_dump_json(indent=indent)
    except PydanticSerializationError:
        return json.dumps(model.model_dump(), indent=indent)


def from_json[Model: BaseModel](kind: type[Model], text: str | bytes) -> Model:
    """Return the model that JSON says, as `as_json` writes it.

    Raises
    ------
    ValidationError
        If it is no JSON, or says something else.
    """
    try:
        return kind.model_validate_json(text)
    except ValidationError as problem:
        if problem.errors()[0]["type"] != "json_invalid":
            raise
        try:
            value = json_value(text)  # which knows \udce9
        except ValueError:
            raise problem from None
    return kind.model_validate(value)
