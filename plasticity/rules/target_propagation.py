"""Difference target propagation: each layer learns to reach a target, and its feedback weights to invert the layer above.

See Lee, Zhang, Fischer and Bengio 2015. With f(h) = tanh(W h) up and g(h) = tanh(V h) down, targets come down as
target_l = h_l + g(target_(l+1)) - g(h_(l+1)), and the weights change by:

    dW = rate*(target - h) f'(W h) h_below^T            error = (target - rate) f' of the post unit
    dV = feedback_rate*(h + noise - g(f(h + noise))) g' f(h + noise)^T
                                                        missing = (h + noise - guess) g' of the lower unit,
                                                        echo = f(h + noise) of the upper one

`recircuit.models.networks.target_propagation` builds the network, and `examples/target_propagation.py` shows it.
"""

from ..rule import Rule

__all__ = ["target_propagation"]

target_propagation = Rule(
    "target_propagation",
    source="Lee, Zhang, Fischer and Bengio 2015",
    about="Layers learn to reach targets, and feedback weights to invert the layer above: difference target propagation.",
    forward="dw = rate*error_post*x_pre",
    feedback="dw = feedback_rate*missing_post*echo_pre",
    parameters=dict(rate=0.1, feedback_rate=0.02),
)
