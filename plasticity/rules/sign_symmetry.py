"""Feedback weights with the signs of the forward weights and a single size (uSF of Liao, Leibo and Poggio 2016).

No synapse knows the sign of another one, so that these rules are controls: a forward synapse keeps the state `partner`, which
the feedback projection reads. Before the first update it is zero. `sign_symmetry_manhattan` is "Batch Manhattan", which uses
only the sign of g, the mean of the gradient over the batch.
"""

from ..rule import Rule
from ..transpose import Transpose

__all__ = ["sign_symmetry", "sign_symmetry_manhattan"]

sign_symmetry = Rule(
    "sign_symmetry",
    source="Liao, Leibo and Poggio 2016, uSF",
    about="Feedback weights have the signs of the forward weights and a single size: a control.",
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
    about="Feedback weights as in sign_symmetry, and each weight changes by a fixed step with the gradient's sign: a control.",
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
