"""Updated random feedback (URFB): a feedback synapse changes as its forward partner does.

Amit, Eq. 7, and Eq. 15 with epsilon = 1. Both synapses lie between the same two units and see the
same activity; only where they start differs. The feedback projection runs from the upper layer
(its pre unit, which carries `error`) to the lower (its post unit, which has the rate `x`).
"""

from ..rule import Rule

__all__ = ["urfb"]

urfb = Rule(
    "urfb",
    source="Amit, Eq. 7",
    about="Updated random feedback: a feedback synapse changes as its forward partner does.",
    forward="dw = rate*error_post*x_pre",
    feedback="dw = rate*error_pre*x_post",
    parameters=dict(rate=1.0),
)
