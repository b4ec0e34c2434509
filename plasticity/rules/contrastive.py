"""Hebbian learning in two phases: the activity of two units with a teacher, minus their activity without one.

`x` is the rate when the weights change, at the end of the phase in which a teacher holds or nudges the outputs. `free` is the
rate at the end of the phase without a teacher, which a unit keeps in a latch.

    contrastive Hebbian:  dw = rate*(x_post*x_pre - free_post*free_pre)           both ways
    GeneRec:              dw = rate*(x_post - free_post)*free_pre                 both ways
    biases of either:     dw = rate*(x_post - free_post)                          from a unit that always fires at 1

Movellan (1991) derives the first as the gradient of a contrast of energies, for symmetric weights; Xie and Seung (2003) show
that it follows the gradient of the error if feedback is weak. O'Reilly (1996) derives the second from recirculation: it is a
two-phase estimate of the error of the post unit, times the signal of the pre unit. With a midpoint step, the mean of the
second and its transpose is the first. `two_phase_unit` and `taught_output` are units that settle twice; `examples/generec.py`
has a circuit of them.
"""

from ..rule import Rule

__all__ = ["contrastive_bias", "contrastive_hebbian", "generec"]

CONTRAST = "dw = rate*(x_post*x_pre - free_post*free_pre)"
RECIRCULATED = "dw = rate*(x_post - free_post)*free_pre"

contrastive_hebbian = Rule(
    "contrastive_hebbian",
    source="Movellan 1991; Xie and Seung 2003",
    about="Hebbian learning with a teacher, minus Hebbian learning without one: contrastive Hebbian learning.",
    forward=CONTRAST,
    feedback=CONTRAST,
    parameters=dict(rate=0.1),
)

generec = Rule(
    "generec",
    source="O'Reilly 1996, generalized recirculation",
    about="The change of the post unit by a teacher, times the rate of the pre unit without a teacher: GeneRec.",
    forward=RECIRCULATED,
    feedback=RECIRCULATED,
    parameters=dict(rate=0.1),
)

contrastive_bias = Rule(
    "contrastive_bias",
    source="Movellan 1991; O'Reilly 1996",
    about="The change of the post unit by a teacher: the bias in contrastive Hebbian learning and in GeneRec.",
    forward="dw = rate*(x_post - free_post)",
    parameters=dict(rate=0.1),
)
