"""What a rule is given, checked one thing at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..errors import RecircuitError


def check_text(where: str, **texts: object) -> None:
    for what, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise RecircuitError(
                f"{where}: the {what} must be a few words, but is {text!r}."
                + (" Say where the rule is from." if what == "source" else "")
            )


def check_weights(
    where: str, local: bool, forward: str | None, feedback: str | None, weights: str, state: Iterable[str]
) -> None:
    if forward is None and feedback is None:
        raise RecircuitError(
            f"{where} has no equation. Give it `forward`, `feedback` or both; "
            "a projection without a rule keeps its weights."
        )
    states = [f"transpose of {name}" for name in state]
    if weights not in ("own", "transpose", *states):
        known = " or ".join(map(repr, ["own", "transpose", *states]))
        raise RecircuitError(f"{where}: feedback_weights must be {known}, but is {weights!r}.")
    if weights != "own" and (local or feedback is not None):
        raise RecircuitError(
            f"{where}: feedback_weights={weights!r} reads the forward weights, which no feedback "
            "synapse can, and leaves no weights of its own to change. Say local=False, and give no "
            "feedback equation."
        )


def checked_names(names: Iterable[str], where: str) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise RecircuitError(f"{where} must be a tuple of names, such as ('loss',), but is {names!r}.")
    return tuple(names)


def initial_values(state: Mapping[str, float] | Iterable[str] | None, where: str) -> Mapping[str, float]:
    if state is None or isinstance(state, Mapping):
        return state or {}
    return dict.fromkeys(checked_names(state, where), 0.0)
