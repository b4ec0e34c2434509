"""ADAM, a control: backpropagation whose synapses keep moments of the gradient (Kingma and Ba 2015, Algorithm 1).

    g = mean over batch elements of error_post*x_pre        m = beta1*m + (1 - beta1)*g        v = beta2*v + (1 - beta2)*g^2
    dW = rate*(m/(1 - beta1^t)) / (sqrt(v/(1 - beta2^t)) + epsilon),  t = updates + 1

The moments belong to the synapse itself; the transpose through which errors come down is not local.
Lansdell, Prakash and Kording 2020, Fig. 3.
"""

from ..rule import Rule
from ..transpose import Transpose

__all__ = ["adam"]

adam = Rule(
    "adam",
    source="Kingma and Ba 2015, Algorithm 1, with feedback by W^T",
    about="Backpropagation whose synapses keep moments of the gradient (ADAM), a control.",
    forward="""
        g = error_post*x_pre
        m = beta1*m + (1 - beta1)*g
        v = beta2*v + (1 - beta2)*g**2
        dw = rate*m/(1 - beta1**(updates + 1))/(sqrt(v/(1 - beta2**(updates + 1))) + epsilon)
    """,
    parameters=dict(rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8),
    state=("m", "v"),
    feedback=Transpose(),
    local=False,
)
