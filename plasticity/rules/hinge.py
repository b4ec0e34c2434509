"""The field-dependent Hebbian rule of the output layer: the gradient of the multi-class hinge loss.

It is Eq. 4 of Amit, with the learning threshold S (1 there): a unit's field is `basal`, and its
`target` is 1 for the class that is presented and -1 for every other class.

    dw = rate*x_pre        if target = 1 and basal <= S
    dw = -rate*mu*x_pre    if target = -1 and basal >= -S
    dw = 0                 otherwise

As printed, Eq. 4 is strict where Eq. 5 is not, and the second case of Eq. 5 has h >= 1 in place of
h >= -1. Here, as in the text below Eq. 4, weights also change if the field is at a threshold.
"""

from ..rule import Rule

__all__ = ["hinge"]

hinge = Rule(
    "hinge",
    source="Amit, Eq. 4",
    about="The gradient of the hinge loss for the output weights, as a Hebbian rule that depends on the field.",
    forward="""
        dw = rate*x_pre*(int(target_post > 0 and basal_post <= S)
                         - mu*int(target_post < 0 and basal_post >= -S))
    """,
    parameters=dict(rate=1.0, S=1.0, mu=0.1),
)
