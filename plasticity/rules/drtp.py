"""Direct random target projection (DRTP): targets teach the hidden layers, without any error.

See Frenkel, Lefebvre and Bol 2021. In classification the sign of an output's error is known without the output: it is
positive for the class that is shown, and negative for all others. So a random projection B of the one-hot target replaces
the random projection of the error:

    dW = rate*told h_below^T      told = f'(h)*(B target) for a hidden unit, target - output for an output

`recircuit.models.networks.target_projection` builds such a network, and `examples/drtp.py` in the gallery shows one.
"""

from ..rule import Rule

__all__ = ["drtp"]

drtp = Rule(
    "drtp",
    source="Frenkel, Lefebvre and Bol 2021",
    about="Random projections of the target teach the hidden layers, without any error: direct random target projection.",
    forward="dw = rate*told_post*x_pre",
    parameters=dict(rate=0.3),
)
