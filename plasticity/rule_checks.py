"""Checks of the arguments of a rule."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from ..errors import RecircuitError
from .transpose import Transpose


def check_text(where: str, **texts: object) -> None:
    for what, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise RecircuitError(
                f"{where}: the {what} must be a few words, but is {text!r}."
                + (" Say where the rule is from." if what == "source" else "")
            )


def check_equations(where: str, local: bool, forward: object, feedback: object, state: Container[str]) -> None:
    if forward is None and feedback is None:
        raise RecircuitError(
            f"{where} has no equation. Give it `forward`, `feedback` or both; "
            "a projection without a rule keeps its weights."
        )
    if isinstance(forward, Transpose):
        raise RecircuitError(
            f"{where}: forward={forward!r} is not possible, since only feedback weights can be the transpose of others. "
            "Give the forward equation as a text."
        )
    if isinstance(feedback, Transpose):
        feedback.check(where, local, state)


def checked_names(names: Iterable[str], where: str) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise RecircuitError(f"{where} must be a tuple of names, such as ('loss',), but is {names!r}.")
    return tuple(names)


def initial_values(state: Mapping[str, float] | Iterable[str] | None, where: str) -> Mapping[str, float]:
    if state is None or isinstance(state, Mapping):
        return state or {}
    return dict.fromkeys(checked_names(state, where), 0.0)
