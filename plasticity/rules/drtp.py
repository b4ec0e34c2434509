"""Direct random target projection (DRTP): what is wanted, and no error, teaches the hidden layers.

Frenkel, Lefebvre and Bol 2021. In classification the sign of an output's error is known without the output: it is positive
for the class that is shown, and negative for all others. So a random projection B of the one-hot target stands for the
random projection of the error:

    dW = rate*told h_below^T      told = f'(h)*(B target) of a hidden unit, target - output of an output

A network with this wiring is `recircuit.models.networks.target_projection`, and one is in the gallery: `examples/drtp.py`.
"""

from ..rule import Rule

__all__ = ["drtp"]

drtp = Rule(
    "drtp",
    source="Frenkel, Lefebvre and Bol 2021",
    about="Random projections of the target teach the hidden layers, and no error: direct random target projection.",
    forward="dw = rate*told_post*x_pre",
    parameters=dict(rate=0.3),
)
