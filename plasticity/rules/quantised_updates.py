"""Updates of few bits: a presentation adds one of 2*bits values to a weight, before the mean over presentations.

See Baldi, Sadowski and Lu 2018, section 5.2, and Eq. 19 with alpha = 2^-6 and x the product of error and rate:

    Quantise(x) = alpha*sign(x)*2^round(clip(log2|x/alpha|, -bits + 1, 0))

There is no level at zero, except for x = 0 itself (sign(0) = 0): all other small values are rounded *up*, to
alpha*2^(1 - bits). With one bit, an update is the product of two signs. The modifier
`recircuit.plasticity.modifiers.quantisation` quantises the mean over the presentations instead.
"""

from ..modifiers.quantisation import level
from ..rule import Rule

__all__ = ["quantised", "quantised_updates"]


def quantised_updates(bits: int) -> Rule:
    """Return the rule for this number of bits, which is at least one."""
    size = level("abs(error_post)/alpha*abs(x_pre)", bits)
    return Rule(
        f"quantised-updates-{bits}",
        source="Baldi, Sadowski and Lu 2018, section 5.2, Eq. 19",
        about=f"Updates of few bits: a presentation adds one of {2 * bits} values to a weight.",
        forward=f"dw = rate*alpha*sign(error_post)*sign(x_pre)*({size})",
        parameters=dict(rate=0.1, alpha=2.0**-6),
    )


quantised = quantised_updates(3)
