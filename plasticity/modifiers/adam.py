"""The modifier ADAM (Kingma and Ba 2015)."""

import ast

from ...arguments import checked_arguments
from ...errors import RecircuitError
from ..algebra import Unsplittable, expand
from ..parse import Statement, names_in
from .base import Equation, Modifier, is_increment, of_updates, one_increment, with_rate, within

__all__ = ["adam"]


@checked_arguments
def adam(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Modifier:
    """Let updates follow the mean of the gradients so far, divided by their root mean square (ADAM).

    `dw = rate*G` becomes, with t = updates + 1 and the moments m and v of each synapse::

        gradient = G
        m = beta1*m + (1 - beta1)*gradient
        v = beta2*v + (1 - beta2)*gradient**2
        dw = rate*m/(1 - beta1**t)/(sqrt(v/(1 - beta2**t)) + epsilon)

    A rate that falls with the number of updates, and a decay of weights, are added afterwards: `with_adam()` comes before
    `with_rate_decay()` and `with_weight_decay()`. An equation that does not read `rate`, such as the feedback equation of
    node_perturbation, stays as it is.

    Parameters
    ----------
    beta1, beta2 : float
        The shares of the two moments that are kept from one update to the next: at least 0 and below 1.
    epsilon : float
        The number that is added to the root mean square, at least 0.

    Raises
    ------
    RecircuitError
        If one of them is outside of its range. `Rule.modified` refuses an equation `dw = E` in which E is not the rate times
        something, or depends on the number of updates.

    References
    ----------
    Kingma and Ba 2015, Algorithm 1.
    """
    shares = {
        name: within(f"adam: {name}", value, 0, 1, below=True) for name, value in (("beta1", beta1), ("beta2", beta2))
    }
    parameters = shares | {"epsilon": within("adam: epsilon", epsilon, 0)}
    return Modifier("ADAM", _change, parameters, dict(m=0.0, v=0.0), rate_to="be that of ADAM")


def _change(equation: Equation, where: str) -> Equation:
    of_updates(equation, where, "ADAM")
    if not any(_reads_rate(s.node()) for s in equation):
        return equation
    one_increment(equation, where, "ADAM")
    changed: list[Statement] = []
    for s in equation:
        changed += _adam(s, where) if is_increment(s) else [s]
    return tuple(changed)


def _adam(increment: Statement, where: str) -> list[Statement]:
    """Return the statements in place of `dw = rate*G`."""
    return [
        Statement("gradient", "=", _gradient(increment, where)),
        Statement("m", "=", "beta1*m + (1 - beta1)*gradient"),
        Statement("v", "=", "beta2*v + (1 - beta2)*gradient**2"),
        Statement("w", "+=", "rate*m/(1 - beta1**(updates + 1))/(sqrt(v/(1 - beta2**(updates + 1))) + epsilon)"),
    ]


def _gradient(increment: Statement, where: str) -> str:
    """Return G of `dw = rate*G`; refuse an increment that is not the rate times something, or whose rate changes."""
    if not _is_product_of_rate(increment.node()):
        raise RecircuitError(
            f"{where}: ADAM takes `dw = rate*G`, and in `{increment}` not every term is `rate` times something without "
            "`rate`. Write it into the equation, or call with_adam() before other modifiers, such as with_weight_decay()."
        )
    (unscaled,) = with_rate((increment,), "1")
    if "updates" in names_in(unscaled.node()):
        raise RecircuitError(
            f"{where}: `{increment}` changes with the number of updates, and ADAM divides by the size of what is updated, so "
            "that a rate that falls would have no effect. Call with_adam() first, and then with_rate_decay() or "
            "with_rate_steps()."
        )
    return unscaled.expression.removeprefix("1*")


def _is_product_of_rate(node: ast.expr) -> bool:
    """Say whether each term of an expression is the rate times something without the rate."""
    try:
        terms = expand(node, _reads_rate)
    except Unsplittable:
        return False
    return all(
        sum(map(_reads_rate, term.up)) == 1
        and any(isinstance(factor, ast.Name) and factor.id == "rate" for factor in term.up)
        and not any(map(_reads_rate, term.down))
        for term in terms
    )


def _reads_rate(node: ast.expr) -> bool:
    return "rate" in names_in(node)
