"""Random backpropagation: errors come down through random weights, which stay fixed (RBP) or learn as well (ARBP).

See Baldi, Sadowski and Lu 2018, sections 2.2 and 3. The path of the error is a property of the network and not of the rule:
it runs from layer to layer (RBP, ARBP), or from the output straight to each hidden layer (SRBP, ASRBP); see
`recircuit.models.networks.random_backpropagation`. A feedback synapse runs from the layer that sends the error (its pre unit)
to the one below (its post unit, with the rate O). The equations of RBP are those of feedback alignment, and those of ARBP are
Amit's URFB: compare `fixed_feedback` and `updated_feedback`.
"""

from ..rule import Rule

__all__ = ["arbp", "rbp"]

rbp = Rule(
    "rbp",
    source="Baldi, Sadowski and Lu 2018, Eq. 6-8",
    about="Random backpropagation: errors come down through random weights that stay fixed.",
    forward="dw = rate*error_post*x_pre",
    parameters=dict(rate=0.1),
)

arbp = Rule(
    "arbp",
    source="Baldi, Sadowski and Lu 2018, section 3 (ARBP, ASRBP)",
    about="Adaptive random backpropagation: errors come down through random weights that learn as well.",
    forward="dw = rate*error_post*x_pre",
    feedback="dw = rate*error_pre*x_post",
    parameters=dict(rate=0.1),
)
