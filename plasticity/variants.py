"""What many rules are given besides: momentum, ADAM, weight decay, limits, a rate that decays or falls in steps, a gate.

Each is a change of the equation, which then says so when it is printed.
"""

import ast
from collections.abc import Callable
from dataclasses import replace

from ..errors import RecircuitError
from .parse import Statement, names_in, rename, show

__all__ = [
    "Change",
    "Equation",
    "adam",
    "decayed_rate",
    "gate",
    "momentum",
    "stepped_rate",
    "weight_decay",
    "weight_limit",
]

Equation = tuple[Statement, ...]
Change = Callable[[Equation, str], Equation]


def momentum(equation: Equation, where: str) -> Equation:
    """`velocity = momentum*velocity + E; dw = velocity` for `dw = E` (Polyak 1964)."""
    _only_increment(equation, where, "momentum")
    changed: list[Statement] = []
    for s in equation:
        if _is_increment(s):
            changed.append(Statement("velocity", "=", f"momentum*velocity + {s.expression}"))
            s = Statement("w", "+=", "velocity")
        changed.append(s)
    return tuple(changed)


def weight_decay(equation: Equation, where: str) -> Equation:
    """`dw = E - weight_decay*w` for `dw = E`."""
    _only_increment(equation, where, "weight decay")
    return tuple(Statement("w", "+=", f"{s.expression} - weight_decay*w") if _is_increment(s) else s for s in equation)


def adam(equation: Equation, where: str) -> Equation:
    """For `dw = E`, where E reads `rate`: its moments m and v, with 1 for the rate, and then
    `dw = rate*m/(1 - beta1**t)/(sqrt(v/(1 - beta2**t)) + epsilon)`, t = updates + 1 (Kingma and Ba 2015, Algorithm 1).
    """
    changed: list[Statement] = []
    for s in equation:
        if not (_is_increment(s) and "rate" in names_in(s.node())):
            changed.append(s)
            continue
        _only_increment(equation, where, "ADAM")
        (unscaled,) = _with_rate((s,), "1")
        changed += [
            Statement("gradient", "=", unscaled.expression.removeprefix("1*")),
            Statement("m", "=", "beta1*m + (1 - beta1)*gradient"),
            Statement("v", "=", "beta2*v + (1 - beta2)*gradient**2"),
            Statement(
                "w", "+=", "rate*m/(1 - beta1**(updates + 1))/(sqrt(v/(1 - beta2**(updates + 1))) + epsilon)"
            ),
        ]  # fmt: skip
    return tuple(changed)


def weight_limit(equation: Equation, where: str) -> Equation:
    """Then `w = clip(w, -weight_limit, weight_limit)`."""
    return (*equation, Statement("w", "=", "clip(w, -weight_limit, weight_limit)"))


def gate(name: str) -> Change:
    """`dw = name*E` for `dw = E`."""

    def change(equation: Equation, where: str) -> Equation:
        _only_increment(equation, where, f"the gate `{name}`")
        return tuple(Statement("w", "+=", f"{name}*({s.expression})") if _is_increment(s) else s for s in equation)

    return change


def decayed_rate(equation: Equation, where: str) -> Equation:
    """`rate/(1 + rate_decay*updates)` for `rate` (Baldi, section 5)."""
    return _with_rate(equation, "rate/(1 + rate_decay*updates)")


def stepped_rate(steps: int) -> Change:
    """`rate*rate_factor**(int(updates >= rate_step_1) + ...)` for `rate`: a schedule of so many steps."""
    passed = " + ".join(f"int(updates >= rate_step_{k})" for k in range(1, steps + 1))
    return lambda equation, where: _with_rate(equation, f"rate*rate_factor**({passed})")


def _with_rate(equation: Equation, text: str) -> Equation:
    """Another expression for `rate`, where it is read."""
    changed = {"rate": ast.parse(text, mode="eval").body}
    return tuple(
        replace(s, expression=show(rename(s.node(), changed))) if "rate" in names_in(s.node()) else s for s in equation
    )


def _is_increment(statement: Statement) -> bool:
    return (statement.target, statement.operator) == ("w", "+=")


def _only_increment(equation: Equation, where: str, what: str) -> None:
    """Refuse what has no single `dw = E` to change."""
    found = [str(s) for s in equation if _is_increment(s)]
    if len(found) != 1:
        raise RecircuitError(
            f"{where}: {what} is added to the one statement `dw = E`, but there "
            f"{'are ' + '; '.join(found) if found else 'is none'}. Write it into the equation."
        )
