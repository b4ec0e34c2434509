"""Recirculation: a pair of layers sends its activity around a loop, and every synapse learns from what has changed.

The rule is from Hinton and McClelland 1988, made linear by Cameron, Chen, Wagner and Sejnowski; by it A (up) and B (down)
become each other's pseudoinverse. Driven from below, the loop is h = Ax, x^ = Bh, h^ = Ax^; driven from above, with noise z
in place of h, it is x' = Bz, z^ = Ax', x'^ = Bz^. In both cases the lower unit keeps its first signal as `shown` (x or x'),
and the upper unit keeps its first signal as `received` (h or z). The signals that return at the end are in the
compartments: `basal` of the upper unit (h^ or z^), and `apical` of the lower unit (x^ or x'^). So the two rules of the
paper, and their mirror images, are one equation each:

    dA = rate*(h - h^) x^T     from above: rate*(z - z^) x'^T
    dB = rate*(x - x^) h^T     from above: rate*(x' - x'^) z^T

In `recirculated_feedback` only B learns that way. A is a feedforward weight, which learns from the error; the error comes
down by B (this is the paper's rule with a minus sign that it lacks: the error is target minus answer). The means of both
updates are 0 at B = A^+, but noise would make A fluctuate.

`recircuit.models.networks.recirculation` builds the circuits.
"""

from ..rule import Rule

__all__ = ["recirculated_feedback", "recirculation"]

recirculation = Rule(
    "recirculation",
    source="Cameron, Chen, Wagner and Sejnowski, learning rules; Hinton and McClelland 1988",
    about="A pair of layers sends its activity around a loop, and each synapse learns from what has changed.",
    forward="dw = rate*(received_post - basal_post)*shown_pre",
    feedback="dw = rate*(shown_post - apical_post)*received_pre",
    parameters=dict(rate=0.1),
)

recirculated_feedback = Rule(
    "recirculated_feedback",
    source="Cameron, Chen, Wagner and Sejnowski, learning rule of the global error and dB",
    about="The feedback weights learn by recirculation, and the forward weights from the error.",
    forward="dw = rate*error_post*x_pre",
    feedback="dw = feedback_rate*(shown_post - apical_post)*received_pre",
    parameters=dict(rate=0.03, feedback_rate=0.1),
)
