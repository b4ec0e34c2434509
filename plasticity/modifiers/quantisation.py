"""The modifier for updates with few bits."""

from functools import partial

from ...arguments import checked_arguments
from ...errors import RecircuitError
from ..parse import Statement
from ..values import is_finite
from .base import Equation, Modifier, is_increment, of_updates, one_increment, within

__all__ = ["level", "quantisation"]

#: The most bits. The smallest update is then 2^-63 times the largest.
MOST = 64


@checked_arguments
def quantisation(bits: int, largest_update: float) -> Modifier:
    """Quantise the update of a weight to one of 2*bits values, after the mean over the batch elements.

    There are `bits` sizes, which are `largest_update`, its half, its quarter and so on, each with both signs. An update is
    rounded to the nearest of them on a logarithmic scale, so that a small one is rounded *up* to the smallest. Only an
    update that is exactly 0 stays 0. `dw = E` becomes, for two bits::

        update = E
        dw = largest_update*sign(update)*(0.5 + 0.5*int(abs(update)/largest_update > 0.7071067811865476))

    The update that is quantised contains the rate. For a rule that quantises the update of each presentation before the
    mean, see `recircuit.plasticity.rules.quantised`.

    Parameters
    ----------
    bits : int
        The number of sizes, from 1 to 64. With one bit an update is its sign times the largest update.
    largest_update : float
        The largest value that is added to a weight, above 0.

    Raises
    ------
    RecircuitError
        If one of them is outside of its range.

    References
    ----------
    Baldi, Sadowski and Lu 2018, section 5.2, Eq. 19, where the largest update is called alpha.
    """
    if within("quantisation: bits", bits, 1, MOST) != int(bits):
        raise RecircuitError(f"quantisation: bits are counted in whole numbers; got {bits!r}.")
    if not (is_finite(largest_update) and largest_update > 0):
        raise RecircuitError(f"quantisation: the largest update is a number above 0; got {largest_update!r}.")
    return Modifier("quantisation", partial(_change, int(bits)), {"largest_update": float(largest_update)})


def level(size: str, bits: int) -> str:
    """Return the expression of a size, in units of the largest one, rounded to a level: 2^round(clip(log2(size), 1 - bits, 0)).

    The expression needs no logarithm or power, since a rounded logarithm follows from comparisons with 2^(1/2 - k) for
    k = 1, 2, ..., bits - 1, and a power of 2 is a sum of smaller powers.
    """
    steps = [f"{2.0**-k!r}*int({size} > {2 ** (0.5 - k)!r})" for k in range(1, bits)]
    return " + ".join([repr(2.0 ** (1 - bits)), *steps])


def _change(bits: int, equation: Equation, where: str) -> Equation:
    one_increment(equation, where, "quantisation")
    of_updates(equation, where, "quantisation")
    changed: list[Statement] = []
    for s in equation:
        if is_increment(s):
            changed.append(Statement("update", "=", s.expression))
            size = f"*({level('abs(update)/largest_update', bits)})" if bits > 1 else ""
            s = Statement("w", "+=", f"largest_update*sign(update){size}")
        changed.append(s)
    return tuple(changed)
