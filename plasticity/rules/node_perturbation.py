"""Node perturbation teaches the feedback weights (Lansdell, Prakash and Kording 2020).

Noise c*xi in the soma changes the loss, and a broadcast sends the difference to every unit. The unit's `estimate` of minus
the gradient of the loss with respect to its own rate (Eq. 2) is -difference*noise/c^2. The feedback synapses learn to
predict it by their signal in the apical compartment, B e (Eq. 3, half its gradient). The feedforward synapse follows the
error that is fed back, which is free of noise, since it learns from the window without noise.

    dW = rate*error_post*x_pre                                        section 4.1
    dB = feedback_rate*(estimate_post - apical_post)*error_pre        Eq. 3, by gradient descent

The paper's rates are for sums over a batch of 32 (a mean would learn nothing in its time). A rule here takes means, so
that its rates are 32 times as large: .0128 and .016.

The ridge form (Eq. 18, C.3) sets B, at every sample, to the solution for all samples so far, here by recursive least
squares. Lateral synapses of the sending layer hold P = (sum e e^T + gamma)^-1. From them its units receive `gain` = P e
and `leverage` = e^T P e, and compute `stride` = P e/(1 + e^T P e):

    dB = (estimate_post - apical_post)*stride_pre
    dP = -stride_post*gain_pre

This is exact for one batch element. Each statement reads only its two units, but a unit's stride depends on its whole
layer at the same moment, so that the rule is a control and not local. `recircuit.models.networks.node_perturbation` builds
the circuits.
"""

from ..rule import Rule

__all__ = ["inverse_correlation", "node_perturbation", "node_perturbation_ridge"]

node_perturbation = Rule(
    "node_perturbation",
    source="Lansdell, Prakash and Kording 2020, Eq. 2-3 and section 4.1",
    about="Noise in the units and the change of the loss teach the feedback weights to predict the gradient.",
    forward="dw = rate*error_post*x_pre",
    feedback="dw = feedback_rate*(estimate_post - apical_post)*error_pre",
    parameters=dict(rate=0.0128, feedback_rate=0.016),
)

node_perturbation_ridge = Rule(
    "node_perturbation_ridge",
    source="Lansdell, Prakash and Kording 2020, Eq. 18 (C.3), by recursive least squares",
    about="Node perturbation whose feedback weights solve a ridge regression exactly, a control.",
    forward="dw = rate*error_post*x_pre",
    feedback="dw = (estimate_post - apical_post)*stride_pre",
    parameters=dict(rate=0.0128),
    local=False,
)

#: The rule of the lateral synapses that hold P.
inverse_correlation = Rule(
    "inverse_correlation",
    source="recursive least squares: the inverse of sum e e^T + gamma (Lansdell, Prakash and Kording 2020, Eq. 18)",
    about="Recursive least squares in the lateral synapses of a layer: they hold an inverse correlation matrix.",
    forward="dw = -stride_post*gain_pre",
    local=False,
)
