"""Feedback weights that are drawn again at every update (Baldi, Sadowski and Lu 2018, section 4.2, items 1 and 2).

In `resampled`, weights have mean zero, so that forward weights have nothing to align with. In `sign_concordant`, each weight
has the sign of its forward partner (Liao, Leibo and Poggio 2016). No synapse knows its partner's weight, so that this rule is
a control: the forward synapse draws the feedback weight as its state `partner`, which the feedback projection reads. Before
the first update it is zero.
"""

from ..rule import Rule
from ..transpose import Transpose

__all__ = ["resampled", "sign_concordant"]

resampled = Rule(
    "resampled",
    source="Baldi, Sadowski and Lu 2018, section 4.2, item 1",
    about="Random feedback weights are drawn again at every update.",
    forward="dw = rate*error_post*x_pre",
    feedback="w = sd*randn()",
    parameters=dict(rate=0.1, sd=0.1),
)

sign_concordant = Rule(
    "sign-concordant",
    source="Baldi, Sadowski and Lu 2018, section 4.2, item 2; Liao, Leibo and Poggio 2016",
    about="Feedback weights are drawn again at every update, with the signs of the forward weights: a control.",
    forward="""
        dw = rate*error_post*x_pre
        partner = sd*sign(w)*abs(randn())
    """,
    state=dict(partner=0.0),
    parameters=dict(rate=0.1, sd=0.1),
    feedback=Transpose("partner"),
    local=False,
)
