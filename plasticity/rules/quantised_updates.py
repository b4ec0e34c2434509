"""Updates of few bits: what a presentation adds to a weight is one of 2*bits values, before the mean over presentations.

Baldi, Sadowski and Lu 2018, section 5.2, and Eq. 19 with alpha = 2^-6 and x the product of error and rate:

    Quantise(x) = alpha*sign(x)*2^round(clip(log2|x/alpha|, -bits + 1, 0))

A logarithm that is rounded is a comparison with 2^(1/2 - k), k = 1, 2, ..., bits - 1, and a power of 2 the sum of those
below it: so the rule is written here, without either. There is no level at zero but x = 0 itself (sign(0) = 0): all
else that is small is rounded *up*, to alpha*2^(1 - bits). One bit is the product of two signs.
"""

from ..rule import Rule

__all__ = ["quantised", "quantised_updates"]


def quantised_updates(bits: int) -> Rule:
    """Return the rule for this number of bits, which is at least one."""
    levels = [f"{2.0**-k!r}*int(abs(error_post)/alpha*abs(x_pre) > {2 ** (0.5 - k)!r})" for k in range(1, bits)]
    size = " + ".join([repr(2.0 ** (1 - bits)), *levels])
    return Rule(
        f"quantised-updates-{bits}",
        source="Baldi, Sadowski and Lu 2018, section 5.2, Eq. 19",
        about=f"Updates of few bits: what a presentation adds to a weight is one of {2 * bits} values.",
        forward=f"dw = rate*alpha*sign(error_post)*sign(x_pre)*({size})",
        parameters=dict(rate=0.1, alpha=2.0**-6),
    )


quantised = quantised_updates(3)
