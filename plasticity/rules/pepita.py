"""PEPITA: the error changes the signals of the stimulus units, and units learn from how that changes their rates.

The name is short for "present the error to perturb the input to modulate activity" (Dellaferrera and Kreiman 2022). In a
first pass the network answers; in a second pass a random projection F of its error is added to the input. With the rates h
of the first pass and h' of the second:

    dW = rate*moved h'_below^T    moved = h' - h for a hidden unit, target - output (of the first pass) for an output

`recircuit.models.networks.input_modulation` builds a network with both passes, and `examples/pepita.py` shows one.
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
