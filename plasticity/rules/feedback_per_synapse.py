"""Random feedback weights that each forward synapse has for itself (Baldi, Sadowski and Lu 2018, section 4.2, item 7).

Instead of one error signal per unit, which all its synapses share, each synapse gets its own mixture of the output
errors, which it receives as broadcasts: `channel0`, `channel1`, ... are its weights, and `error0`, `error1`, ... are the
errors. This rule does not work; it is here to show that.
"""

from ..rule import Rule

__all__ = ["feedback_per_synapse"]


def feedback_per_synapse(outputs: int) -> Rule:
    """Return the rule for a network with this number of outputs; its post units have a `slope`, which is f'.

    The equation is dw = rate*slope_post*x_pre*(channel0*error0 + channel1*error1 + ...).
    """
    mixture = " + ".join(f"channel{k}*error{k}" for k in range(outputs))
    return Rule(
        "feedback-per-synapse",
        source="Baldi, Sadowski and Lu 2018, section 4.2, item 7",
        about="Every forward synapse has a random feedback weight of its own for each output error.",
        forward=f"dw = rate*slope_post*x_pre*({mixture})",
        state={f"channel{k}": 0.0 for k in range(outputs)},
        broadcasts=[f"error{k}" for k in range(outputs)],
        parameters=dict(rate=0.1),
    )
