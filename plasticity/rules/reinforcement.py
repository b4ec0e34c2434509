"""Reinforcement learning without feedback weights: weights follow the global reward and the unit's own noise.

See Williams 1992 (REINFORCE), Fiete and Seung 2006, and Lansdell, Prakash and Kording 2020, section 2.3. The unit's estimate
-difference*noise/c^2 takes the place of the error of other rules. It is multiplied by the slope of the transfer function,
since the noise is added after this function.

    dW = rate*estimate_post*slope_post*x_pre

The mean of the update is the gradient, but its variance is N + 1 times the square of the gradient, where N is the number of
all noisy units. So the rate must fall, and the time to learn grows, with the size of the network.
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
