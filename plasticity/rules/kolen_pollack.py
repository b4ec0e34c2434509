"""Feedback that becomes the transpose of the forward weights, since both make the same changes and decay.

See Kolen and Pollack 1994, and Akrout et al. 2019, section 4.2. The initial weights of the two synapses between two units are
forgotten as (1 - rate*decay)^n after n updates, and the two synapses learn the same.
"""

from ..rule import Rule

__all__ = ["kolen_pollack"]

kolen_pollack = Rule(
    "kolen_pollack",
    source="Akrout et al. 2019; Kolen and Pollack 1994",
    about="Forward and feedback synapses make the same changes and decay, and so become equal.",
    forward="dw = rate*(error_post*x_pre - decay*w)",
    feedback="dw = rate*(error_pre*x_post - decay*w)",
    parameters=dict(rate=1.0, decay=1e-3),
)
