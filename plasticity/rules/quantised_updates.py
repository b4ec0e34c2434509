"""Updates of few bits: what each presentation would add to a weight is one of 2*bits values, before the mean over them.

Baldi, Sadowski and Lu 2018, section 5.2 and Eq. 19 with alpha = 2^-6 and x the product of error and rate:

    Quantise(x) = alpha*sign(x)*2^round(clip(log2|x/alpha|, -bits + 1, 0))

There is no level at zero but x = 0 itself (sign(0) = 0): all that is small rounds *up* to alpha*2^(1 - bits).
The logarithm of the product is written as a sum, so that each unit's own part is computed once a unit, not once a
synapse; `tiny` keeps it finite.
"""

from ..rule import Rule

__all__ = ["quantised_updates"]

quantised_updates = Rule(
    "quantised-updates",
    source="Baldi, Sadowski and Lu 2018, section 5.2, Eq. 19",
    forward="""
        dw = rate*alpha*sign(error_post)*sign(x_pre)*2.0**floor(clip(
            log(abs(error_post)/alpha + tiny)/log(2.0) + log(abs(x_pre) + tiny)/log(2.0), 1 - bits, 0) + 0.5)
    """,
    parameters=dict(rate=0.1, alpha=2.0**-6, bits=5, tiny=1e-30),
)
