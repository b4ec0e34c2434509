"""PEPITA: the error changes what the stimulus units send, and units learn from how that changes them.

Dellaferrera and Kreiman 2022: present the error to perturb the input to modulate activity. In a first pass the network
answers; in a second one a random projection F of its error is added to the input. With the rates h of the first pass and
h' of the second:

    dW = rate*moved h'_below^T    moved = h' - h of a hidden unit, target - output (of the first pass) of an output

A network with both passes is `recircuit.models.networks.input_modulation`, and one is in the gallery: `examples/pepita.py`.
"""

from ..rule import Rule

__all__ = ["pepita"]

pepita = Rule(
    "pepita",
    source="Dellaferrera and Kreiman 2022",
    about="The error is added to the input of a second pass, and units learn from how it changes their rates: PEPITA.",
    forward="dw = rate*moved_post*x_pre",
    parameters=dict(rate=1.0),
)
