"""Updated random feedback (URFB): a feedback synapse changes by the same amount as its forward partner.

See Amit, Eq. 7, and Eq. 15 with epsilon = 1. Both synapses are between the same two units and see
the same activity; only their initial weights differ. The feedback projection runs from the upper
layer (its pre unit, which sends `error`) to the lower layer (its post unit, which has the rate `x`).
"""

from ..rule import Rule

__all__ = ["urfb"]

urfb = Rule(
    "urfb",
    source="Amit, Eq. 7",
    about="Updated random feedback: a feedback synapse changes by the same amount as its forward partner.",
    forward="dw = rate*error_post*x_pre",
    feedback="dw = rate*error_pre*x_post",
    parameters=dict(rate=1.0),
)
