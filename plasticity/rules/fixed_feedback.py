"""Fixed random feedback (FRFB; feedback alignment): the feedback weights never change.

See Lillicrap et al. 2016, and Amit, Eq. 6 with R fixed, and Eq. 15 with epsilon = 0.
"""

from ..rule import Rule

__all__ = ["frfb"]

frfb = Rule(
    "frfb",
    source="Lillicrap et al. 2016; Amit, Eq. 6 with R fixed",
    about="Fixed random feedback (feedback alignment): the feedback weights never change.",
    forward="dw = rate*error_post*x_pre",
    parameters=dict(rate=1.0),
)
