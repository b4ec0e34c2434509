"""Feedback weights that have the signs of the forward weights, and one size (Liao, Leibo and Poggio 2016: uSF).

No synapse knows the sign of another, so that these are controls: a forward synapse keeps `partner`, which the feedback
projection reads. Before the first update it is zero. `sign_symmetry_manhattan` is "Batch Manhattan": of the mean of the
gradient over the batch, g, only the sign counts.
"""

from ..rule import Rule
from ..transpose import Transpose

__all__ = ["sign_symmetry", "sign_symmetry_manhattan"]

sign_symmetry = Rule(
    "sign_symmetry",
    source="Liao, Leibo and Poggio 2016, uSF",
    about="Feedback weights have the signs of the forward weights and one size, a control.",
    forward="""
        dw = rate*error_post*x_pre
        partner = size*sign(w)
    """,
    state=dict(partner=0.0),
    parameters=dict(rate=1.0, size=0.1),
    feedback=Transpose("partner"),
    local=False,
)

sign_symmetry_manhattan = Rule(
    "sign_symmetry_manhattan",
    source="Liao, Leibo and Poggio 2016, uSF and Batch Manhattan",
    about="The same, and every weight moves by a fixed step with the sign of the mean over the batch, a control.",
    forward="""
        g = error_post*x_pre
        dw = rate*sign(g)
        partner = size*sign(w)
    """,
    state=dict(partner=0.0),
    parameters=dict(rate=0.001, size=0.1),
    feedback=Transpose("partner"),
    local=False,
)
