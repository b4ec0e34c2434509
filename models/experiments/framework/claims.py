"""The rule by which a number of a paper is met, in one place for all tables.

A value is met when it lies within a margin of the paper's, or is better. Some results are meant to be bad: no f', updates
of one bit, fixed feedback in deep networks, feedback alignment in the narrow autoencoder, the top layer alone. These
must lie within the margin on both sides: a method that should fail and does not is a finding, or a fault.
"""

from __future__ import annotations

from typing import Literal

from .experiment import Check, Number

__all__ = ["factor", "margin", "met", "of_learned"]

Better = Literal["lower", "higher"]


def met(
    what: str, value: Number, paper: float, margin: float, better: Better, *, bad: bool = False, says: str = ""
) -> Check:
    """Hold a value against that of the paper.

    Parameters
    ----------
    what : str
        What the number is, in words.
    value : Number
        The value here.
    paper : float
        The value of the paper.
    margin : float
        By how much the value here may be worse; for a result that is meant to be bad, by how much it may differ at all.
    better : Better
        Whether lower or higher values are the better ones.
    bad : bool
        Whether the result is meant to be bad.
    says : str
        What the paper says, if its number alone does not say it.
    """
    low, high = round(paper - margin, 6), round(paper + margin, 6)
    printed_value = says or f"{paper:g}"
    if bad:
        return Check(what, value, "within", (low, high), printed_value)
    return (
        Check(what, value, "<=", high, printed_value)
        if better == "lower"
        else Check(what, value, ">=", low, printed_value)
    )


def margin(sd: float) -> float:
    """Return by how many percentage points a mean may differ: 1, or two of the paper's standard deviations if that is above 1.

    Parameters
    ----------
    sd : float
        The standard deviation of the paper's runs, in points; 0 if it gives none.
    """
    return 2 * sd if sd > 1 else 1.0


def of_learned(value: float, *shares: float) -> float:
    """Return a comparison of networks, or NaN if one of them has not learned: an untrained one compares well with another.

    Parameters
    ----------
    value : float
        The comparison.
    *shares : float
        Of each network the error at the end, as a share of that before learning or of that of guessing.
    """
    return value if all(share < 0.9 for share in shares) else float("nan")


def factor(what: str, value: Number, paper: float, better: Better, *, bad: bool = False, says: str = "") -> Check:
    """Return a ratio of errors against the paper's: the margin is a fifth of it, as there are no percentage points of a
    ratio.
    """
    return met(what, value, paper, 0.2 * paper, better, bad=bad, says=says)
