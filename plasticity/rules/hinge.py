"""The field-dependent Hebbian rule of the output layer: the gradient of the multi-class hinge loss.

Amit, Eq. 4, with learning threshold S (1 there): a unit's field is `basal`, and its `target` is 1
for the class that is presented and -1 for every other.

    dw = rate*x_pre        if target = 1 and basal <= S
    dw = -rate*mu*x_pre    if target = -1 and basal >= -S
    dw = 0                 otherwise

As printed, Eq. 4 is strict where Eq. 5 is not, and Eq. 5's second case reads h >= 1 where -1 is
meant; here, as in the text below Eq. 4, the thresholds themselves learn.
"""

from ..rule import Rule

__all__ = ["hinge"]

hinge = Rule(
    "hinge",
    source="Amit, Eq. 4",
    about="The gradient of the hinge loss by the weights of the output, as a Hebbian rule that depends on the field.",
    forward="""
        dw = rate*x_pre*(int(target_post > 0 and basal_post <= S)
                         - mu*int(target_post < 0 and basal_post >= -S))
    """,
    parameters=dict(rate=1.0, S=1.0, mu=0.1),
)
