"""Reinforcement alone: weights follow the global reward and the unit's own noise, without any feedback weights.

Williams 1992 (REINFORCE); Fiete and Seung 2006; Lansdell, Prakash and Kording 2020, section 2.3: the estimate
-difference*noise/c^2 of the unit stands where others have an error, with the slope of its transfer function, since
the noise comes after it.

    dW = rate*estimate_post*slope_post*x_pre

Its mean is the gradient, but its variance is N + 1 times the gradient's square, N the number of all noisy units: so
the rate must fall, and the time to learn grows, with the size of the network.
"""

from ..rule import Rule

__all__ = ["reinforcement"]

reinforcement = Rule(
    "reinforcement",
    source="Williams 1992; Lansdell, Prakash and Kording 2020, Eq. 2",
    about="Weights follow a global reward and the noise of their own unit, without feedback weights.",
    forward="dw = rate*estimate_post*slope_post*x_pre",
    parameters=dict(rate=0.01),
)
