"""Feedback weights that are drawn anew at every update (Baldi, Sadowski and Lu 2018, section 4.2, items 1 and 2).

`resampled`: with mean zero; nothing is there for the forward weights to align with. `sign_concordant`: each with the
sign of its forward partner (Liao, Leibo and Poggio 2016). No synapse knows its partner's weight, so that this one is
a control: what it would have is drawn by the forward synapse, as its `partner`, and the feedback projection reads
that. Before the first update it is zero.
"""

from ..rule import Rule
from ..transpose import Transpose

__all__ = ["resampled", "sign_concordant"]

resampled = Rule(
    "resampled",
    source="Baldi, Sadowski and Lu 2018, section 4.2, item 1",
    about="Random feedback weights are drawn anew at every update.",
    forward="dw = rate*error_post*x_pre",
    feedback="w = sd*randn()",
    parameters=dict(rate=0.1, sd=0.1),
)

sign_concordant = Rule(
    "sign-concordant",
    source="Baldi, Sadowski and Lu 2018, section 4.2, item 2; Liao, Leibo and Poggio 2016",
    about="Feedback weights are drawn anew with the signs of the forward weights, a control.",
    forward="""
        dw = rate*error_post*x_pre
        partner = sd*sign(w)*abs(randn())
    """,
    state=dict(partner=0.0),
    parameters=dict(rate=0.1, sd=0.1),
    feedback=Transpose("partner"),
    local=False,
)
